"""A sensitive value is taken out of every text where it is like a key; a word of a plan is not for its author to hide."""

from collections.abc import Iterator

import pytest

from controller.catalog import kinds
from controller.model.canonical import canonical_bytes
from controller.model.ref import ResourceRef
from controller.redactor import REDACTOR
from controller.targets.table_items.sensitive_values import tell_sensitive

TYPE = ResourceRef("EnvironmentType", "Prod")


@pytest.fixture(autouse=True)
def knows_nothing() -> Iterator[None]:
    REDACTOR.forget()
    yield
    REDACTOR.forget()


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("0f1e2d3c4b5a69788796a5b4c3d2e1f0", "key ***"),
        ("INSTANCES", "key INSTANCES"),
        ("Environment", "key Environment"),
        ("ENDS 6 INSTANCES of c50", "key ENDS 6 INSTANCES of c50"),
    ],
)
def test_only_what_is_like_a_key_is_hidden_everywhere(value: str, shown: str) -> None:
    items = {"ConfigEnvironmentTypes": {"Value": {"LicenseKeys": {"NewRelicKey": value}}}}

    tell_sensitive([(TYPE, canonical_bytes(items))], kinds())

    assert REDACTOR.redact(f"key {value}") == shown
