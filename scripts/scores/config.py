"""config: files of servers and containers, against the rule that each sample is for."""
from .common import Tally, check, rows

# A finding names the rules of other checkers that say the same, as tags.
PEER = {"nginx": "gixy", "dockerfile": "hadolint"}


def score(options):
    data = [r for r in rows("config/dev.jsonl") if r["kind"] in PEER]
    name = {"nginx": "nginx.conf", "dockerfile": "Dockerfile"}
    found, _, _ = check(options.build, ["headers", "config", "env"],
                        {f"{i}/{name[r['kind']]}": r["text"] for i, r in enumerate(data)})
    for kind in name:
        tally = Tally(f"configuration, {kind}")
        for i, r in enumerate(data):
            if r["kind"] == kind:
                got = any(f"{PEER[kind]}:{r['rule']}" in f["tags"]
                          for f in found[f"{i}/{name[kind]}"])
                tally.add(r["label"] == "positive", got, (r["rule"], r["text"][:300]))
        tally.show(options.misses)
