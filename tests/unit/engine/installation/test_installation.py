"""The id of an installation, from a row that others may have damaged."""

from typing import Any

import pytest

from controller.engine.installation.installation import id_in
from controller.errors import DamagedState


def test_it_is_what_the_row_says() -> None:
    assert id_in({"Id": "installation", "Installation": "a1"}, "EnvctlState") == "a1"


@pytest.mark.parametrize("damage", [{}, {"Installation": ""}, {"Installation": 7}, {"Installation": None}])  # fmt: skip
def test_one_that_is_lost_is_told_with_where_it_still_stands(damage: dict[str, Any]) -> None:
    with pytest.raises(DamagedState, match="EnvctlState has lost its id") as told:
        id_in({"Id": "installation", **damage}, "EnvctlState")

    assert told.value.fix == (
        "write its attribute Installation again: every item of ours has it in Managed, as By"
    )
