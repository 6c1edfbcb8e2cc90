"""Any item that DynamoDB can hold, as a plain value."""

from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from controller.aws.items import number_of_text

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
INTEGERS = st.integers(-(10**38) + 1, 10**38 - 1)
FLOATS = st.floats(-1e120, 1e120).filter(lambda f: f == 0 or abs(f) >= 1e-120)
DECIMALS = (
    st.builds(lambda digits, shift: Decimal(digits).scaleb(shift), INTEGERS, st.integers(-80, 40))
    .filter(lambda d: d == 0 or d.adjusted() <= 125)
    .map(lambda d: number_of_text(format(d, "f")))
)
NUMBERS = INTEGERS | FLOATS | DECIMALS
BYTES = st.binary(max_size=12)
SETS: st.SearchStrategy[frozenset[Any]] = (
    st.frozensets(TEXT, min_size=1, max_size=4)
    | st.frozensets(NUMBERS, min_size=1, max_size=4)
    | st.frozensets(BYTES, min_size=1, max_size=4)
)
VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | TEXT | NUMBERS | BYTES | SETS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=12,
)
ITEMS = st.dictionaries(TEXT, VALUES, max_size=6)
