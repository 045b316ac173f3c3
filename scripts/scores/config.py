"""config: files of servers and containers, against the rule that each sample is for."""
import json

from .common import ROOT, Tally, check, rows

# A finding names the rules of other checkers that say the same, as tags.
PEERS = {"nginx": ["gixy"], "dockerfile": ["hadolint"], "kubernetes": ["checkov", "kube-linter"]}
FILE = {"nginx": "nginx.conf", "dockerfile": "Dockerfile", "kubernetes": "a.yaml"}

# Our own cases, one for each way in which a rule can be right or wrong: for which there are no others.
OWN = {"kube": "a.yaml", "actions": ".github/workflows/a.yml", "systemd": "a.service"}


def others(options):
    data = [r for r in rows("config/dev.jsonl") if r["kind"] in PEERS]
    found, _, _ = check(options.build, ["headers", "config", "env"],
                        {f"{i}/{FILE[r['kind']]}": r["text"] for i, r in enumerate(data)})
    for kind, peers in PEERS.items():
        tally = Tally(f"configuration, {kind}")
        for i, r in enumerate(data):
            if r["kind"] == kind:
                wanted = {f"{peer}:{r['rule']}" for peer in peers}
                got = any(wanted & set(f["tags"]) for f in found[f"{i}/{FILE[kind]}"])
                tally.add(r["label"] == "positive", got, (r["rule"], r["text"][:300]))
        if tally.n:
            tally.show(options.misses)


def text_of(case, bases):
    """A case has its text, or says what to put where in a base."""
    if "text" in case:
        return case["text"]
    base, at = bases[case["base"]], case["at"]
    return base[:at] + case["put"] + base[at + case["cut"]:]


def own(options):
    for name, file in OWN.items():
        with open(ROOT / f"tests/unit/cases/{name}.jsonl", encoding="utf-8") as f:
            cases = [json.loads(line) for line in f]
        bases = {c["base"]: c["text"] for c in cases if "rule" not in c}
        cases = [c for c in cases if "rule" in c]
        path = [f"{i}/{c.get('path', file)}" for i, c in enumerate(cases)]
        found, _, _ = check(options.build, ["config"],
                            {p: text_of(c, bases) for p, c in zip(path, cases)})
        tally = Tally(f"configuration, own cases, {name}: {len({c['rule'] for c in cases})} rules")
        for p, c in zip(path, cases):
            tally.add(c["label"] == "positive", any(f["rule"] == c["rule"] for f in found[p]),
                      (c["rule"], c["why"]))
        tally.show(options.misses)


def score(options):
    others(options)
    own(options)
