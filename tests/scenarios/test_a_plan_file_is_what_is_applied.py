"""A plan file is reviewed and passed on: what it says, to the last field, is what is applied, or nothing is.

Covers: engine.reconcile.combined_plan.
"""

import copy
import json
import random
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any, Final

import pytest

from controller.aws.items import to_wire
from controller.aws.transactions import PutWrite
from controller.cli.invocation import Invocation
from controller.engine.commit.lease import Claim
from controller.engine.reconcile.combined_plan import CombinedPlan, Reach, ReconcileRequest
from controller.errors import PlanChanged, WrongUsage
from controller.events import discard_event
from controller.model.canonical import canonical_bytes, digest_of
from controller.planning.plan_file import read_plan
from controller.views.documents.plan_review import check_plan_file
from tests.support.command_line import TEAMS, Fleet, envctl, installation, service, use_settings
from tests.support.fleet_yaml import EMPTY_MAP, account, environment, one_file
from tests.support.git_repository import Repository
from tests.support.told import Told

ALERTS = """apiVersion: envctl/v1
kind: NotificationSettings
metadata: {name: %s}
spec: {ticketing: queue}
"""
FOUR = {f"a{n}.yaml": ALERTS % f"a{n}" for n in range(4)}
MERGED = "approvals: {inCommits: merged, committers: [Ada Author <ada@example.com>]}"


@pytest.fixture
def repository(installed: Fleet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repository:
    """Four objects are applied, and the newest commit removes them, which is refused."""
    made = Repository.at(tmp_path / "repository")
    settings = f'source: {{git: {{url: "{made.url}", ref: main}}}}\n'
    use_settings(tmp_path, monkeypatch, settings + MERGED)
    made.commit({"teams.yaml": TEAMS, **FOUR})
    assert envctl("apply", "--yes").code == 0
    made.commit(dict.fromkeys(FOUR), "four go")
    return made


def token_in(file: Path) -> str:
    (violation,) = json.loads(file.read_text())["scopes"][0]["violations"]
    return str(violation["token"])


def test_a_harmless_text_around_the_true_digest_applies_nothing(
    repository: Repository, tmp_path: Path
) -> None:
    file = tmp_path / "p1.json"
    assert envctl("plan", "--scope", "config", "--out", file).code == 3
    forged = json.loads(file.read_text())
    token = token_in(file)
    first = forged["scopes"][0]["changes"][0]
    harmless = {**first, "action": "update", "kind": "Service", "key": "Search"}
    forged["scopes"][0] |= {"changes": [harmless], "violations": [], "state": "ok"}
    file.write_text(json.dumps(forged))
    repository.git("commit", "--quiet", "--amend", "-m", f"four go\n\nEnvctl-Approve: {token}")

    refused = envctl("apply", file, "--yes")

    assert refused.code == 4
    assert "not reviewed: delete NotificationSettings/a0" in refused.err
    assert len(envctl("plan", "--format", "json").json["scopes"][0]["changes"]) == 4


def test_a_file_of_a_refused_plan_is_not_applied_by_approving_it_later(
    repository: Repository, tmp_path: Path
) -> None:
    refused, approved = tmp_path / "refused.json", tmp_path / "approved.json"
    assert envctl("plan", "--out", refused).code == 3
    token = token_in(refused)
    assert envctl("plan", "--approve", token, "--out", approved).code == 2

    late = envctl("apply", refused, "--approve", token, "--yes")

    assert late.code == 4
    assert "approved: the file says false, now true" in late.err
    assert envctl("apply", approved, "--yes").code == 4, "an approval is given by who applies"
    assert envctl("apply", approved, "--approve", token, "--yes").code == 0


def test_whoever_applies_an_approved_file_does_not_do_it_in_anothers_name(
    repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "plan.json"
    envctl("plan", "--out", file)
    token = token_in(file)
    envctl("plan", "--approve", token, "--out", file)
    monkeypatch.setenv("ENVCTL_USER", "mallory")

    refused = envctl("apply", file, "--approve", token, "--yes")

    assert refused.code == 4
    assert 'the file says "--approve by ada", now "--approve by mallory"' in refused.err


@pytest.mark.tells("controller/errors.py", "plan")
def test_the_same_changes_of_another_revision_are_another_plan(
    repository: Repository, tmp_path: Path, told: Told
) -> None:
    file = tmp_path / "plan.json"
    repository.commit({"a0.yaml": ALERTS % "a0", "a1.yaml": ALERTS % "a1"})
    assert envctl("plan", "--out", file).code == 2
    repository.git("commit", "--quiet", "--amend", "-m", "another text")

    refused = envctl("apply", file, "--yes")

    assert refused.code == 4
    assert "the source moved on" in refused.err
    assert told.types(refused.err, "plan", "--out", file).code == 2
    assert envctl("apply", file, "--yes").code == 0


@pytest.mark.slow
def test_digests_are_whole_in_files(repository: Repository, tmp_path: Path) -> None:
    file = tmp_path / "plan.json"
    repository.commit({"a0.yaml": ALERTS % "a0", "a1.yaml": ALERTS % "a1"})
    envctl("plan", "--out", file)
    plan = json.loads(file.read_text())
    file.write_text(json.dumps({**plan, "digest": plan["digest"][:16]}))

    assert envctl("apply", file, "--yes").code == 64
    assert envctl("apply", "--expect", plan["digest"][:15], "--yes").code == 64
    assert envctl("apply", "--expect", plan["digest"][:16], "--yes").code == 0


@pytest.mark.slow
def test_a_file_is_applied_whoever_laid_it_out_and_under_whatever_label(
    repository: Repository, tmp_path: Path
) -> None:
    file = tmp_path / "plan.json"
    repository.commit({"a0.yaml": ALERTS % "a0", "a1.yaml": ALERTS % "a1"})
    envctl("plan", "--out", file)
    plan = json.loads(file.read_text())
    file.write_bytes(canonical_bytes({**plan, "label": "main", "controllerVersion": "0.0.1"}))

    assert envctl("apply", file, "--yes").code == 0


FLEET = {
    "fleet.yaml": one_file(
        account(),
        EMPTY_MAP,
        *(environment(f"c{n}", more=", schedule: {use: office}") for n in range(3)),
        service("Search", 40001),
        service("Checkout", 40002),
    ),
    "office.yaml": """apiVersion: envctl/v1
kind: Schedule
metadata: {name: office}
spec: {timezone: Europe/London, periods: [{days: Mon-Fri, from: "08:00", to: "19:00"}]}
""",
    **FOUR,
}
EDITED = {
    "more.yaml": service("Reviews", 40003),
    "office.yaml": FLEET["office.yaml"].replace("19:00", "20:00"),
    "new.yaml": ALERTS % "new",
    **dict.fromkeys(FOUR),
}
EDITS: Final = 1_000


class Desk:
    """Where a plan file comes in: it is read, the plan is made anew as the file was asked for, and both are compared."""

    def __init__(self, fleet: Fleet, token: str = "") -> None:
        self._fleet = fleet
        self._call = Invocation(None, None)
        self.planned = cache(self._planned)
        self._approvals = (token,) if token else ()
        self.compared = 0
        """So many files had the form of one."""

    def _planned(self, scopes: tuple[str, ...], options: tuple[str, ...]) -> CombinedPlan:
        request = ReconcileRequest(
            requester=self._call.requester("apply"),
            claim=Claim("desk"),
            reach=Reach.PLAN,
            scopes=scopes,
            approvals=self._approvals,
            deep="deep" in options,
        )
        return self._call.reconciler(str(self._fleet.folder), discard_event).plan(request)

    def accepts(self, data: bytes) -> bool:
        """Tell whether a file would be applied."""
        try:
            claim = read_plan(data)
            planned = self.planned(claim.scopes, claim.options)
            self.compared += 1
            check_plan_file(claim, planned, self._call.process.clock())
        except (WrongUsage, PlanChanged):
            return False
        return True


def _places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if path:
        yield path
    members: list[Any] = list(enumerate(value)) if isinstance(value, list) else []
    for name, member in value.items() if isinstance(value, dict) else members:
        yield from _places(member, (*path, name))


def _lie(value: Any, chance: random.Random) -> Any:
    """Return another value: most often of the same type, as who lies would."""
    match value:
        case bool():
            return not value
        case int() | float():
            return chance.choice([value + 1, 0, -value, float(value), str(value)])
        case str() if len(value) == 64:
            return digest_of(value)
        case str():
            others = [value + "x", value[1:], value.upper(), "", "config", "ok", "harmless"]
            return chance.choice(others)
        case list():
            return chance.choice([[], value[:-1], value[1:], value[::-1], value + value[:1]])
        case dict():
            return {}
        case _:
            return 0


def _edited(plan: Any, chance: random.Random, true_digest: str) -> Any:
    """Return a plan with one to three edits, and a digest made good again."""
    edited = copy.deepcopy(plan)
    for _ in range(chance.choice((1, 1, 2, 3))):
        places = list(_places(edited))
        if not places:
            break
        *above, last = chance.choice(places)
        holder = edited
        for step in above:
            holder = holder[step]
        act = chance.randrange(4)
        if act == 0:
            del holder[last]
        elif act == 1 and isinstance(holder, dict):
            holder[f"{last}Too"] = holder[last]
        elif act == 1:
            holder.insert(last, copy.deepcopy(holder[chance.randrange(len(holder))]))
        else:
            holder[last] = _lie(holder[last], chance)
    if chance.random() < 0.5:
        edited["digest"] = true_digest
    elif chance.random() < 0.5:
        edited["digest"] = digest_of(edited)
    return edited


def _told(plan: Any) -> bytes:
    """Return what a file says, without how the revision is called, who wrote it and the moment of the look."""
    told_besides = ("label", "controllerVersion", "plannedFrom")
    said = {name: plan.get(name) for name in plan if name not in told_besides}
    if isinstance(said.get("schedules"), dict):
        said["schedules"] = {**said["schedules"], "at": ""}
    return canonical_bytes(said)


@pytest.fixture
def estate(installed: Fleet) -> Fleet:
    """A fleet whose plan has every sort of entry: changes, a violation, notes, and what they mean for schedules."""
    installed.has({**FLEET, "search.yaml": None})
    assert installed.apply("--scope", "config").code == 0
    store = installation().master.store
    item = {"ServiceName": "Theirs", "Value": {"OwningCluster": "Tango"}}
    store.write(PutWrite("InfraConfigServices", to_wire(item)))
    return installed.has(EDITED)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(2))
def test_of_a_thousand_edited_files_none_is_applied(
    estate: Fleet, tmp_path: Path, seed: int
) -> None:
    refused_file, approved_file = tmp_path / "refused.json", tmp_path / "approved.json"
    assert estate.plan("--scope", "config", "--out", refused_file).code == 3
    token = token_in(refused_file)
    estate.plan("--scope", "config", "--approve", token, "--out", approved_file)
    refused, approved = (json.loads(f.read_text()) for f in (refused_file, approved_file))
    scope = approved["scopes"][0]
    assert all((scope["changes"], scope["violations"], scope["unmanaged"], approved["schedules"]))
    desk, chance = Desk(estate, token), random.Random(seed)

    accepted, edits = [], 0
    while edits < EDITS // 2:
        edited = _edited(chance.choice((refused, approved)), chance, approved["digest"])
        if _told(edited) in (_told(approved), _told(refused)):
            continue
        edits += 1
        if desk.accepts(json.dumps(edited).encode()):
            accepted.append(edited)

    assert accepted == []
    assert desk.compared > EDITS // 8, "many have the form of a plan file"
    assert desk.accepts(approved_file.read_bytes())
    assert not desk.accepts(refused_file.read_bytes()), "it was refused when it was made"
    assert not Desk(estate).accepts(approved_file.read_bytes()), "nobody approves it now"


TEXTUAL: Final[dict[str, Callable[[bytes], bytes]]] = {
    "cut": lambda data: data[:-20],
    "a field said twice": lambda data: b'{"digest": "' + b"0" * 64 + b'",' + data[1:],
    "a field said twice, deep": lambda data: data.replace(
        b'"approved": true', b'"approved": false, "approved": true'
    ),
    "a number for a truth": lambda data: data.replace(b'"approved": true', b'"approved": 1'),
    "a fraction for a number": lambda data: data.replace(b"40003", b"40003.0"),
    "not a number": lambda data: data.replace(b"40003", b"NaN"),
    "deep nesting": lambda data: data[:-2] + b',"x":' + b"[" * 5_000 + b"]" * 5_000 + b"}",
    "a moment that is none": lambda data: data.replace(b'"at": "20', b'"at": "00'),
    "a moment long ago": lambda data: data.replace(b'"at": "20', b'"at": "19'),
    "a moment to come": lambda data: data.replace(b'"at": "20', b'"at": "99'),
}


@pytest.mark.slow
@pytest.mark.parametrize("how", TEXTUAL)
def test_what_readers_of_json_take_differently_is_not_applied(
    estate: Fleet, tmp_path: Path, how: str
) -> None:
    file = tmp_path / "plan.json"
    estate.plan("--scope", "config", "--out", file)
    token = token_in(file)
    estate.plan("--scope", "config", "--approve", token, "--out", file)
    data = file.read_bytes()
    edited = TEXTUAL[how](data)

    desk = Desk(estate, token)

    assert edited != data
    assert desk.accepts(data)
    assert not desk.accepts(edited)


@pytest.mark.slow
def test_a_file_without_one_of_its_scopes_is_the_file_of_a_smaller_plan(
    estate: Fleet, tmp_path: Path
) -> None:
    estate.has({**FOUR})
    whole, smaller = tmp_path / "whole.json", tmp_path / "smaller.json"
    estate.plan("--out", whole)
    estate.plan("--scope", "config", "--out", smaller)
    plan = json.loads(whole.read_text())
    plan["scopes"] = [scope for scope in plan["scopes"] if scope["scope"] == "config"]

    desk = Desk(estate)

    assert len(json.loads(whole.read_text())["scopes"]) > 1
    assert not desk.accepts(json.dumps(plan).encode()), "its digest is that of the whole"
    assert desk.accepts(smaller.read_bytes())
