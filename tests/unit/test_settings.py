import json
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from controller.errors import WrongUsage
from controller.kinds.language.kind import of_rules
from controller.planning.guards import GuardSettings
from controller.settings import Settings, read_settings, setting_paths, variable_of
from controller.views.schema_files import SETTINGS_SCHEMA, schema_files

EXAMPLES = Path(__file__).parents[2] / "examples" / "settings"

WHOLE = b"""
region: eu-west-2
resourcePrefix: test-
compatibility: environment-manager
source: {git: {url: "https://git.example/fleet.git", ref: main, path: fleet, credentials: "env://TOKEN"}}
targets: {tables: observe}
guards: {maxDeleteShare: 0.5, maxDeletes: 60}
allowedRoleNames: [one, two]
"""


def test_without_anything_they_are_the_defaults() -> None:
    settings = read_settings("x", b"", {})

    assert settings == Settings()
    assert not settings.options.old_user_data
    assert settings.guards == GuardSettings()


def test_everything_can_be_set() -> None:
    settings = read_settings("x.yaml", WHOLE, {})

    assert settings.region == "eu-west-2"
    assert settings.source.git is not None
    assert settings.source.git.path == "fleet"
    assert settings.guards == GuardSettings(max_delete_share=0.5, max_deletes=60)
    assert settings.allowed_role_names == ("one", "two")
    assert settings.options.old_user_data


def test_the_environment_wins() -> None:
    settings = read_settings(
        "x.yaml",
        WHOLE,
        {
            "ENVCTL_REGION": "eu-west-3",
            "ENVCTL_RESOURCE_PREFIX": "",
            "ENVCTL_GUARDS_MAX_DELETES": "7",
            "ENVCTL_SOURCE_GIT_REF": "release",
            "ENVCTL_ALLOWED_ROLE_NAMES": "three, four",
        },
    )

    assert settings.region == "eu-west-3"
    assert settings.resource_prefix == ""
    assert settings.guards.max_deletes == 7
    assert settings.source.git is not None
    assert settings.source.git.ref == "release"
    assert settings.allowed_role_names == ("three", "four")


MERGED = b"approvals: {inCommits: merged, committers: [A <a@b.cd>]}\n"


@pytest.mark.parametrize(
    ("text", "environment", "says"),
    [
        (b"regoin: x\n", {}, "s.yaml:1:1: regoin: unknown field 'regoin'"),
        (b"regoin: x\n", {}, "did you mean 'region'?"),
        (b"guards: {maxDeletes: many}\n", {}, "guards.maxDeletes: expected a whole number"),
        (b"source: {git: {ref: main}}\n", {}, "source.git: url is missing"),
        (b"source: {git: {url: x}, folder: y}\n", {}, "expected one source, found git and folder"),
        (MERGED + b"source: {git: {url: x}}\n", {}, "name the protected branch in source.git.ref"),
        (
            b"approvals: {inCommits: merged}\n",
            {},
            "s.yaml:1:12: approvals: inCommits: merged, but nobody's",
        ),
        (b"ledger: {keepDays: 400}\n", {}, "ledger.keepDays is given, but no place"),
        (b"ledger: {keepDays: 29}\n", {}, "ledger.keepDays"),
        (b"region: [\n", {}, "s.yaml:"),
        (b"region: a\n---\nregion: b\n", {}, "s.yaml:3: the settings are one document"),
        (b"", {"ENVCTL_GUARDS_MAX_DELETES": "x"}, "the environment: ENVCTL_GUARDS_MAX_DELETES"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(
    text: bytes, environment: dict[str, str], says: str
) -> None:
    with pytest.raises(WrongUsage) as refused:
        read_settings("s.yaml", text, environment)

    assert says in str(refused.value)


def test_each_setting_has_a_variable_of_its_own() -> None:
    names = [variable_of(path) for path in setting_paths(Settings)]

    assert len(set(names)) == len(names)
    assert "ENVCTL_GUARDS_MAX_DELETE_SHARE" in names


@pytest.mark.parametrize(
    ("text", "accepted"),
    [
        ({}, True),
        ({"region": "eu-west-1", "guards": {"maxDeletes": 5}}, True),
        ({"allowedRoleNames": ["a"]}, True),
        ({"guards": {"maxDeletes": -1}}, False),
        ({"guards": {"maxDeleteShare": 1.5}}, False),
        ({"targets": {"tables": "maybe"}}, False),
        ({"source": {"git": {}}}, False),
        ({"nonsense": 1}, False),
    ],
)
def test_the_schema_and_the_settings_agree(text: dict[str, object], accepted: bool) -> None:
    schema = json.loads(schema_files()[SETTINGS_SCHEMA])
    Draft202012Validator.check_schema(schema)

    try:
        read_settings("s.yaml", json.dumps(text).encode(), {})
        read = True
    except WrongUsage:
        read = False

    assert (read, Draft202012Validator(schema).is_valid(text)) == (accepted, accepted)


def test_committed_schemas_are_what_the_models_say() -> None:
    folder = Path(__file__).parents[2] / "schemas"
    wanted = schema_files()

    there = {path.relative_to(folder).as_posix() for path in folder.rglob("*.json")}
    assert there == set(wanted)
    assert [name for name, text in wanted.items() if (folder / name).read_bytes() != text] == []


@pytest.mark.parametrize(
    "git",
    [
        '{url: "https://a:hunter2@x.example", credentials: hunter2, bogus: 1}',
        '{bogus: 1, url: "https://a:hunter2@x.example"}',
        "{url: [hunter2], credentials: [hunter2]}",
        "{url: hunter2, url: x}",
        "{credentials: hunter2",
    ],
)
def test_no_problem_shows_a_credential(git: str) -> None:
    with pytest.raises(WrongUsage) as caught:
        read_settings("envctl.yaml", f"source: {{git: {git}}}\n".encode(), {})

    assert "envctl.yaml:" in str(caught.value)
    assert "hunter2" not in str(caught.value)


def test_documents_are_allowed_secrets_of_secrets_manager_alone() -> None:
    assert Settings().allowed_secrets == ("secretsmanager://envctl/",)
    given = {"ENVCTL_ALLOWED_SECRETS": "secretsmanager://a/,secretsmanager://b"}
    allowed = read_settings("x", b"", given).of_rules.allowed_secrets
    assert allowed == ("secretsmanager://a/", "secretsmanager://b")
    assert read_settings("x", b"allowedSecrets: []", {}).options.allowed_secrets == ()


def test_rules_know_which_roles_may_be_assumed() -> None:
    own = read_settings("x", b"allowedRoleNames: [a]", {})
    assert (own.of_rules.allowed_role_names, of_rules(own.options).allowed_role_names) == (
        ("a",),
        ("a",),
    )
    with pytest.raises(
        WrongUsage, match=r"x:1:17: allowedSecrets.*'env://' is no secret that documents"
    ):
        read_settings("x", b"allowedSecrets: ['env://']", {})


@pytest.mark.parametrize("file", sorted(EXAMPLES.glob("*.yaml")), ids=lambda file: file.name)
def test_examples_are_settings(file: Path) -> None:
    settings = read_settings(file.name, file.read_bytes(), {})

    assert settings.source.is_named
