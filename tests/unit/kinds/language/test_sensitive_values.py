"""A sensitive value is taken out of every text where it is like a key; a word of a plan is not for its author to hide."""

from collections.abc import Iterator

import pytest

from controller.catalog import kinds
from controller.kinds.language.fields import sensitive_values
from controller.model.canonical import canonical_bytes
from controller.model.ref import ResourceRef
from controller.redactor import REDACTOR

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

    REDACTOR.tell(*sensitive_values([(TYPE, canonical_bytes(items))], kinds()))

    assert REDACTOR.redact(f"key {value}") == shown


def test_only_sensitive_fields_of_objects_are_looked_for() -> None:
    key = "0f1e2d3c4b5a69788796a5b4c3d2e1f0"
    plain = {"ConfigEnvironmentTypes": {"Value": {"ProtectedActions": [key, {"Named": key}]}}}
    held = {"LicenseKeys": {"NewRelicKey": [{"of": key}, 7]}, "ProtectedActions": [f"{key}1"]}
    hidden = {"ConfigEnvironmentTypes": {"Value": held}}
    objects = [
        (ResourceRef("Cluster", "Tango"), canonical_bytes(hidden)),
        (TYPE, canonical_bytes(plain)),
        (TYPE, canonical_bytes(hidden)),
    ]

    assert list(sensitive_values(objects, kinds())) == [key]
