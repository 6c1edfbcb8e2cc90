"""The accepted state: read back from items, incrementally, with overrides laid over it, and never by guessing."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from controller.catalog import kinds
from controller.engine.config.observe import seen_in_desired
from controller.engine.desired.accepted import AcceptedReader, accepted_after
from controller.engine.desired.stored_objects import stored_objects
from controller.engine.live.accounts import LiveAccounts
from controller.engine.live.observe import environments_of
from controller.kinds.language.kind import RuleSettings
from controller.loading.resolve import desired_from_items
from controller.loading.validated import ValidatedDocument, validate_document
from controller.model.accepted import LiveOptions
from controller.model.canonical import ABSENT, canonical_bytes, parse_canonical
from controller.model.observed import ObservedState, Ownership, ScopeState
from controller.model.override import Override
from controller.model.plan import Cause, Change, ScopePlan
from controller.model.ref import ResourceRef
from controller.model.resource import DesiredState
from controller.planning.fields import keep_found
from controller.settings import Mode, Settings
from tests.support.yaml_fleet import KINDS, examples, loaded

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
RESOURCES = loaded(examples()).resources
C50 = ResourceRef("Environment", "c50")


def tables() -> ObservedState:
    """The example fleet as the tables hold it once it has been applied."""
    (state,) = seen_in_desired(DesiredState("9f1e0aa", "main", "ada", "", RESOURCES)).scopes
    return state


def reader() -> AcceptedReader:
    return AcceptedReader(KINDS, LiveOptions(), "inst-1")


def override(path: str = "", value: object = ABSENT, until: datetime | None = None) -> Override:
    return Override("o-1", C50, "release night", "ada", NOW, path=path, value=value, until=until)


def test_what_was_applied_is_what_is_accepted() -> None:
    accepted = reader().read(tables(), NOW)
    assert accepted.resources.keys() == RESOURCES.keys()
    assert accepted.unreadable == {}
    for ref, resource in RESOURCES.items():
        document = accepted.resources[ref].document
        again = validate_document(KINDS[ref.kind], document, resource.origin, 0)
        assert isinstance(again, ValidatedDocument)
        assert again.ref == ref
    assert accepted.spec("Environment", "c50") is accepted.specs[C50]
    assert accepted.spec("Environment", "nobody") is None
    assert C50 in list(accepted.of_kind("Environment"))
    assert not accepted.operational("c50", "DeploymentsLocked")


def test_what_did_not_change_is_not_read_again() -> None:
    state, read = tables(), reader()
    first = read.read(state, NOW)
    again = read.read(state, NOW)
    assert again.specs[C50] is first.specs[C50]


def test_what_is_not_ours_or_cannot_be_read_is_left_out_and_said() -> None:
    state = tables()
    found = state.objects[C50]
    assert found.mark is not None
    items = parse_canonical(found.attributes)
    items["ConfigEnvironments"]["Value"]["OwningCluster"] = 7
    broken = found._replace(attributes=canonical_bytes(items))
    lost = found._replace(mark=None, ownership=Ownership.LOST_MARK)
    foreign = found._replace(ownership=Ownership.FOREIGN)
    for one, said in ((broken, "owningCluster"), (lost, "mark is lost"), (foreign, None)):
        accepted = reader().read(replace(state, objects={**state.objects, C50: one}), NOW)
        assert C50 not in accepted.resources
        assert len(accepted.resources) == len(RESOURCES) - 1
        assert (said or "") in accepted.unreadable.get(C50, "")
        assert (C50 in accepted.unreadable) is (said is not None)


def test_overrides_are_laid_over_while_they_hold() -> None:
    night = override("schedule", "on", NOW + timedelta(hours=1))
    read = reader()
    plain = read.read(tables(), NOW)
    during = read.read(tables(), NOW, [night])
    after = read.read(tables(), NOW + timedelta(hours=2), [night])
    assert plain.specs[C50].schedule.mode != "on"
    assert during.specs[C50].schedule.mode == "on"
    assert during.operational("c50", "ManualScheduleUp")
    assert during.overrides == (night,)
    assert after.specs[C50] == plain.specs[C50]
    assert after.overrides == ()


def test_an_override_that_does_not_fit_leaves_the_object_alone() -> None:
    accepted = reader().read(tables(), NOW, [override("owningCluster", 7)])
    assert C50 not in accepted.resources
    assert "an override does not fit it (o-1)" in accepted.unreadable[C50]


def test_accepted_after_a_plan_is_what_the_plan_leaves() -> None:
    state = tables()
    wanted = loaded(
        {**examples(), "x.yaml": "apiVersion: envctl/v1\nkind: Cluster\nmetadata: {name: New}\n"
         "spec: {shortName: ne}\n"}
    ).resources[ResourceRef("Cluster", "New")].projection  # fmt: skip
    create = Change(
        "create", "tables", wanted.ref, Cause.EDITED, (), None, wanted.attributes, wanted.extra,
        wanted.digest, b"null",
    )  # fmt: skip
    delete = replace(create, action="delete", ref=C50, after=None)
    after = accepted_after(state, ScopePlan("config", ScopeState.OK, (create, delete)))
    accepted = reader().read(after, NOW)
    assert accepted.spec("Cluster", "New").short_name == "ne"
    assert C50 not in accepted.resources
    assert C50 in state.objects


@pytest.mark.parametrize(
    ("one", "other", "result"),
    [
        ("off", "enforce", "off"),
        ("observe", "enforce", "observe"),
        ("enforce", "enforce", "enforce"),
        ("observe", "off", "off"),
    ],
)
def test_the_weaker_mode(one: Mode, other: Mode, result: Mode) -> None:
    for mode, of_target in ((one, other), (other, one)):
        settings = Settings.model_validate({"targets": {"power": of_target}})
        assert settings.targets.of("power", mode) == result


def test_scopes_are_those_of_types_and_accounts() -> None:
    accepted = reader().read(tables(), NOW)
    settings = Settings()
    process = SimpleNamespace(environment={}, clock=lambda: NOW)
    master = SimpleNamespace(settings=settings, kinds=kinds(), aws=None, process=process)
    installation: Any = SimpleNamespace(id="id", master=master)
    setups = LiveAccounts(installation).scopes(accepted)
    assert [one.scope.name for one in setups] == sorted(one.scope.name for one in setups)
    assert all(len(one.scope.account) == 12 for one in setups)
    live = LiveAccounts(installation)
    for name in setups[0].scope.called:
        chosen = live.scopes(accepted, (name,))
        assert setups[0] in chosen
        assert {one.scope.account for one in chosen} == {setups[0].scope.account}
    homes = [
        name for setup in setups for name in environments_of(accepted, setup.scope, settings.region)
    ]
    assert sorted(homes) == sorted(ref.key for ref in accepted.of_kind("Environment"))


def test_what_the_tables_hold_is_desired_again_as_it_was_applied() -> None:
    state = tables()
    created = {}
    for ref, found in state.objects.items():
        shared, owned = KINDS[ref.kind].shared, RESOURCES[ref].projection.owned
        items = keep_found({}, parse_canonical(found.attributes), shared, owned)
        created[ref] = found._replace(attributes=canonical_bytes(items))
    foreign = created[C50]._replace(ownership=Ownership.FOREIGN)
    strangers = ResourceRef("Environment", "theirs")

    stored = stored_objects(replace(state, objects={**created, strangers: foreign}), KINDS)
    made = desired_from_items(
        stored,
        KINDS,
        source="snapshot s1",
        revision="abc",
        settings=RuleSettings("none", "eu-west-1"),
    )

    assert [problem for problem in made.problems if not problem.warning] == []
    assert {ref: resource.projection for ref, resource in made.desired.resources.items()} == {
        ref: resource.projection for ref, resource in RESOURCES.items()
    }


def test_what_a_plan_leaves_is_accepted_and_what_the_tables_hold_was_applied() -> None:
    state = tables()
    staying = {ref: found for ref, found in state.objects.items() if ref != C50}
    changed = replace(state, objects=staying)
    accepted = reader().read(state, NOW, after=changed)
    assert C50 not in accepted.resources
    assert C50 in accepted.applied.resources
    assert accepted.applied.before is None
    assert reader().read(state, NOW).before is None


def test_an_override_is_accepted_at_once_and_applied_with_the_tables() -> None:
    made = override("deploymentsLocked", value=True)
    accepted = reader().read(tables(), NOW, [made])
    assert accepted.operational("c50", "DeploymentsLocked")
    assert not accepted.applied.operational("c50", "DeploymentsLocked")
