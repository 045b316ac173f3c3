"""licenses: texts and headers, against the SPDX identifiers that they are labelled with."""
import collections

from .common import check, rows


def score(options):
    data = rows("licenses/dev.jsonl")
    names = [f"{i}/{r['name'].split('__')[-1]}" for i, r in enumerate(data)]
    _, output, ms = check(options.build, ["licenses"], {n: r["text"] for n, r in zip(names, data)})
    got = collections.defaultdict(set)
    for entry in output["licenses"]:
        got[entry["path"]] |= set(entry["ids"])
    right, total, kinds = collections.Counter(), collections.Counter(), collections.Counter()
    extra, said, misses = 0, 0, []
    for name, r in zip(names, data):
        wanted = set(r["expected"])
        good = wanted == got[name]
        for counter in (total,) + ((right,) if good else ()):
            counter[r["source"]] += 1
            counter["all"] += 1
        kinds[r["kind"], good] += 1
        extra += len(got[name] - wanted)
        said += len(got[name])
        if not good:
            misses.append((r["source"], r["name"], sorted(wanted), sorted(got[name])))
    print(f"licences, exactly the identifiers wanted: {right['all']}/{total['all']} "
          f"({100 * right['all'] / total['all']:.1f} %), wrong extra {extra}/{said} "
          f"({100 * extra / max(1, said):.1f} %); {ms:.0f} ms")
    for source in sorted(set(total) - {"all"}):
        print(f"    from {source}: {right[source]}/{total[source]}")
    for miss in misses[:options.misses]:
        print("   ", *miss)
