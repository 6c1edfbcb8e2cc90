"""Accounts: numbers keep their zeros, roles belong to their account."""

from typing import Any

import pytest

from controller.catalog import kinds
from controller.kinds.account import CONVENTIONAL_ROLE, _facts
from controller.loading.resolve import clashes
from controller.model.ref import ResourceRef
from tests.unit.kinds.small_fleet import FLEET, FleetWorld, complaints, items, spec_of

NUMBER = "012345670123"
ACCOUNT = {"accountNumber": NUMBER}


def test_its_item_is_flat_and_its_key_is_a_number() -> None:
    assert items("Account", "staging-eu", {**ACCOUNT, "includeAmis": True, "mode": "observe"}) == {
        "InfraConfigAccounts": {
            "AccountNumber": 12345670123,
            "AccountName": "staging-eu",
            "IncludeAMIs": True,
            "RoleArn": f"arn:aws:iam::{NUMBER}:role/roleInfraEnvironmentManagerChild",
        }
    }


def test_a_number_from_the_table_gets_its_leading_zeros_back() -> None:
    name, spec = kinds()["Account"].recover(items("Account", "staging-eu", ACCOUNT))
    assert (name, spec["AccountNumber"]) == ("staging-eu", NUMBER)


@pytest.mark.parametrize(
    ("item", "name"),
    [
        ({"AccountNumber": 12345670123, "AccountName": "staging-eu"}, "staging-eu"),
        ({"AccountNumber": 12345670123}, NUMBER),
    ],
)
def test_an_item_is_identified_whatever_it_lacks(item: dict[str, Any], name: str) -> None:
    assert kinds()["Account"].identify(item) == name


@pytest.mark.parametrize(
    ("change", "at", "words"),
    [
        ({"accountNumber": 12345670123}, "spec.accountNumber", "quoted number of 12 digits"),
        ({"accountNumber": "3542333178675"}, "spec.accountNumber", "12 digits"),
        ({"accountNumber": "43.123456789"}, "spec.accountNumber", "12 digits"),
        ({"accountNumber": None}, "spec.accountNumber", "required"),
        ({"includeAmis": "yes"}, "spec.includeAmis", "valid boolean"),
        ({"roleArn": "roleChild"}, "spec.roleArn", "expected the ARN of a role"),
        (
            {"roleArn": f"arn:aws:iam::111111111111:role/{CONVENTIONAL_ROLE}"},
            "spec.roleArn",
            f"belongs to account 111111111111, this account is {NUMBER}",
        ),
        (
            {"roleArn": f"arn:aws:iam::{NUMBER}:role/path/other"},
            "spec.roleArn",
            "role other is not one that may be assumed",
        ),
        ({"externalId": "hunter2"}, "spec.externalId", "never the secret itself"),
        (
            {"externalId": "env://GITHUB_TOKEN"},
            "spec.externalId",
            "no variables of the environment",
        ),
        ({"externalId": "s3://acme-config/x"}, "spec.externalId", "no objects of S3"),
        (
            {"externalId": "secretsmanager://prod/database"},
            "spec.externalId",
            "no secret that documents may name",
        ),
        ({"mode": "on"}, "spec.mode", "'off', 'observe' or 'enforce'"),
        ({"regions": ["Dublin"]}, "spec.regions.0", "the name of an AWS region"),
        ({"isProd": True}, "spec.isProd", "not permitted"),
    ],
)
def test_what_is_refused(change: dict[str, Any], at: str, words: str) -> None:
    (found,) = complaints("Account", "staging-eu", {**ACCOUNT, **change})
    assert found.startswith(f"{at}: ")
    assert words in found


def test_a_secret_written_by_mistake_is_not_repeated() -> None:
    (found,) = complaints("Account", "staging-eu", {**ACCOUNT, "externalId": "hunter2"})
    assert "hunter2" not in found


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"roleArn": f"arn:aws:iam::{NUMBER}:role/some/path/{CONVENTIONAL_ROLE}"},
        {"externalId": "secretsmanager://envctl/external-ids#staging-eu"},
        {"regions": ["eu-west-1", "us-gov-east-1"], "mode": "off"},
    ],
)
def test_what_is_accepted(change: dict[str, Any]) -> None:
    assert complaints("Account", "staging-eu", {**ACCOUNT, **change}) == []


def test_neither_number_nor_name_in_any_case_is_taken_twice() -> None:
    kind = kinds()["Account"]
    facts = kind.facts("Staging-EU", spec_of(kind, FLEET["Account", "staging-eu"]))
    assert [list(unique.values(facts)) for unique in kind.unique] == [
        [(("spec", "accountNumber"), NUMBER)],
        [(("metadata", "name"), "staging-eu")],
        [],
    ]


def test_an_external_id_is_of_one_account() -> None:
    external_id = "secretsmanager://envctl/external-ids#a"
    shared = {
        ("Account", name): {"accountNumber": number, "externalId": external_id}
        for name, number in (("a", NUMBER), ("b", "098765432109"))
    }
    kind = kinds()["Account"]
    facts = [
        (ResourceRef(*key), kind.facts(key[1], spec_of(kind, spec))) for key, spec in shared.items()
    ]
    ((ref, found),) = clashes(kind, facts)
    assert (ref.key, found.path) == ("b", ("spec", "externalId"))
    assert (
        found.message == f"external id '{external_id}' is already taken by Account/a (externalId)"
    )


@pytest.mark.parametrize("name", ["1st", "a b", "a/b", "x" * 256])
def test_names_of_another_form_are_refused(name: str) -> None:
    assert any("is no name for this kind" in one for one in complaints("Account", name, ACCOUNT))


@pytest.mark.parametrize(
    ("allowed", "told"),
    [
        (("envctl",), ["name one that allowedRoleNames of the settings allows: envctl"]),
        ((), ["name one that allowedRoleNames of the settings allows: there is none"]),
        ((CONVENTIONAL_ROLE,), []),
        (None, []),
    ],
    ids=["another", "none", "it", "any"],
)
def test_the_conventional_role_too_is_one_that_settings_allow(
    allowed: tuple[str, ...] | None, told: list[str]
) -> None:
    world = FleetWorld(FLEET)
    world.allowed_role_names = allowed
    kind = kinds()["Account"]
    facts = kind.facts("x", spec_of(kind, ACCOUNT))
    ref = ResourceRef("Account", "x")
    assert [found.fix for rule in kind.rules for found in rule(ref, facts, world)] == told


def test_where_settings_allow_no_secret_none_may_be_named() -> None:
    world = FleetWorld(FLEET)
    world.allowed_secrets = ()
    kind = kinds()["Account"]
    facts = kind.facts("x", spec_of(kind, {**ACCOUNT, "externalId": "secretsmanager://envctl/a"}))
    (found,) = [
        found for rule in kind.rules for found in rule(ResourceRef("Account", "x"), facts, world)
    ]
    assert "no secretsmanager:// at all" in str(found.fix)


def test_an_account_without_a_role_is_reached_by_the_one_of_the_convention() -> None:
    spec = spec_of(kinds()["Account"], ACCOUNT).model_copy(update={"role_arn": None})

    facts = _facts("staging-eu", spec)

    assert (facts.role_account, facts.role_name) == (NUMBER, CONVENTIONAL_ROLE)
