"""A variable that begins as envctl's do and is none of them is told, as an unknown setting is."""

import pytest

from controller.cli.remote.server import server_of
from controller.errors import WrongUsage
from controller.settings import VARIABLES, read_settings
from controller.variables import NOT_SETTINGS
from tests.support.command_line import envctl


@pytest.mark.parametrize(
    ("name", "fix"),
    [
        ("ENVCTL_TARGETS_GROUP", "did you mean ENVCTL_TARGETS_GROUPS?"),
        ("ENVCTL_GUARDS_MAXDELETES", "did you mean ENVCTL_GUARDS_MAX_DELETES?"),
        ("ENVCTL_CONFG", "did you mean ENVCTL_CONFIG?"),
        ("ENVCTL_SERVER_URL", "did you mean ENVCTL_SERVER?"),
        ("ENVCTL_targets_groups", "did you mean ENVCTL_TARGETS_GROUPS?"),
        ("ENVCTL_BINARY_HOME", "unset it, or give it a name that does not begin with ENVCTL_"),
    ],
)
def test_an_unknown_variable_is_refused(name: str, fix: str) -> None:
    with pytest.raises(WrongUsage) as refused:
        read_settings("s.yaml", b"", {name: "off", "PATH": "/bin"})

    assert f"the environment: {name}: unknown variable\n  fix: {fix}" in str(refused.value)


def test_all_that_is_wrong_is_told_at_once() -> None:
    with pytest.raises(WrongUsage) as refused:
        read_settings("s.yaml", b"regoin: x", {"ENVCTL_A": "", "ENVCTL_HTTP_PORT": "x"})

    for wrong in ("ENVCTL_A: unknown", "ENVCTL_HTTP_PORT: expected", "s.yaml:1:1: regoin"):
        assert wrong in str(refused.value)


@pytest.mark.parametrize(
    ("text", "environment", "because"),
    [
        ("", {"_ENVCTL_COMPLETE": "x", "envctl_config": "x"}, "they do not begin so"),
        ("", dict.fromkeys(NOT_SETTINGS, ""), "they are no settings"),
        (
            "source: {git: {url: 'https://h/r', credentials: 'env://ENVCTL_GIT'}}",
            {"ENVCTL_GIT": "secret"},
            "the settings name it",
        ),
        (
            "",
            {"ENVCTL_NOTIFY_WEBHOOK": "env://ENVCTL_HOOK", "ENVCTL_HOOK": "https://h"},
            "another variable names it",
        ),
        (
            "",
            {
                "ENVCTL_SERVICE_HOST": "10.0.0.1",
                "ENVCTL_SERVICE_PORT_WEB": "80",
                "ENVCTL_PORT": "tcp://10.0.0.1:80",
                "ENVCTL_PORT_80_TCP": "tcp://10.0.0.1:80",
                "ENVCTL_PORT_80_TCP_ADDR": "10.0.0.1",
                "ENVCTL_API_PORT": "tcp://10.0.0.1:80",
            },
            "Kubernetes makes it",
        ),
    ],
)
def test_what_others_set_is_left_alone(
    text: str, environment: dict[str, str], because: str
) -> None:
    assert read_settings("s.yaml", text.encode(), environment).region == "eu-west-1", because


def test_a_port_that_is_none_of_kubernetes_is_misspelt() -> None:
    with pytest.raises(WrongUsage, match="did you mean ENVCTL_HTTP_PORT"):
        read_settings("s.yaml", b"", {"ENVCTL_HTTPS_PORT": "8080"})


def test_no_setting_has_the_name_of_another_variable() -> None:
    assert NOT_SETTINGS.keys().isdisjoint(VARIABLES)


def test_so_it_is_where_a_server_answers() -> None:
    with pytest.raises(WrongUsage, match="did you mean ENVCTL_TOKEN"):
        server_of({"ENVCTL_SERVER": "http://127.0.0.1:1", "ENVCTL_TOKN": "x"})


def test_a_command_ends_as_with_a_wrong_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ENVCTL_TARGETS_GROUP", "off")

    ended = envctl("validate", "examples/fleet")

    assert ended.code == 64
    assert "did you mean ENVCTL_TARGETS_GROUPS?" in ended.err
