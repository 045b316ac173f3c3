"""What the parts of scripts/score share: the data, a run of the agent, and counting."""
import collections
import json
import os
import pathlib
import subprocess
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
AGENT = "plugins/compliance-checker/compliance-checker.so"


def shared():
    """The folder of the labelled data, or None."""
    for path in (os.environ.get("LINHAY_SHARED"), ROOT / "../shared", ROOT / "../../shared"):
        if path and (pathlib.Path(path) / "data").is_dir():
            return pathlib.Path(path) / "data"
    return None


def rows(name):
    data = shared()
    if not data:
        raise SystemExit("the labelled data is not here: set LINHAY_SHARED")
    with open(data / name, encoding="utf-8") as f:
        return [json.loads(line) for line in f]


def check_tree(build, controls, tree):
    """Findings by path, the output, and milliseconds, for a folder."""
    run = subprocess.run(
        [build / "tests/agent-run", AGENT, "check", json.dumps({"controls": controls}), tree],
        env=dict(os.environ, LINHAY_BUILDDIR=str(build)), capture_output=True, check=False)
    if not run.stdout:
        raise SystemExit(run.stderr.decode())
    result = json.loads(run.stdout)
    if result.get("error"):
        raise SystemExit(result["error"])
    found = collections.defaultdict(list)
    for finding in result["findings"]:
        found[finding["path"]].append(finding)
    return found, result["output"], result["ms"]


def check(build, controls, files):
    """The same for a tree made of {name: text}."""
    with tempfile.TemporaryDirectory() as tree:
        for name, text in files.items():
            path = pathlib.Path(tree) / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(text.encode("utf-8", "surrogatepass"))
        return check_tree(build, controls, tree)


def percent(n, of):
    return f"{n}/{of} ({100 * n / max(1, of):.1f} %)"


class Tally:
    """Counts what was found of what was wanted, and keeps what was not right."""

    def __init__(self, title):
        self.title, self.n, self.misses = title, collections.Counter(), []

    def add(self, wanted, got, note):
        wanted, got = bool(wanted), bool(got)
        self.n[wanted, got] += 1
        if wanted != got:
            self.misses.append(("missed" if wanted else "false ", *note))

    @property
    def wanted(self):
        return self.n[True, True] + self.n[True, False]

    @property
    def unwanted(self):
        return self.n[False, True] + self.n[False, False]

    def recall(self):
        return self.n[True, True] / max(1, self.wanted)

    def flagged(self):
        return self.n[False, True] / max(1, self.unwanted)

    def f1(self):
        tp = self.n[True, True]
        return 2 * tp / max(1, 2 * tp + self.n[True, False] + self.n[False, True])

    def show(self, misses=0, f1=False):
        parts = []
        if self.wanted:
            parts.append("found " + percent(self.n[True, True], self.wanted))
        if self.unwanted:
            parts.append("false alarms " + percent(self.n[False, True], self.unwanted))
        if f1:
            parts.append(f"F1 {self.f1():.3f}")
        print(f"{self.title}: {', '.join(parts) or 'nothing to measure'}")
        for miss in self.misses[::max(1, len(self.misses) // misses)] if misses else []:
            print("       ", *miss)
