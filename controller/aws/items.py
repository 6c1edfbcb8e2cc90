"""Items as Python values, as DynamoDB's typed wire form, and as one canonical byte form for digests.

Plain item: ``{name: value}`` with str, int, float, bool, None, bytes, list, dict, frozenset of str, numbers or bytes,
and Decimal only for a number that neither int nor float holds exactly.
Wire item: ``{name: {"S": "text"}}`` as boto3's low-level client takes and gives it, binary as bytes. What reads a wire item takes
base64 text for binary too, as it stands in DynamoDB's JSON.
"""

from base64 import b64decode, b64encode
from collections.abc import Callable, Mapping
from decimal import Context, Decimal
from typing import Any

import orjson

Value = Any
"""A plain value: see the module's text."""
Item = dict[str, Value]
WireValue = dict[str, Any]
WireItem = dict[str, WireValue]

MAX_ITEM_BYTES = 400 * 1024
"""DynamoDB: an item is at most 400 KB, names included."""
MAX_DIGITS = 38
MIN_EXPONENT, MAX_EXPONENT = -130, 125
"""DynamoDB: a number has 38 digits and lies between 1E-130 and 9.9…E+125, either sign."""
_SHORT = 10**MAX_DIGITS
_WIDE = Context(prec=400)


def to_wire(item: Mapping[str, Value]) -> WireItem:
    """Turn a plain item into its wire form.

    Raises TypeError for a value DynamoDB has no type for (or a set of mixed types), ValueError for an empty set,
    NaN, an infinity, or a number of more than 38 digits or outside DynamoDB's range.
    """
    return {name: to_wire_value(value) for name, value in item.items()}


def to_wire_value(value: Value) -> WireValue:
    """Turn one plain value into its wire form. Raises as ``to_wire``."""
    encode = _ENCODERS.get(type(value))
    if encode is not None:
        return encode(value)
    for base, encode_subclass in _BASES:
        if isinstance(value, base):
            return encode_subclass(value)
    raise TypeError(f"DynamoDB has no type for {type(value).__name__}: {value!r}")


def from_wire(item: Mapping[str, Mapping[str, Any]]) -> Item:
    """Turn a wire item into a plain one; sets become frozensets. ``from_wire(to_wire(x)) == x``."""
    return {name: from_wire_value(value) for name, value in item.items()}


def from_wire_value(value: Mapping[str, Any]) -> Value:
    """Turn one wire value into a plain one. Raises TypeError if it is no wire value."""
    for letter, content in value.items():
        if letter in ("S", "BOOL"):
            return content
        decode = _DECODERS.get(letter)
        if decode is not None:
            return decode(content)
    raise TypeError(f"{value!r} is no DynamoDB value")


def number_text(number: float | Decimal) -> str:
    """Return a number as DynamoDB writes it: no exponent, no needless zeros. Raises ValueError if it cannot hold it."""
    if isinstance(number, float) and number.is_integer() and -_SHORT < number < _SHORT:
        # Not by its shortest spelling, which is another integer from 2**53 on.
        number = int(number)
    if isinstance(number, int) and -_SHORT < number < _SHORT:
        return str(int(number))
    exact = Decimal(repr(float(number))) if isinstance(number, float) else Decimal(number)
    if not exact:
        return "0"
    # Without its trailing zeros, which do not count against the 38 digits.
    exact = exact.normalize(_WIDE) if exact.is_finite() else exact
    if (
        not exact.is_finite()
        or len(exact.as_tuple().digits) > MAX_DIGITS
        or not MIN_EXPONENT <= exact.adjusted() <= MAX_EXPONENT
    ):
        raise ValueError(f"{number} does not fit a DynamoDB number (38 digits, 1E-130 to 9.9E125)")
    text = format(exact, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def number_of_text(text: str) -> int | float | Decimal:
    """Read DynamoDB's text of a number: int if integral, else float if that is exact, else Decimal.

    Integers of more than 38 digits cannot have been written as such: those are read as float where that is exact.
    """
    if len(text) <= MAX_DIGITS and (text.isdecimal() or (text[0] == "-" and text[1:].isdecimal())):
        return int(text)
    exact = Decimal(text)
    integral = exact == exact.to_integral_value()
    if integral and abs(exact) < _SHORT:
        return int(exact)
    near = float(exact)
    if Decimal(repr(near)) == exact:
        return near
    return int(exact) if integral else exact


def canonical_wire(item: Mapping[str, Mapping[str, Any]]) -> bytes:
    """Return the canonical JSON of a wire item: the bytes every image digest and the ledger's hashes are made of.

    Keys and sets sorted, numbers in DynamoDB's form, binary as base64: items that DynamoDB holds for equal give equal bytes,
    whether they come from us, from a scan or from a stream.
    """
    return orjson.dumps(
        {name: _canonical(value) for name, value in item.items()}, option=orjson.OPT_SORT_KEYS
    )


def canonical_made(wire: WireItem) -> bytes:
    """Return what ``canonical_wire`` does, of a wire item that ``to_wire`` made: all in it has its form already."""
    return orjson.dumps(wire, default=_base64_of, option=orjson.OPT_SORT_KEYS)


def wire_json(value: Any) -> bytes:
    """Return JSON as DynamoDB's protocol takes it: wire values inside, bytes as base64."""
    return orjson.dumps(value, default=_base64_of)


def item_bytes(item: Mapping[str, Mapping[str, Any]]) -> int:
    """Estimate the size DynamoDB counts for a wire item, never too small by its documented rules: names and values."""
    return sum(len(name.encode()) + _value_bytes(value) for name, value in item.items())


def _encode_list(values: Any) -> WireValue:
    return {"L": [to_wire_value(value) for value in values]}


def _encode_map(values: Mapping[str, Value]) -> WireValue:
    for name in values:
        if not isinstance(name, str):
            raise TypeError(f"{name!r} is no attribute name: DynamoDB's maps have text keys")
    return {"M": {name: to_wire_value(value) for name, value in values.items()}}


def _encode_set(values: Any) -> WireValue:
    if not values:
        raise ValueError("DynamoDB has no empty sets: leave the attribute out")
    if all(isinstance(value, str) for value in values):
        return {"SS": sorted(str(value) for value in values)}
    if all(isinstance(value, bytes) for value in values):
        # As their text sorts, which canonical JSON has.
        return {"BS": sorted(values, key=b64encode)}
    if all(
        isinstance(value, int | float | Decimal) and not isinstance(value, bool) for value in values
    ):
        return {"NS": sorted(number_text(value) for value in values)}
    raise TypeError("a DynamoDB set holds only text, only numbers or only bytes")


_ENCODERS: dict[type, Callable[[Any], WireValue]] = {
    str: lambda value: {"S": value},
    bool: lambda value: {"BOOL": value},
    **dict.fromkeys((int, float, Decimal), lambda value: {"N": number_text(value)}),
    type(None): lambda _: {"NULL": True},
    bytes: lambda value: {"B": value},
    list: _encode_list,
    tuple: _encode_list,
    dict: _encode_map,
    set: _encode_set,
    frozenset: _encode_set,
}
_BASES: tuple[tuple[type, Callable[[Any], WireValue]], ...] = (
    (str, lambda text: {"S": str(text)}),
    (int, _ENCODERS[int]),
    (float, _ENCODERS[float]),
    (Mapping, _encode_map),
    (bytearray, lambda value: {"B": bytes(value)}),
)


def _bytes_of(content: bytes | str) -> bytes:
    return b64decode(content) if isinstance(content, str) else bytes(content)


_DECODERS: dict[str, Callable[[Any], Value]] = {
    "N": number_of_text,
    "NULL": lambda _: None,
    "B": _bytes_of,
    "L": lambda values: [from_wire_value(value) for value in values],
    "M": from_wire,
    "SS": frozenset,
    "NS": lambda texts: frozenset(map(number_of_text, texts)),
    "BS": lambda values: frozenset(map(_bytes_of, values)),
}


def _normal_text(text: str) -> str:
    digits = text[1:] if text[:1] == "-" else text
    if digits.isascii() and digits.isdecimal() and (digits[0] != "0" or text == "0"):
        return text
    return number_text(Decimal(text))


def _base64_of(value: Any) -> str:
    if isinstance(value, bytes):
        return b64encode(value).decode()
    if isinstance(value, str):
        return value
    raise TypeError(f"DynamoDB's JSON has no form for {type(value).__name__}")


def _canonical(value: Mapping[str, Any]) -> WireValue:
    for letter, content in value.items():
        if letter in ("S", "BOOL"):
            return {letter: content}
        canonical = _CANONICAL.get(letter)
        if canonical is not None:
            return {letter: canonical(content)}
    raise TypeError(f"{value!r} is no DynamoDB value")


_CANONICAL: dict[str, Callable[[Any], Any]] = {
    "N": _normal_text,
    "NULL": lambda _: True,
    "B": _base64_of,
    "L": lambda values: [_canonical(value) for value in values],
    "M": lambda values: {name: _canonical(value) for name, value in values.items()},
    "SS": sorted,
    "NS": lambda texts: sorted(map(_normal_text, texts)),
    "BS": lambda values: sorted(map(_base64_of, values)),
}


def _value_bytes(value: Mapping[str, Any]) -> int:
    ((letter, content),) = value.items()
    count = _SIZES.get(letter)
    return 1 if count is None else count(content)


def _number_bytes(text: str) -> int:
    """DynamoDB: about one byte for two significant digits, one more, and one for a minus; never more than 21."""
    return min(21, (len(text) + 1) // 2 + 2)


_SIZES: dict[str, Callable[[Any], int]] = {
    "S": lambda text: len(text.encode()),
    "N": _number_bytes,
    "B": len,
    "SS": lambda texts: sum(len(text.encode()) for text in texts),
    "NS": lambda texts: sum(map(_number_bytes, texts)),
    "BS": lambda values: sum(map(len, values)),
    "L": lambda values: 3 + sum(1 + _value_bytes(value) for value in values),
    "M": lambda values: 3 + len(values) + item_bytes(values),
}
