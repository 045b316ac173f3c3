"""What the kill tests share: a workflow, one run of it that dies again and again, and what must hold afterwards."""
import collections
import json
import os
import random
import signal
import subprocess
import time

import harness
from harness import BUILD, holds, linhay, same, write

FILES = 24
PATIENCE = 120  # seconds that an undisturbed run may take
TELL = 50  # kills; a campaign that is stopped has told what it had found
SELDOM = ("blobs", "apply", "intent", "decision", "end")  # points that a run passes a few times, all others dozens of times
RESULTS = ("done", "failed", "skipped", "cancelled")

# A cell that is killed from outside has the verdict `signal`, and no other.
ON = 'on = ( "failed", "timeout", "signal" );'

# Retries, fan-out, changes that need a person (--yes stands for one) and one by policy, what comes behind, and a step that
# after a crash may run again only if somebody says so. Every step outlives a cell that was killed. What is tried again
# waits for nothing but its luck: any step may come to wait for a person, when it was killed often enough, and who asks
# for its work again and again would be out of tries before that person comes.
FLOW = """
name = "kill";
steps = (
  { id = "list"; agent = "tester"; action = "echo"; inputs: { value = ( 0, 1, 2, 3, 4, 5 ); }; %(again)s },
  { id = "each"; agent = "tester"; action = "sleep"; needs = [ "list" ]; for_each = "${steps.list.output}";
    max_parallel = 3; inputs: { ms = 8; value = "${item}"; }; %(again)s },
  { id = "flag"; agent = "tester"; action = "edit-auto"; inputs: { path = "flag"; ms = 30; }; %(again)s },
  { id = "until"; agent = "tester"; action = "chance";
    retry: { attempts = 100; backoff = "20ms"; cap = "80ms"; %(on)s }; },
  { id = "once"; agent = "tester"; action = "sleep"; on_crash = "hold"; inputs: { ms = 60; }; %(again)s },
  { id = "first"; agent = "tester"; action = "edit"; needs = [ "each", "flag" ];
    inputs: { path = "file"; text = "first\\n"; copies = %(files)d; }; %(again)s },
  { id = "second"; agent = "tester"; action = "edit"; needs = [ "first", "until" ];
    inputs: { path = "file"; text = "second\\n"; copies = %(files)d; }; %(again)s },
  { id = "last"; agent = "tester"; action = "read"; needs = [ "second" ]; inputs: { path = "file"; }; %(again)s }
);
""" % {"files": FILES, "again": f'retry: {{ attempts = 9; backoff = "5ms"; cap = "5ms"; {ON} }};', "on": ON}


class Strike:
    """When and where to kill: after `delay` seconds from the start or from the output `mark`, or at a point of linhay-crash-test."""

    def __init__(self, delay=PATIENCE, mark=None, point=None):
        self.delay, self.mark, self.point = delay, mark, point

    def name(self):
        return self.point.split(":")[0] if self.point else "at random"

    def command(self):
        return os.path.join(BUILD, "linhay-crash-test" if self.point else "linhay")

    def environment(self):
        return harness.environment(**({"LINHAY_CRASH": self.point} if self.point else {}))


class Campaign:
    def __init__(self, seed):
        self.seed = seed or random.SystemRandom().randrange(1, 1 << 31)
        self.random = random.Random(self.seed)
        self.kills = self.early = self.troubles = self.resumes = self.lost = self.half = self.twice = self.again = 0
        self.slowest_ms = self.allowed = self.unasked = self.stuck = self.told = 0
        self.struck = collections.Counter()
        self.asked = collections.Counter()  # for steps that were lost in the middle
        os.environ["LINHAY_AGENT_PATH"] = os.path.join(BUILD, "tests/e2e/agents")
        self.whole = self.measure()
        print(f"# seed {self.seed}; an undisturbed run takes {1000 * self.whole:.0f} ms", flush=True)

    def measure(self):
        new_tree()
        began = time.monotonic()
        _, status = self.carry(Strike(), "flow.flow", "--workspace", "tree")
        same(status, 0, errors())
        same(contents(), {"second\n"}, "the tree after an undisturbed run")
        holds(names_are_right(), f"leftovers in {sorted(os.listdir('tree'))}")
        self.slowest_ms = 0
        return time.monotonic() - began

    def carry(self, strike, *args):
        """Starts linhay, kills it then: the run that was told, and how it ended."""
        with open("out", "wb") as out, open("errors", "ab") as log:
            child = subprocess.Popen([strike.command(), "run", *args, "--json", "--yes", "--store", "store"],
                                     stdin=subprocess.DEVNULL, stdout=out, stderr=log, env=strike.environment())
            try:
                if strike.mark:
                    wait_for(child, strike.mark, time.monotonic() + 60)
                elif strike.delay == PATIENCE:
                    began = time.monotonic()
                    wait_for(child, b'"event":"', began + 60)
                    self.slowest_ms = max(self.slowest_ms, int(1000 * (time.monotonic() - began)))
                child.wait(timeout=strike.delay)
            except subprocess.TimeoutExpired:
                if strike.delay == PATIENCE and not ends_late(child):
                    self.stuck += 1
                    tell_stuck(child, strike)
                child.send_signal(signal.SIGKILL)
            status = child.wait()
        self.struck[strike.name()] += status == -signal.SIGKILL
        with open("out", encoding="utf-8") as out:
            events = [json.loads(line) for line in out.read().splitlines() if line.endswith("}")]
        return next((e["run"] for e in events if e["event"] == "run"), None), status

    def check(self, before, run):
        """The run is there; what had ended stays as it was; nothing has two results; the tree is whole."""
        document = show(run)
        if document is None:
            self.lost += 1
            return None
        self.twice += sum(results_of(s) > 1 for s in document["steps"])
        if before:
            now = attempts_of(document)
            self.again += sum(now.get(k) != n for k, n in attempts_of(before).items())
        if document["state"] == "succeeded" and (contents() != {"second\n"} or not names_are_right()):
            self.half += 1
        once = next(s for s in document["steps"] if s["id"] == "once")
        lost = sum(may_have_acted(a) for a in once["attempts"][:-1])
        self.unasked += lost > self.allowed
        return document

    def allow(self, document):
        """Lets what was lost in the middle run again, as a person would."""
        asked = [s for s in document["steps"] if s["state"] == "held" and (s["approval"] or {}).get("state") == "open"]
        holds(asked, f"it waits for a person, and nothing is asked: {errors()[-2000:]}")
        for step in asked:
            item = "" if step.get("item") is None else f"/{step['item']}"
            done = linhay("approve", f"{document['run']}/{step['id']}{item}", "--store", "store")
            same(done.exit, 0, done.err)
            self.allowed += step["id"] == "once"
            self.asked[step["id"]] += 1

    def one(self, next_strike):
        """One run from its start to its end; `next_strike()` says when it dies next."""
        new_tree()
        self.allowed = 0
        run, status = self.carry(next_strike(), "flow.flow", "--workspace", "tree")
        self.kills += status == -signal.SIGKILL
        self.troubles += status == 5
        if run is None:
            self.early += 1
            return
        document = self.check(None, run)
        while document and document["state"] not in ("succeeded", "failed", "cancelled"):
            if status == 3:
                self.allow(document)
            _, status = self.carry(next_strike(), "--resume", run)
            self.kills += status == -signal.SIGKILL
            self.troubles += status == 5
            self.resumes += 1
            document = self.check(document, run)
            holds(status in (0, 3, 5, -signal.SIGKILL), f"seed {self.seed}: resume ended with {status}: {reasons(document)} "
                  f"{errors()[-2000:]}")
        same(document and document["state"], "succeeded", f"seed {self.seed}: {reasons(document)} {errors()[-2000:]}")

        if self.kills - self.told >= TELL:
            self.tell()

    def tell(self):
        self.told = self.kills
        print(f"# {self.kills} kills ({self.early} before the run was accepted), {self.troubles} ends in trouble, {self.resumes} "
              f"resumes, at most {self.slowest_ms} ms from start to first event: {self.lost} runs lost, {self.twice} steps with "
              f"two results, {self.again} results run again, {self.half} half-applied changesets, {self.unasked} steps run again "
              f"unasked, {self.stuck} stuck", flush=True)
        same((self.lost, self.twice, self.again, self.half, self.unasked, self.stuck), (0,) * 6,
             f"seed {self.seed}: lost, twice, again, half, unasked, stuck")


def points():
    """Their names, in the order of tests/e2e/crash-points.c."""
    done = subprocess.run([os.path.join(BUILD, "linhay-crash-test")], env={**os.environ, "LINHAY_CRASH": "list"},
                          stdout=subprocess.PIPE, check=True, text=True)
    return done.stdout.split()


def strike_at(c, name, who):
    most = 3 if name.split("-", 1)[1] in SELDOM else 30
    return Strike(point=f"{name}:{c.random.randint(1, most)}:{who}")


def moment(c):
    """Anywhere, or just when a change is approved, since it is applied in the blink that follows."""
    if c.random.random() < 0.5:
        return Strike(c.random.uniform(0, c.whole))
    return Strike(c.random.uniform(0, 0.03), b'"state":"approved"')


def ends_late(child):
    """A machine can stand still for longer than any patience. What is stuck is so when it goes on, too."""
    try:
        child.wait(timeout=PATIENCE / 4)
        return True
    except subprocess.TimeoutExpired:
        return False


def tell_stuck(child, strike):
    """All that can be seen of a program that does not end."""
    with open("out", encoding="utf-8") as out:
        lines = out.read().splitlines()[-12:]
    print(f"# stuck after the strike {strike.point}, of which was told at last:", *lines, sep="\n#   ")
    run = next((json.loads(line)["run"] for line in lines if line.endswith("}")), None)
    print(f"# open: {reasons(show(run)) if run else '?'}; {errors()[-1000:]!r}")
    for task in sorted(os.listdir(f"/proc/{child.pid}/task")):
        with open(f"/proc/{child.pid}/task/{task}/syscall", encoding="ascii") as call:
            print(f"# thread {task}: {call.read().strip()}")
    print(subprocess.run(["ps", "-o", "pid,ppid,stat,wchan:20,args", "--forest", "-g", str(os.getsid(0))], stdout=subprocess.PIPE,
                         check=False, text=True).stdout.replace("\n", "\n# "), flush=True)


def new_tree():
    subprocess.run(["rm", "-rf", "tree", "store", "errors"], check=True)
    for i in range(FILES):
        write(f"tree/file.{i}", "before\n")
    write("tree/file", "before\n")
    write("flow.flow", FLOW)


def errors():
    with open("errors", encoding="utf-8") as f:
        return f.read()


def contents():
    return {open(f"tree/{name}", encoding="utf-8").read() for name in os.listdir("tree") if name.startswith("file")}


def names_are_right():
    """No hidden sibling, no half-made file: exactly the names that belong there."""
    want = {"file"} | {f"file.{i}" for i in range(FILES)}
    return set(os.listdir("tree")) - {"flag"} == want


def show(run):
    done = linhay("show", run, "--json", "--store", "store")
    return done.json if done.exit == 0 else None


def reasons(document):
    return [(s["id"], s.get("item"), s["state"], s["verdict"], s["reason"]) for s in (document or {"steps": ()})["steps"]
            if s["state"] != "done"]


def attempts_of(document):
    return {(s["id"], s.get("item")): len(s["attempts"]) for s in document["steps"] if s["state"] in RESULTS}


def may_have_acted(attempt):
    """Its end is not known, and its cell ran. Of one that was never told to go on there is no usage."""
    return attempt["verdict"] is None and (attempt["error"]["code"] == "host-crash" or attempt["usage"] is not None)


def results_of(step):
    return sum(1 for a in step["attempts"] if a["verdict"] == "ok")


def wait_for(child, mark, deadline):
    """Until the line is printed, the program has ended or the time is up."""
    while child.poll() is None and time.monotonic() < deadline:
        with open("out", "rb") as out:
            if mark in out.read():
                return
        time.sleep(0.001)
