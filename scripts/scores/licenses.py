"""licenses: texts and headers, against the SPDX identifiers that they are labelled with."""
import collections
import json

from .common import ROOT, Tally, check, rows


def plain(name):
    return name.removesuffix("-only").removesuffix("-or-later")


def score(options):
    data = rows("licenses/dev.jsonl")
    known = {one["id"] for one in json.loads(
        (ROOT / "plugins/compliance-checker/rules/licenses.json").read_text())["licenses"]}
    _, output, _ = check(options.build, ["licenses"],
                         {f"{i}/LICENSE": r["text"] for i, r in enumerate(data)})
    got = collections.defaultdict(set)
    for entry in output["licenses"]:
        got[entry["path"]] |= {plain(name) for name in entry["ids"]}
    sets = {"licences that the index has": Tally("licences in the index: exact answer"),
            "others": Tally("licences not in the index: nothing said")}
    for i, r in enumerate(data):
        wanted, said = {plain(name) for name in r["expected"]}, got[f"{i}/LICENSE"]
        note = (r["name"], sorted(wanted), sorted(said))
        if wanted and wanted <= {plain(name) for name in known}:
            sets["licences that the index has"].add(True, wanted == said, note)
        else:
            sets["others"].add(False, bool(said), note)
    for tally in sets.values():
        tally.show(options.misses)
