"""An export is an array in pieces of whole items, and no secret is in any of them."""

import json

import pytest

from controller.api.put_back.items import _PIECE, _array
from controller.redactor import REDACTOR


@pytest.mark.parametrize("count", [0, 1, 2, 5000])
def test_pieces_make_one_array(count: int) -> None:
    items = [
        json.dumps({"Name": f"s{number}", "Text": "x" * 100}).encode() for number in range(count)
    ]
    pieces = [*_array(iter(items))]

    assert json.loads(b"".join(pieces)) == [json.loads(item) for item in items]
    assert all(len(piece) < _PIECE + 200 for piece in pieces)
    assert (len(pieces) > 1) == (sum(map(len, items)) > _PIECE)


def test_no_secret_is_in_a_piece() -> None:
    REDACTOR.tell("an-export-secret-value")

    assert b"secret-value" not in b"".join(_array([b'{"a": "an-export-secret-value"}']))
