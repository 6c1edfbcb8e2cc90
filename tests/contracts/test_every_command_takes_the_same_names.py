"""Objects, scopes and sources have the same forms on every command: the parser itself says which commands those are."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from moto import mock_aws
from moto.autoscaling.responses import AutoScalingResponse
from moto.core.responses import ActionResult
from typer._click.core import Context
from typer.main import get_command

from controller.cli.commands import COMMANDS, AllCommands
from controller.cli.main import app
from tests.support.command_line import TEAMS, Ended, Fleet, envctl, service, use_settings
from tests.support.fleet_yaml import EMPTY_MAP, NUMBERS, account, environment, one_file

TWINS = (
    "---\napiVersion: envctl/v1\nkind: Cluster\nmetadata: {name: Twin}\nspec: {shortName: tw}\n"
    "---\n" + service("Twin")
)
SCHEDULES = """apiVersion: envctl/v1
kind: Schedule
metadata: {name: hours}
spec: {periods: [{days: mon-fri, from: 08:00, to: 19:00}]}
---
apiVersion: envctl/v1
kind: Schedule
metadata: {name: c60}
spec: {periods: [{days: mon-fri, from: 08:00, to: 19:00}]}
"""
WRONG_USAGE = 64
FOREVER = ("--until", "+2h", "--reason", "r")

OBJECTS: Mapping[tuple[str, str], tuple[str, ...]] = {
    ("render", "ref"): ("render", "{}"),
    ("explain", "what"): ("explain", "{}"),
    ("override make", "what"): ("override", "{}", "description=x", *FOREVER),
    ("override list", "what"): ("override", "list", "{}"),
    ("override yaml", "what"): ("override", "yaml", "{}", "--out", "{out}"),
    ("override release", "what"): ("override", "release", "{}"),
    ("audit list", "entity"): ("audit", "list", "--entity", "{}"),
    ("audit show", "name"): ("audit", "show", "{}"),
    ("audit blame", "ref"): ("audit", "blame", "{}"),
    ("audit state", "what"): ("audit", "state", "{}", "--at", "0s"),
    ("rollback", "what"): ("rollback", "{}", "--plan"),
    ("rollback", "also"): ("rollback", "--to", "1h", "--also", "{}", "--plan"),
    ("schedule preview", "what"): ("schedule", "preview", "{}", "--from", "2027-03-25"),
}
"""(command, parameter) that takes an object -> what is typed."""
SCOPES: Mapping[tuple[str, str], tuple[str, ...]] = {
    ("plan", "scope"): ("plan", "--scope", "{}"),
    ("apply", "scope"): ("apply", "--scope", "{}", "--yes"),
    ("doctor", "scope"): ("doctor", "{}"),
    ("import", "scope"): ("import", "--out", "{out}", "--scope", "{}"),
    ("audit recover", "scope"): ("audit", "recover", "{}"),
}
SOURCES: Mapping[tuple[str, str], tuple[str, ...]] = {
    ("validate", "of"): ("validate", "{}"),
    ("render", "of"): ("render", "{}"),
    ("new", "of"): ("new", "Service", "Pay", "{}"),
    ("plan", "of"): ("plan", "{}"),
    ("apply", "plan"): ("apply", "{}"),
}
NO_OBJECT = {("plan", "beside")}
"""Parameters of another sort: a ref of Git."""
SCHEDULED = {("schedule preview", "what")}
"""Parameters whose objects follow a schedule."""


@pytest.fixture(scope="module")
def estate(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """An installation in which two objects share a name; the settings name no source."""
    folder = tmp_path_factory.mktemp("names")
    with mock_aws(), pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(folder / "cache"))
        patch.setenv("ENVCTL_USER", "ada")
        for what in ("NotificationConfigurations", "InstanceRefreshes"):
            # The reads of groups that moto does not know.
            unknown = "describe_" + re.sub("(?<!^)(?=[A-Z])", "_", what).lower()
            none = ActionResult({what: []})
            patch.setattr(AutoScalingResponse, unknown, lambda _, none=none: none, raising=False)
        fleet = Fleet(folder / "fleet").has({"teams.yaml": TEAMS + TWINS})
        text = f"source: {{folder: {fleet.folder}}}\nlive: {{parallelScopes: 1}}\n"
        use_settings(folder, patch, text)
        hours, other = environment("c50", more=", schedule: hours"), environment("c60")
        fleet.has({"search.yaml": service("Search", 40000)})
        fleet.has({"all.yaml": one_file(account(), EMPTY_MAP, SCHEDULES, hours, other)})
        assert envctl("bootstrap").code == 0
        first = envctl("apply", "--scope", "config", "--yes")
        assert first.code == 0, first.err
        fleet.has({"search.yaml": service("Search", 40000, description="found")})
        assert envctl("apply", "--scope", "config", "--yes").code == 0
        for name in ("Service/Search", "Service/Twin", "Cluster/Twin"):
            value = "keyPair=k" if name.startswith("Cluster") else "description=y"
            made = envctl("override", name, value, *FOREVER, "--yes")
            assert made.code == 0, made.err
        yield folder


def _parameters() -> Iterator[tuple[str, str, str]]:
    """Yield command, parameter and metavar of all that takes a text."""
    for name in COMMANDS:
        yield from _of(AllCommands().get_command(None, name), (name,))


def _of(found: Any, words: tuple[str, ...]) -> Iterator[tuple[str, str, str]]:
    if hasattr(found, "list_commands"):
        for name in found.list_commands(None):
            yield from _of(found.get_command(None, name), (*words, name))
        return
    for parameter in found.params:
        yield " ".join(words), parameter.name, parameter.metavar or ""


def test_every_command_that_takes_one_is_here() -> None:
    by_sort: dict[str, set[tuple[str, str]]] = {"REF": set(), "SCOPE": set(), "SOURCE": set()}
    for command, name, metavar in _parameters():
        for word in metavar.strip("[].").split("|"):
            if word in by_sort and name not in ("source", "base"):
                by_sort[word].add((command, name))

    assert by_sort["REF"] - NO_OBJECT == set(OBJECTS)
    assert by_sort["SCOPE"] == set(SCOPES)
    assert by_sort["SOURCE"] == set(SOURCES)


def test_help_names_what_is_typed_and_no_type_of_python() -> None:
    helps = dict(_helps(get_command(app), None, "envctl"))

    assert len(helps) > len(COMMANDS)
    for command, text in helps.items():
        assert not re.findall(r"<(?:str|int|float|path|list)\b[^>]*>", text), command


def _helps(found: Any, above: Any, name: str) -> Iterator[tuple[str, str]]:
    """Yield each command below and including one, with its help."""
    context = Context(found, info_name=name, parent=above)
    yield context.command_path, found.get_help(context)
    for below in found.list_commands(context) if hasattr(found, "list_commands") else ():
        yield from _helps(found.get_command(context, below), context, below)


def typed(words: tuple[str, ...], name: str, out: Path) -> Ended:
    return envctl(*(word.replace("{out}", str(out)).replace("{}", name) for word in words))


@pytest.mark.slow
@pytest.mark.parametrize("parameter", OBJECTS, ids=" ".join)
def test_an_object_goes_by_kind_and_name_or_by_its_name(
    parameter: tuple[str, str], estate: Path, tmp_path: Path
) -> None:
    name, kind = ("c50", "Environment") if parameter in SCHEDULED else ("Search", "Service")
    both = typed(OBJECTS[parameter], f"{kind}/{name}", tmp_path / "both")
    alone = typed(OBJECTS[parameter], name, tmp_path / "alone")

    assert alone.code == both.code
    assert _plain(alone, "alone") == _plain(both, "both")
    assert f"there is no {name}" not in alone.err


@pytest.mark.slow
@pytest.mark.parametrize("parameter", OBJECTS, ids=" ".join)
def test_where_a_name_may_be_several_they_are_listed(
    parameter: tuple[str, str], estate: Path, tmp_path: Path
) -> None:
    name, refs = "Twin", ("Cluster/Twin", "Service/Twin")
    if parameter in SCHEDULED:
        name, refs = "c60", ("Schedule/c60", "Environment/c60")

    ended = typed(OBJECTS[parameter], name, tmp_path / "out")

    assert all(ref in ended.out + ended.err for ref in refs)
    if parameter[0] != "override list":
        # That shows what is held of each of them.
        assert ended.code == WRONG_USAGE


@pytest.mark.slow
@pytest.mark.parametrize("parameter", SCOPES, ids=" ".join)
def test_a_scope_goes_by_its_own_name_its_accounts_and_its_number(
    parameter: tuple[str, str], estate: Path, tmp_path: Path
) -> None:
    said = [
        typed(SCOPES[parameter], name, tmp_path / f"out{place}")
        for place, name in enumerate(("staging-eu/eu-west-1", "staging-eu", NUMBERS["staging-eu"]))
    ]

    assert "there is no scope" not in said[0].err
    assert len({ended.code for ended in said}) == 1
    assert len({_plain(ended, f"out{place}") for place, ended in enumerate(said)}) == 1


@pytest.mark.slow
@pytest.mark.parametrize("parameter", SOURCES, ids=" ".join)
def test_a_source_may_be_typed_without_its_option(parameter: tuple[str, str], estate: Path) -> None:
    words = SOURCES[parameter]
    there = str(estate / "fleet")
    alone = envctl(*(word.replace("{}", there) for word in words))
    option = envctl(*(word for word in words if word != "{}"), "--source", there)
    twice = envctl(*(word.replace("{}", there) for word in words), "--source", there)

    assert (alone.code, alone.out, alone.err) == (option.code, option.out, option.err)
    assert twice.code == WRONG_USAGE
    assert "two sources are named" in twice.err


@pytest.mark.slow
@pytest.mark.parametrize(
    "words", ["get services Search", "get service/Search", "get Service/Search"]
)
def test_a_list_takes_names(words: str, estate: Path) -> None:
    shown = envctl(*words.split(), "-o", "name")

    assert (shown.code, shown.out) == (0, "Service/Search\n")
    assert "did you mean Search" in envctl("get", "services", "Serch").err


def _plain(ended: Ended, folder: str) -> str:
    """Return what was said, but for ids, moments and a folder's name."""
    said = (ended.out + ended.err).replace(folder, "")
    # A second, a minute or a day may end between two commands.
    return re.sub(
        r"HELD[0-9A-F]+|[0-9]+ (s|min|h)\b|[0-9]+|today|tomorrow|[A-Z][a-z]{2} (?=[0-9])", "…", said
    )
