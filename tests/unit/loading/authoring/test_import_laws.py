"""Laws of importing: what was applied is authored again, and what others made is taken over as it is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.catalog import kinds
from controller.model.canonical import parse_canonical
from controller.model.ref import ResourceRef
from controller.planning.fields import keep_found
from tests.support.generated_fleets import Documents, fleets
from tests.support.imported_fleets import (
    as_applied,
    authored,
    composed,
    found,
    items_of,
    loadable,
    right,
    settled,
    without_marks,
)
from tests.support.old_wear import worn
from tests.support.yaml_fleet import examples


@pytest.mark.slow
@given(fleets())
def test_apply_then_import_gives_what_was_authored(documents: Documents) -> None:
    before = right(authored(documents))
    result = settled(as_applied(before))

    after = right(loadable(composed(result)))

    assert result.left_out == ()
    assert {ref: one.projection.digest for ref, one in after.items()} == {
        ref: one.projection.digest for ref, one in before.items()
    }
    assert {ref: one.projection.owned for ref, one in after.items()} == {
        ref: one.projection.owned for ref, one in before.items()
    }


@pytest.mark.slow
@given(fleets())
def test_what_others_made_is_taken_over_without_a_change(documents: Documents) -> None:
    before = right(authored(documents))
    result = settled(without_marks(before))

    after = right(loadable(composed(result)))

    assert result.left_out == ()
    new = after.keys() - before.keys()
    assert {ref.kind for ref in new} <= {"Schedule"}
    for ref, one in before.items():
        _changes_nothing(ref, items_of(one), after[ref].projection)


def _changes_nothing(ref: ResourceRef, found: object, projection: object) -> None:
    wanted = parse_canonical(projection.attributes)  # type: ignore[attr-defined]  # a Projection
    owned = projection.owned  # type: ignore[attr-defined]
    assert keep_found(found, wanted, kinds()[ref.kind].shared, owned) == found


@pytest.mark.slow
@given(fleets(), st.data())
def test_what_years_left_is_taken_over_with_its_meaning(
    documents: Documents, data: st.DataObject
) -> None:
    """Whatever form the old product left it in, what other programs act on is as it was, and nothing is left out for it."""
    items = {
        ref: worn(data.draw, ref.kind, items_of(one))
        for ref, one in right(authored(documents)).items()
    }
    result = settled(found(ref, one) for ref, one in items.items())
    after = right(loadable(composed(result)))

    assert result.left_out == ()
    for ref, before in items.items():
        kind, projection = kinds()[ref.kind], after[ref].projection
        if kind.read_by_others is not None:
            wanted = parse_canonical(projection.attributes)
            kept = keep_found(before, wanted, kind.shared, projection.owned)
            assert kind.read_by_others(kept) == kind.read_by_others(before), ref


@pytest.mark.slow
@pytest.mark.parametrize("ours", [True, False])
def test_the_example_fleet(ours: bool) -> None:
    before = right(examples())
    result = settled((as_applied if ours else without_marks)(before))

    after = right(loadable(composed(result)))

    assert result.left_out == ()
    assert after.keys() >= before.keys()
    if ours:
        assert [
            ref for ref in before if after[ref].projection.digest != before[ref].projection.digest
        ] == []
