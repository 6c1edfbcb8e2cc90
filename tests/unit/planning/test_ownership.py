"""Whose an object is."""

import pytest

from controller.model.observed import Mark, Ownership
from controller.planning.ownership import ownership_of


@pytest.mark.parametrize(
    ("by", "mark_id", "recorded", "wanted", "because"),
    [
        ("acme", "id-1", True, Ownership.OURS, "installation and id fit"),
        ("acme", "id-1", False, Ownership.OURS, "the record is asked for when it is pruned"),
        ("acme", "id-2", True, Ownership.FOREIGN, "a copied item brings its original's id"),
        ("other", "id-1", True, Ownership.FOREIGN, "a second installation"),
        (None, "", True, Ownership.LOST_MARK, "the ledger knows it is ours"),
        (None, "", False, Ownership.UNMANAGED, "nobody knows it"),
    ],
)
def test_ownership(
    by: str | None, mark_id: str, recorded: bool, wanted: Ownership, because: str
) -> None:
    mark = None if by is None else Mark(by, mark_id, "r1", "a.yaml", 1, "d", {})

    found = ownership_of(
        mark, installation="acme", expected_id="id-1", last_record_is_ours=recorded
    )

    assert found is wanted, because
