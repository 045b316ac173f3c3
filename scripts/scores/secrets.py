"""secrets: test vectors of other scanners, labelled lines of real code, and quiet text."""
import collections

from .common import Tally, check, check_tree, percent, rows


class Kinds:
    """Which of our rules are of the kind of another scanner's rule: those that find its positives.

    A negative belongs to its rule only: another rule may rightly find something in it. So a finding
    counts against a negative where at least a tenth of the positives of the negative's rule are
    found by the same rule of ours; of a rule without positives every finding counts.
    """

    def __init__(self):
        self.found, self.positives = collections.defaultdict(collections.Counter), collections.Counter()

    @staticmethod
    def base(rule):
        """Variants of one rule are written name.1, name.2."""
        return rule.rpartition(".")[0] if rule.rpartition(".")[2].isdigit() else rule

    def learn(self, rule, ours):
        self.positives[self.base(rule)] += 1
        self.found[self.base(rule)].update(ours)

    def same(self, rule, ours):
        rule = self.base(rule)
        if not self.positives[rule]:
            return set(ours)
        return {r for r in ours if 10 * self.found[rule][r] >= self.positives[rule]}


def vectors(options):
    data = [r for r in rows("secrets/vectors.jsonl") if not r["contradicted"]]
    found, _, ms = check(options.build, ["secrets"], {f"{i}.txt": r["text"] for i, r in enumerate(data)})
    ours = [{f["rule"] for f in found[f"{i}.txt"]} for i in range(len(data))]
    tally = Tally("secrets, vectors of other scanners")
    alone = Tally("    negatives that no scanner flags")
    any_rule = Tally("    the same, any rule of ours counted")
    two = Tally("    of those that two peers find")
    by_source, by_rule = {}, collections.defaultdict(collections.Counter)
    kinds = Kinds()
    for r, got in zip(data, ours):
        if r["label"] == "positive":
            kinds.learn(r["rule"], got)
    for r, got in zip(data, ours):
        wanted, note = r["label"] == "positive", (r["rule"], sorted(got), repr(r["text"][:150]))
        if wanted and len(r["peers_flagging"]) >= 2:
            two.add(True, got, note)
        counted = got if wanted else kinds.same(r["rule"], got)
        tally.add(wanted, counted, note)
        by_source.setdefault(r["source"], Tally(f"    from {r['source']}")).add(wanted, counted, note)
        if not wanted and not r["peers_flagging"]:
            alone.add(False, counted, note)
            any_rule.add(False, got, note)
        if wanted:
            by_rule[r["rule"]][bool(got)] += 1
    tally.show(options.misses)
    alone.show(options.misses)
    any_rule.show(options.misses)
    two.show(options.misses)
    for _, one in sorted(by_source.items()):
        one.show()
    missed = collections.Counter({k: n[False] for k, n in by_rule.items() if n[False]})
    print("    most missed:", ", ".join(f"{k} {n}" for k, n in missed.most_common(12)))
    print(f"    kinds found at least once: {percent(sum(n[True] > 0 for n in by_rule.values()), len(by_rule))},"
          f" always: {sum(not n[False] for n in by_rule.values())}; {ms:.0f} ms")
    return {"recall": tally.recall(), "flagged": tally.flagged(), "alone": alone.flagged(), "any": any_rule.flagged(),
            "two": two.recall()}


def code(options):
    data = rows("secrets/real-code.jsonl")
    # A number in front keeps files apart that have the same name.
    found, _, ms = check(options.build, ["secrets"],
                         {f"{i}/{r['file']}": r["text"] for i, r in enumerate(data)})
    tally, others = Tally("secrets, real code"), Tally("    without UUIDs")
    by_repo, by_category = {}, {}
    for i, r in enumerate(data):
        hits = [f for f in found[f"{i}/{r['file']}"]
                if f["line"] <= r["end_line"] and f["end_line"] >= r["line"]]
        note = (r["category"], sorted({f["rule"] for f in hits}),
                r["text"].split("\n")[r["line"] - 1].strip()[:150])
        wanted, category = r["label"] == "positive", r["category"].split(":")[0]
        tally.add(wanted, hits, note)
        if r["category"] != "UUID":
            others.add(wanted, hits, note)
        by_repo.setdefault(r["repo"], Tally(f"    repository {r['repo']}")).add(wanted, hits, note)
        by_category.setdefault(category, Tally(f"    {category}")).add(wanted, hits, note)
    tally.show(0, True)
    others.show(options.misses, True)
    for _, one in sorted(by_category.items(), key=lambda item: -item[1].wanted - item[1].unwanted / 100):
        one.show(0, True)
    for _, one in sorted(by_repo.items()):
        one.show(0, True)
    print(f"    {ms:.0f} ms")
    return {"f1": tally.f1(), "by_repo": {repo: one.n for repo, one in by_repo.items()}}


def quiet(options):
    """Trees without secrets: files in which something is found that is at least medium, or anything."""
    for folder in options.quiet:
        found, output, ms = check_tree(options.build, ["secrets"], folder)
        files = output["summary"]["files_scanned"]
        loud = [p for p, list_ in found.items()
                if any(f["severity"] in ("medium", "high", "critical") for f in list_)]
        print(f"secrets, quiet text in {folder}: medium or above in {percent(len(loud), files)} files,"
              f" anything in {percent(len(found), files)}; {ms:.0f} ms")
        rules = collections.Counter(f["rule"] for list_ in found.values() for f in list_)
        print("    most told:", ", ".join(f"{rule} {n}" for rule, n in rules.most_common(8)))
        for path in loud[::max(1, len(loud) // options.misses)] if options.misses else []:
            f = found[path][0]
            print("       ", f["rule"], f"{path}:{f['line']}", f["excerpt"].strip()[:150])


def score(options):
    figures = {"vectors": vectors(options), "code": code(options)}
    quiet(options)
    return figures
