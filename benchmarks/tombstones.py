"""What removed services cost later plans: their items stay, marked as deleted, and are read with the others.

    python -m benchmarks.tombstones [--objects N] [--removed N] [--rounds N] [--check]

A plan is all of it: every file parsed, validated and checked with all rules, the tables observed, the config scope planned. It is made
in turns with the tombstones of so many services in the tables and without, and each figure is CPU time; rounds go on until they agree.
That the ledger is asked about none of them, as it once was, is a condition: it answers nothing here.
"""

import argparse
import sys
import time
from collections.abc import Iterator

from benchmarks.corpus import generate
from benchmarks.corpus_documents import HEAD
from benchmarks.in_memory_target import applied
from benchmarks.load import KINDS, NOW, seconds
from benchmarks.turns import agreement, measured
from controller.engine.config.compute_plan import PlanRules, plan_config
from controller.engine.config.observe import ObservedConfig
from controller.engine.desired.load_revision import RevisionLoader
from controller.kinds.language.kind import RuleSettings
from controller.model.observed import ObservedState
from controller.model.plan import PlanOptions, ScopePlan
from controller.model.ref import ResourceRef
from controller.targets.tables import Tables
from tests.support.text_source import TextSource

LIMIT = 1.05
RULES = RuleSettings(default_region="eu-west-1")


def service(number: int) -> str:
    """Return the document of one that is removed."""
    return f"{HEAD}Service\nmetadata: {{name: Removed{number}}}\nspec: {{owningCluster: Team0}}\n"


def plan(source: TextSource, observed: ObservedState, *, is_removal: bool = False) -> ScopePlan:
    """Load a source and plan it; ``is_removal`` lets the ledger say that objects are ours."""

    def recorded(ref: ResourceRef, _items: bytes) -> bool:
        assert is_removal, f"the ledger is asked about {ref}"
        return True

    revision = RevisionLoader(KINDS, RULES).load(source)
    seen = ObservedConfig((), recorded, recorded)
    asked, rules = PlanOptions(now=NOW), PlanRules(KINDS)
    return plan_config(revision, seen, observed, asked, rules, authors=None)


def removed_from(texts: dict[str, str], removed: int) -> Tables:
    """Return the tables after so many services more were applied and taken away again."""
    more = {"fleet/removed.yaml": "---\n".join(map(service, range(removed)))}
    made = RevisionLoader(KINDS, RULES).load(TextSource({**texts, **more})).desired.resources
    left = dict(made)
    for change in plan(
        TextSource(texts), applied(made.values()).observe(), is_removal=True
    ).changes:
        assert change.after is not None, "a service leaves a tombstone"
        asked = made[change.ref].projection._replace(
            attributes=change.after, extra=change.extra, digest=change.digest
        )
        left[change.ref] = made[change.ref]._replace(projection=asked)
    return applied(left.values())


def rounds(objects: int, removed: int) -> Iterator[tuple[float, float]]:
    """Yield the CPU seconds of a plan (without, with tombstones)."""
    texts = generate(objects, objects // 20)
    source, after = TextSource(texts), removed_from(texts, removed)
    before = applied(RevisionLoader(KINDS, RULES).load(source).desired.resources.values())
    with_them = plan(source, after.observe())
    assert not with_them.changes, "all is in order"
    assert len(after.observe().objects) == len(before.observe().objects) + removed
    while True:
        without = seconds(lambda: plan(source, before.observe()), time.process_time)
        yield without, seconds(lambda: plan(source, after.observe()), time.process_time)


def main() -> None:
    """Print the figure with its limit."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--objects", type=int, default=20_000)
    parser.add_argument("--removed", type=int, default=1_000)
    parser.add_argument("--rounds", type=int, default=15, help="at most")
    parser.add_argument("--check", action="store_true", help=f"exit 1 over {LIMIT}")
    options = parser.parse_args()
    found = measured(rounds(options.objects, options.removed), options.rounds)
    print(
        f"a plan of {options.objects} objects {found.other_s:.2f} s, with the tombstones of {options.removed} services"
        f" {found.ours_s:.2f} s: {found.ratio:.3f} x (limit {LIMIT}){agreement(found)}"
    )
    if options.check and found.ratio > LIMIT:
        sys.exit(1)


if __name__ == "__main__":
    main()
