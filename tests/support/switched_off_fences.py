"""What keeps late workers and others apart, each to be switched off: whether a walk would notice that it is missing."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Final

import pytest

from controller.engine.commit import transaction
from controller.engine.commit.lease import Claim, Leases
from controller.engine.state import rows
from controller.model.ledger_record import Head
from controller.model.plan import PlannedFrom
from controller.targets.table_items import writes


@dataclass(frozen=True)
class Fence:
    """``told`` is part of what a walk without it says is wrong, empty for whatever it says; ``where`` the operation it stands at,
    ``trouble`` what it is there for."""

    name: str
    switch_off: Callable[[pytest.MonkeyPatch], None]
    where: str
    told: str = ""
    trouble: str = "others"


def _head_comparison(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(PlannedFrom, "holds", lambda *_: True)


def _planned_from(patch: pytest.MonkeyPatch) -> None:
    """Off with what stands behind the comparison of heads as well: that alone keeps a late worker away, unless it is off."""
    _head_comparison(patch)
    take, (changes, _, names) = Leases.take, transaction._LIVE_HEAD

    def taken(leases: Leases, scope: str, claim: Claim) -> Head:
        return replace(take(leases, scope, claim), planned_from=0)

    patch.setattr(Leases, "take", taken)
    patch.setattr(transaction, "_LIVE_HEAD", (changes, "", names))


def _status_rows(patch: pytest.MonkeyPatch) -> None:
    anything = "attribute_exists(Id) OR attribute_not_exists(Id)"
    patch.setattr(rows, "_NOT_OLDER", f"{anything} OR Epoch = :epoch OR PlannedFrom = :from")


def _conditional_writes(patch: pytest.MonkeyPatch) -> None:
    def any_item(*_: Any) -> tuple[str, dict[str, str], dict[str, Any]]:
        return "", {}, {}

    patch.setattr(writes, "as_found", any_item)


FENCES: Final = (
    Fence("the comparison of config heads", _head_comparison, "UpdateItem"),
    Fence("PlannedFrom", _planned_from, "UpdateItem", "PlannedFrom of head#"),
    Fence("conditional status rows", _status_rows, "PutItem", "of status#"),
    Fence(
        "conditional writes",
        _conditional_writes,
        "TransactWriteItems",
        "no record says so",
        "an item of it",
    ),
)
