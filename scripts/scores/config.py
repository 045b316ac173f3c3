"""config: files of servers and containers, against the rule that each sample is for."""
from .common import Tally, check, rows

# Which of our rules says the same as a rule of the checker that the sample comes from.
SAME_RULE = {
    "add_header_multiline": "headers/multiline",
    "add_header_redefinition": "headers/lost-inheritance",
    "alias_traversal": "headers/alias-traversal",
    "host_spoofing": "headers/host-spoofing",
    "http_splitting": "headers/response-splitting",
    "origins": "headers/weak-origin-check",
    "ssrf": "headers/request-forgery",
    "valid_referers": "headers/referer-none",
    "DL3004": "config/sudo",
    "DL3006": "config/no-tag",
    "DL3007": "config/latest-tag",
    "DL3011": "config/bad-port",
    "DL3020": "config/add-local",
}


def score(options):
    data = [r for r in rows("config/dev.jsonl") if r["rule"] in SAME_RULE]
    name = {"nginx": "nginx.conf", "dockerfile": "Dockerfile"}
    found, _, _ = check(options.build, ["headers", "config"],
                        {f"{i}/{name[r['kind']]}": r["text"] for i, r in enumerate(data)})
    for kind in name:
        tally = Tally(f"configuration, {kind}")
        for i, r in enumerate(data):
            if r["kind"] == kind:
                got = any(f["rule"] == SAME_RULE[r["rule"]] for f in found[f"{i}/{name[kind]}"])
                tally.add(r["label"] == "positive", got, (r["rule"], r["text"][:300]))
        tally.show(options.misses)
