"""What one plan may not do without a person's word."""

from typing import Any

import pytest

from controller.model.observed import Observation
from controller.model.plan import Cause, Change
from controller.planning.guards import GuardSettings
from tests.unit.planning.guarded import (
    FOUR_EACH,
    MAPS,
    PROTECTED,
    RETIRED,
    SPREAD,
    TEN,
    gone,
    judge,
    power,
    there,
    touched,
)
from tests.unit.planning.worlds import change, found

HUNDRED = there(100)
TWO_HUNDRED = there(200)
GROUPS = there(10, "Group")
MIXED_FILES = [
    *(found(f"MapA/{n}", path=f"a/{n}.yaml") for n in range(20)),
    *(found(f"MapB/{n}", path="b/all.yaml") for n in range(200)),
]
UPSTREAMS = there(4, "Upstream")
LEAVING = there(9, "Upstream", extra={"leaving": "mark then delete"})
LOST = [one._replace(mark=None) for one in there(9)]

CASES: list[tuple[list[Observation], list[Change], dict[str, Any], str, str]] = [
    # Deletes, below ten of a kind.
    (MAPS, [], {}, "", "nothing to do"),
    (MAPS, gone(MAPS), {}, "maxDeletes", "9 of 9"),
    (MAPS, gone(MAPS[:3]), {}, "", "3 of 9"),
    (MAPS, gone(MAPS[:4]), {}, "maxDeletes", "4 of 9"),
    (MAPS[:1], gone(MAPS[:1]), {}, "", "the only one"),
    (MAPS[:3], gone(MAPS[:3]), {}, "", "all three of three"),
    # Deletes, from ten up.
    (TEN, gone(TEN[:3]), {}, "", "3 of 10 is the limit itself"),
    (TEN, gone(TEN[:4]), {}, "maxDeletes", "4 of 10"),
    (HUNDRED, gone(HUNDRED[:30]), {}, "", "30 of 100"),
    (HUNDRED, gone(HUNDRED[:31]), {}, "maxDeletes", "31 of 100"),
    (TWO_HUNDRED, gone(TWO_HUNDRED[:50]), {}, "", "50 in all"),
    (TWO_HUNDRED, gone(TWO_HUNDRED[:51]), {}, "maxDeletes", "51 in all, a quarter"),
    (SPREAD, gone(FOUR_EACH[:50]), {}, "", "spread over kinds, 50 in all"),
    (SPREAD, gone(FOUR_EACH), {}, "maxDeletes", "spread over kinds, 52 in all, each below its share"),
    ([*TEN, *MAPS], gone(TEN[:4]), {}, "maxDeletes", "an object found twice counts once"),
    (
        [*there(9, "MapA"), *there(9, "MapB")],
        gone([*there(4, "MapA"), *there(4, "MapB")]),
        {},
        "maxDeletes maxDeletes",
        "two kinds, each over its own limit",
    ),
    (MAPS, gone(MAPS), {"limits": GuardSettings(small_max_deletes=9)}, "", "limits are settings"),
    (HUNDRED, gone(HUNDRED), {"limits": GuardSettings(max_delete_share=1, max_deletes=100)}, "", "all"),
    (LOST, gone(LOST), {}, "maxDeletes", "what lost its mark counts as ours"),
    # What counts as a delete.
    (there(9, "Service"), touched(there(9, "Service"), Cause.PRUNED), {}, "maxDeletes", "tombstones"),
    (UPSTREAMS, touched(UPSTREAMS, Cause.PRUNED), {}, "maxDeletes", "marks of upstreams"),
    (LEAVING, gone(LEAVING), {}, "", "the second step was approved with the first"),
    (MAPS, touched(MAPS, Cause.EDITED), {}, "", "edits are no deletes"),
    (MAPS, gone(there(4, "Ghost")), {}, "maxDeletes", "of what is not found, all would go"),
    # Sources that are not whole.
    (MAPS, gone(MAPS), {"desired_count": 0}, "emptySource", "empty source"),
    (MAPS[:1], gone(MAPS[:1]), {"desired_count": 0}, "emptySource", "even for one object"),
    ([], [], {"desired_count": 0}, "", "empty source, empty tables: a first day"),
    (MAPS[:1], gone(MAPS[:1]), {"desired_count": None}, "", "a live scope may be empty"),
    (
        MIXED_FILES,
        gone(MIXED_FILES[:6]),
        {"source_paths": frozenset({"b/all.yaml", *(f"a/{n}.yaml" for n in range(6, 20))})},
        "",
        "6 of 21 files gone",
    ),
    (
        [*MIXED_FILES[:10], *(found(f"MapA/x{n}", path="b/all.yaml") for n in range(40))],
        gone(MIXED_FILES[:4]),
        {"source_paths": frozenset({"b/all.yaml", *(f"a/{n}.yaml" for n in range(4, 10))})},
        "truncatedSource",
        "4 of 11 files gone, few objects each",
    ),
    (
        [*MIXED_FILES[:10], *(found(f"MapA/x{n}", path="b/all.yaml") for n in range(40))],
        [change("MapA/x1", "delete", path="b/all.yaml")],
        {"source_paths": frozenset({"b/all.yaml"})},
        "",
        "files went, but what goes comes from another",
    ),
    # Protection and retirement: what was last applied decides.
    (
        [found("Service/a", extra=PROTECTED)],
        [change("Service/a", "delete")],
        {},
        "protected",
        "protected object removed, or protection lifted in the same commit",
    ),
    ([found("Service/a", extra=PROTECTED)], [change("Service/a")], {}, "", "an edit is no delete"),
    ([found("Service/a")], [change("Service/a", "delete")], {}, "", "lifted one revision before"),
    (
        [found("Environment/a")],
        [change("Environment/a", "delete")],
        {},
        "retireFirst",
        "not retired",
    ),
    (
        [found("Environment/a", extra=RETIRED)],
        [change("Environment/a", "delete")],
        {},
        "",
        "retired before",
    ),
    (
        [found("Environment/a", extra=PROTECTED)],
        [change("Environment/a", "delete")],
        {},
        "protected retireFirst",
        "both",
    ),
    (
        there(5, "Environment", extra=PROTECTED),
        gone(there(5, "Environment")),
        {},
        "protected retireFirst maxDeletes",
        "all three",
    ),
    # Updates nobody reviewed.
    (TEN, touched(TEN, Cause.EDITED), {}, "", "reviewed"),
    (TEN, touched(TEN, Cause.SCHEDULED), {}, "", "the clock"),
    (TEN, touched(TEN, Cause.ADOPTED), {}, "", "asked for"),
    (TEN, touched(TEN[:3], Cause.DRIFTED), {}, "", "3 of 10 drifted"),
    (TEN, touched(TEN[:4], Cause.DRIFTED), {}, "maxUpdateShare", "4 of 10 drifted"),
    (TEN, touched(TEN, Cause.UPGRADED), {}, "maxUpdateShare", "another version writes all anew"),
    (TEN, touched(TEN, Cause.IMAGE), {}, "maxUpdateShare", "a new image everywhere"),
    (TEN, touched(TEN, Cause.OVERRIDDEN), {}, "maxUpdateShare", "an override over everything"),
    (MAPS, touched(MAPS, Cause.DRIFTED), {}, "", "below ten a share says nothing"),
    (
        [*TEN, *HUNDRED[10:]],
        [*touched(TEN[:2], Cause.DRIFTED), *touched(HUNDRED[10:39], Cause.IMAGE)],
        {},
        "maxUpdateShare",
        "31 of 100, two causes together",
    ),
    # Instances.
    (GROUPS, touched(GROUPS[:1], Cause.EDITED, {"ended": 20}), {}, "", "20 ended"),
    (GROUPS, touched(GROUPS[:3], Cause.EDITED, {"ended": 7}), {}, "maxInstancesEnded", "21 ended"),
    (GROUPS, touched(GROUPS[:1], Cause.EDITED, {"launched": 21}), {}, "maxInstancesLaunched", "21"),
    (GROUPS, touched(GROUPS[:1], Cause.EDITED, {"replaced": 301}), {}, "maxInstancesReplaced", "301"),
    (GROUPS, touched(GROUPS[:1], Cause.SCHEDULED, {"ended": 99}), {}, "", "by the clock"),
    ([], power(50, "stop", Cause.EDITED), {}, "", "50 stopped by an edit"),
    ([], power(51, "stop", Cause.EDITED), {}, "maxStopsByEdit", "51 stopped by an edit"),
    ([], power(500, "stop", Cause.SCHEDULED), {}, "", "the clock stops as many as it says"),
    ([], power(500, "start", Cause.EDITED), {}, "", "a start is no stop"),
    (GROUPS, touched(GROUPS[:2], Cause.EDITED, {"stopped": 26}), {}, "maxStopsByEdit", "52"),
]  # fmt: skip


@pytest.mark.parametrize(("objects", "changes", "more", "guards", "because"), CASES)
def test_guards(
    objects: list[Observation],
    changes: list[Change],
    more: dict[str, Any],
    guards: str,
    because: str,
) -> None:
    found_guards = " ".join(violation.guard for violation in judge(objects, changes, **more))

    assert found_guards == guards, because


def test_the_table_is_long_enough() -> None:
    assert len(CASES) >= 40
