"""What the end-to-end tests share: TAP output, running the built linhay, trees to work on.

A test is a function whose name begins with `test_`; its docstring is its line in the output. main() runs
them in the order in which they are written, each in an empty folder of its own with its own state folder.
"""
import hashlib
import json
import os
import pty
import select
import shutil
import stat
import subprocess
import sys
import tempfile
import time
import traceback

BUILD = os.path.abspath(os.environ.get("LINHAY_BUILDDIR", "build"))
SOURCE = os.path.abspath(os.environ.get("LINHAY_SRCDIR", "."))
LINHAY = os.path.join(BUILD, "linhay")


class Result:
    def __init__(self, done):
        self.exit = done.returncode
        self.out = done.stdout
        self.err = done.stderr.decode("utf-8", "replace")

    @property
    def text(self):
        return self.out.decode("utf-8")

    @property
    def json(self):
        """The one JSON value on stdout: anything beside it is a failure."""
        return json.loads(self.text)

    @property
    def lines(self):
        return [json.loads(line) for line in self.text.splitlines()]


def environment(**more):
    env = {"PATH": os.environ["PATH"], "HOME": os.path.join(os.getcwd(), "home"), "LANG": "C.UTF-8",
           "XDG_STATE_HOME": os.path.join(os.getcwd(), "state")}
    for name in ("ASAN_OPTIONS", "UBSAN_OPTIONS", "LINHAY_AGENT_PATH"):
        if name in os.environ:
            env[name] = os.environ[name]
    env.update(more)
    return env


def linhay(*args, cwd=None, stdin=None, timeout=120, **env):
    return Result(subprocess.run([LINHAY, *args], cwd=cwd, input=stdin, capture_output=True, timeout=timeout,
                                 env=environment(**env), check=False,
                                 **({} if stdin is not None else {"stdin": subprocess.DEVNULL})))


def start(*args, **more):
    return subprocess.Popen([LINHAY, *args], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                            stderr=subprocess.PIPE, env=environment(), **more)


def at_terminal(answer, *args):
    """linhay at a terminal, its first question answered; its exit status and all that it wrote."""
    ours, theirs = pty.openpty()
    with subprocess.Popen([LINHAY, *args], stdin=theirs, stdout=theirs, stderr=theirs,
                          env=environment(PAGER="", TERM="dumb")) as process:
        os.close(theirs)
        out, deadline, answered = b"", time.monotonic() + 60, False
        while time.monotonic() < deadline:
            ready, _, _ = select.select([ours], [], [], 1)
            try:
                out += os.read(ours, 65536) if ready else b""
            except OSError:
                break
            if b"[l]ater: " in out and not answered:
                os.write(ours, answer)
                answered = True
        process.wait(timeout=30)
    os.close(ours)
    return process.returncode, out


def write(path, content, mode=0o644):
    os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
    with open(path, "wb") as f:
        f.write(content if isinstance(content, bytes) else content.encode())
    os.chmod(path, mode)


def snapshot(tree):
    """Every path below with its kind, mode and content: what must be the same byte for byte."""
    seen = {}
    for folder, names, files in os.walk(tree):
        for name in names + files:
            path = os.path.join(folder, name)
            st = os.lstat(path)
            what = ""
            if stat.S_ISLNK(st.st_mode):
                what = os.readlink(path)
            elif stat.S_ISREG(st.st_mode):
                with open(path, "rb") as f:
                    what = hashlib.sha256(f.read()).hexdigest()
            seen[os.path.relpath(path, tree)] = (st.st_mode, what)
    return seen


def same(got, want, what=""):
    if got != want:
        raise AssertionError(f"{what}: got {got!r}, want {want!r}")


def holds(claim, what):
    if not claim:
        raise AssertionError(what)


def has_keys(value, keys, what):
    missing = [k for k in keys if k not in value]
    if missing:
        raise AssertionError(f"{what} has no {', '.join(missing)}: {value!r:.300}")


def shared(*parts):
    """A file of the labelled data, or None where the data is not at hand."""
    for base in (os.environ.get("LINHAY_SHARED"), os.path.join(SOURCE, "..", "shared")):
        if base and os.path.exists(os.path.join(base, *parts)):
            return os.path.join(base, *parts)
    return None


class Skip(Exception):
    """Raised by a test that cannot run here; the text says why."""


def run_one(number, test):
    line = (test.__doc__ or test.__name__).strip().splitlines()[0]
    home = os.getcwd()
    folder = tempfile.mkdtemp(prefix="linhay-e2e-")
    try:
        os.chdir(folder)
        test()
        print(f"ok {number} - {line}", flush=True)
        return True
    except Skip as why:
        print(f"ok {number} - {line} # SKIP {why}", flush=True)
        return True
    except Exception as why:  # pylint: disable=broad-except
        for row in (str(why) + "\n" + traceback.format_exc(limit=-3)).splitlines():
            print(f"# {row}")
        print(f"not ok {number} - {line}", flush=True)
        return False
    finally:
        os.chdir(home)
        subprocess.run(["chmod", "-R", "u+rwx", folder], check=False, capture_output=True)
        shutil.rmtree(folder, ignore_errors=True)


def main(names):
    tests = [v for k, v in names.items() if k.startswith("test_") and callable(v)]
    wanted = sys.argv[1:]
    if wanted:
        tests = [t for t in tests if t.__name__ in wanted]
    print(f"1..{len(tests)}")
    bad = sum(not run_one(i, t) for i, t in enumerate(tests, 1))
    sys.exit(1 if bad or not tests else 0)
