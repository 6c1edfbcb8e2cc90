"""What documents may name of the secrets there are."""

import pytest

from controller.kinds.parts.secret_references import SecretName, is_allowed, is_prefix, secret_name

ALLOWED = ("secretsmanager://envctl/", "secretsmanager://shared")


@pytest.mark.parametrize(
    ("reference", "allowed", "why"),
    [
        ("secretsmanager://envctl/external-ids#staging-eu", True, "below the prefix"),
        ("secretsmanager://envctl/a/b", True, "at any depth"),
        ("secretsmanager://shared", True, "by its whole name"),
        ("secretsmanager://shared#key", True, "any field of it"),
        ("secretsmanager://shared/more", False, "a name is no folder"),
        ("secretsmanager://shared-too", False, "nor the beginning of others"),
        ("secretsmanager://envctl/", False, "the folder is no secret"),
        ("secretsmanager://envctl/../prod", False, "no step leads out"),
        ("secretsmanager://envctl/%2e%2e/prod", False, "nothing is decoded"),
        ("secretsmanager://envctl/arn:aws:x", False, "no ARN"),
        ("env://TOKEN", False, "no variable"),
        ("s3://envctl/key", False, "no object"),
    ],
)
def test_a_document_names_what_is_allowed(reference: str, allowed: bool, why: str) -> None:
    assert is_allowed(reference, ALLOWED) is allowed, why


def test_nothing_is_allowed_where_nothing_is_said() -> None:
    assert not is_allowed("secretsmanager://envctl/a", ())


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("secretsmanager://a/b#c", SecretName("a/b", "c")),
        ("secretsmanager://a", SecretName("a", None)),
        ("secretsmanager://a//b", None),
        ("secretsmanager://a#", None),
        ("a", None),
    ],
)
def test_a_reference_is_read(text: str, name: SecretName | None) -> None:
    assert secret_name(text) == name


@pytest.mark.parametrize(
    ("text", "good"),
    [
        ("secretsmanager://envctl/", True),
        ("secretsmanager://one", True),
        ("secretsmanager://", False),
        ("secretsmanager:///", False),
        ("secretsmanager://a/../", False),
        ("secretsmanager://arn:aws:x/", False),
        ("env://", False),
        ("s3://bucket/", False),
    ],
)
def test_settings_allow_secrets_of_secrets_manager_alone(text: str, good: bool) -> None:
    assert is_prefix(text) is good
