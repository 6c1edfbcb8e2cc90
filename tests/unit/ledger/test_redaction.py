"""What is sensitive enters the ledger as a digest alone, in an image and in what was authored beside it."""

from copy import deepcopy
from typing import Annotated, Any

from hypothesis import given
from hypothesis import strategies as st

from controller.kinds.environment_type import KIND as ENVIRONMENT_TYPE
from controller.kinds.language.kind import Kind
from controller.kinds.language.spec import CONTROLLER_ONLY, SENSITIVE, Spec
from controller.kinds.service import KIND as SERVICE
from controller.ledger.records import build_records, image_digest, record_wire
from controller.ledger.redaction import is_digest, redactor
from controller.model.table import KeyAttribute, TableDefinition
from tests.unit.ledger.ledgers import ACTOR, EMPTY, START, write

TABLE = "ConfigEnvironmentTypes"
REDACT = redactor([ENVIRONMENT_TYPE, SERVICE], "inst-1")


class Login(Spec):
    user: str
    password: Annotated[str, SENSITIVE]


class Member(Spec):
    named_by = "name"
    name: str
    login: Annotated[Login | None, CONTROLLER_ONLY] = None
    secret: Annotated[str | None, SENSITIVE] = None


class VaultSpec(Spec):
    members: list[Member] | None = None
    logins: dict[str, Login] | None = None
    token: Annotated[str | None, CONTROLLER_ONLY, SENSITIVE] = None


def vault(name: str) -> Kind[Any]:
    table = TableDefinition("Vaults", KeyAttribute("Kind"), KeyAttribute("Name"))
    return Kind(
        name=name,
        summary="For tests.",
        spec=VaultSpec,
        tables=(table,),
        project=lambda key, spec: {"Vaults": {"Kind": name, "Name": key, "Value": spec}},
        recover=lambda items: (str(items["Vaults"]["Name"]), items["Vaults"]["Value"]),
        identify=lambda item: str(item["Name"]),
        facts=lambda _key, _spec: None,
        key=lambda key, _spec: key,
    )


def environment_type(key: Any) -> dict[str, Any]:
    return {
        "EnvironmentType": "Staging",
        "Value": {"LicenseKeys": {"NewRelicKey": key}, "DeploymentBucket": "acme"},
        "Audit": {"Version": 1},
        "Managed": {"By": "inst-1", "Extra": {"spec": {"region": "eu-west-1"}}},
    }


def test_a_sensitive_value_becomes_a_keyed_digest_and_the_rest_stays() -> None:
    found = REDACT(TABLE, environment_type("s3cret"))
    key = found["Value"]["LicenseKeys"].pop("NewRelicKey")
    assert is_digest(key)
    expected = environment_type(None)
    del expected["Value"]["LicenseKeys"]["NewRelicKey"]
    assert found == expected


def test_equal_values_have_equal_digests_in_one_installation_alone() -> None:
    one, same = (REDACT(TABLE, environment_type("s3cret"))["Value"] for _ in range(2))
    other_value = REDACT(TABLE, environment_type("other"))["Value"]
    elsewhere = redactor([ENVIRONMENT_TYPE], "inst-2")(TABLE, environment_type("s3cret"))["Value"]
    assert one == same
    assert len({repr(one), repr(other_value), repr(elsewhere)}) == 3


def test_the_image_given_is_left_alone() -> None:
    given_image = environment_type("s3cret")
    REDACT(TABLE, given_image)
    assert given_image == environment_type("s3cret")


def test_tables_without_sensitive_fields_are_passed_through() -> None:
    item = {"ServiceName": "Search", "Value": {"Password": "not ours to judge"}}
    assert REDACT("InfraConfigServices", item) is item
    assert REDACT("Unknown", item) is item


def test_a_table_that_kinds_share_is_redacted_once() -> None:
    item = {"Kind": "Vault", "Name": "a", "Value": {"Members": [{"Name": "x", "Secret": "s3cret"}]}}
    one = redactor([vault("Vault")], "i")("Vaults", deepcopy(item))
    both = redactor([vault("Vault"), vault("Safe")], "i")("Vaults", deepcopy(item))
    assert one == both
    assert is_digest(one["Value"]["Members"][0]["Secret"])


def test_what_was_authored_beside_the_item_is_redacted_too() -> None:
    extra = {
        "metadata": {"labels": {"password": "a label"}},
        "spec": {
            "token": "s3cret",
            "members.x.login": {"user": "ada", "password": "s3cret"},
            "logins.main.password": "s3cret",
            "gone.field": "kept",
        },
    }
    item = {"Kind": "Vault", "Name": "a", "Managed": {"By": "i", "Extra": extra}}
    found = redactor([vault("Vault")], "i")("Vaults", item)
    assert "s3cret" not in repr(found)
    shown = found["Managed"]["Extra"]
    assert shown["metadata"] == extra["metadata"]
    assert shown["spec"]["members.x.login"]["user"] == "ada"
    assert shown["spec"]["gone.field"] == "kept"


def test_an_odd_mark_is_left_as_it_is() -> None:
    redact = redactor([vault("Vault")], "i")
    for managed in ("text", {"By": "i"}, {"Extra": "text"}, {"Extra": {"spec": ["s"]}}):
        assert redact("Vaults", {"Name": "a", "Managed": managed})["Managed"] == managed


PARTS = st.recursive(
    st.sampled_from(["s3cret"]),
    lambda inner: (
        st.lists(inner, min_size=1, max_size=2)
        | st.dictionaries(st.sampled_from(["x", "Password"]), inner, min_size=1, max_size=2)
    ),
    max_leaves=4,
)


@given(PARTS, st.sampled_from(["Logins", "Members"]))
def test_no_form_of_a_sensitive_value_is_seen(secret: Any, place: str) -> None:
    member = {"Name": "x", "Secret": secret, "User": "ada", "Password": secret}
    value = {"Members": [member]} if place == "Members" else {"Logins": {"x": member}}
    item = {"Kind": "Vault", "Name": "a", "Value": {**value}}
    found = redactor([vault("Vault")], "i")("Vaults", item)
    shown = found["Value"]["Members"][0] if place == "Members" else found["Value"]["Logins"]["x"]
    assert is_digest(shown["Secret" if place == "Members" else "Password"])


def test_a_record_shows_digests_but_its_digests_are_of_the_whole_images() -> None:
    before, after = environment_type("old s3cret"), environment_type("new s3cret")
    (record,) = build_records(
        [write("Staging", before, after, TABLE, key={"EnvironmentType": "Staging"})],
        scope=EMPTY.scope,
        actor_of=lambda _: ACTOR,
        plan_digest="",
        transaction_id="run-1",
        at=START,
        table_name=str,
        table_arn=str,
        redact=REDACT,
    )
    assert "s3cret" not in repr(record_wire(record))
    assert (record.before, record.after) == (image_digest(before), image_digest(after))
    assert record.old_value != record.new_value
