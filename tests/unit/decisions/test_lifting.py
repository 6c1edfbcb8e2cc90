"""Which barriers a revision lifts although it also does what they held."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from types import SimpleNamespace
from typing import Any

import pytest

from controller.decisions.lifting import lifted_and_acted, may_lift
from controller.model.accepted import AcceptedState
from controller.model.canonical import canonical_bytes
from controller.model.plan import Action, Cause, Change, FieldChange
from controller.model.ref import Origin, ResourceRef
from controller.model.resource import AuthoredDocument

NOW = datetime(2026, 12, 24, 12, tzinfo=UTC)
C50, C51 = ResourceRef("Environment", "c50"), ResourceRef("Environment", "c51")
STAGING = ResourceRef("EnvironmentType", "Staging")
HOLIDAYS = ResourceRef("Calendar", "holidays")
WEB, TANGO = ResourceRef("DeploymentMap", "web"), ResourceRef("Cluster", "Tango")
OTHER, MAIL = ResourceRef("Cluster", "Other"), ResourceRef("NotificationSettings", "mail")
NEEDS = {C50: (STAGING, WEB, MAIL), C51: (STAGING, WEB, C50), WEB: (TANGO,), TANGO: (WEB,)}


def state(
    *environments: ResourceRef,
    locked: bool = False,
    protect: bool = False,
    frozen: bool = False,
    freeze: Sequence[str] = ("holidays",),
    actions: Sequence[str] = (),
    unreadable: Sequence[ResourceRef] = (),
) -> AcceptedState:
    day = date(2026, 12, 24) if frozen else date(2027, 12, 24)
    dates = SimpleNamespace(
        name="holidays", excepted=lambda _name: SimpleNamespace(first=day, last=day)
    )
    document = canonical_bytes({"metadata": {"protect": protect}})
    specs: dict[ResourceRef, Any] = {
        STAGING: SimpleNamespace(protected_actions=actions, freeze=freeze),
        HOLIDAYS: SimpleNamespace(dates=[dates]),
        **{
            ref: SimpleNamespace(environment_type="Staging", lifecycle="active")
            for ref in environments
            if ref not in unreadable
        },
    }
    return AcceptedState(
        resources={
            ref: AuthoredDocument(ref, Origin("a.yaml", 1), document) for ref in environments
        },
        specs=specs,
        items={
            ref: {"InfraOpsEnvironment": {"Value": {"DeploymentsLocked": locked}}}
            for ref in environments
        },
        unreadable=dict.fromkeys(unreadable, "spec: wrong"),
    )


def change(
    ref: ResourceRef, *fields: str, action: Action = "update", cause: Cause = Cause.EDITED
) -> Change:
    return Change(
        action=action,
        target="tables",
        ref=ref,
        cause=cause,
        fields=tuple(FieldChange(path, 1, 2) for path in fields),
        before=b"",
        after=b"",
        extra=b"{}",
        digest="",
        base=b"",
    )


def found(
    applied: AcceptedState,
    accepted: AcceptedState,
    changes: Sequence[Change],
    drifted: frozenset[ResourceRef] = frozenset(),
) -> Mapping[str, list[str]]:
    def needed(ref: ResourceRef) -> Sequence[ResourceRef]:
        return NEEDS.get(ref, ())

    passed = lifted_and_acted(applied, accepted, changes, needed, drifted, NOW)
    return {lifted.guard: [str(one.ref) for one in lifted.changes] for lifted in passed}


UNLOCKS = change(C50, "deploymentsLocked")
LOCK = state(C50, locked=True), state(C50)
FREEZE = state(C50, C51, frozen=True), state(C50, C51)


@pytest.mark.parametrize(
    ("states", "changes", "told", "why"),
    [
        (LOCK, [UNLOCKS], {}, "it only lifts"),
        (LOCK, [change(C50, "deploymentsLocked", "schedule.use")], {}, "power is not held"),
        (LOCK, [UNLOCKS, change(C51, "owningCluster")], {}, "another environment"),
        (LOCK, [UNLOCKS, change(OTHER, "keyPair")], {}, "not of what it is made of"),
        (LOCK, [UNLOCKS, change(MAIL, "ticketing")], {}, "makes up no environment"),
        (
            LOCK,
            [change(C50, "deploymentsLocked", "owningCluster")],
            {"deployLock": ["Environment/c50"]},
            "its own document",
        ),
        (
            LOCK,
            [UNLOCKS, change(TANGO, "keyPair")],
            {"deployLock": ["Cluster/Tango", "Environment/c50"]},
            "what its map names",
        ),
        (
            LOCK,
            [UNLOCKS, change(TANGO, "keyPair", cause=Cause.DRIFTED)],
            {},
            "to put back drift is no act of the revision",
        ),
        (
            LOCK,
            [
                change(C50, "deploymentsLocked", cause=Cause.OVERRIDDEN),
                change(TANGO, "keyPair"),
            ],
            {},
            "an override lifts it",
        ),
        (LOCK, [change(C50, "owningCluster")], {}, "somebody else lifted it"),
        (LOCK[:1] * 2, [UNLOCKS, change(TANGO, "keyPair")], {}, "it is still locked"),
        (
            (state(C50, locked=True), state()),
            [change(C50, action="delete", cause=Cause.PRUNED)],
            {"deployLock": ["Environment/c50"]},
            "what goes lifts its lock",
        ),
        (
            (state(C50, frozen=True, protect=True), state()),
            [change(C50, action="delete", cause=Cause.PRUNED)],
            {},
            "its type's freeze is not lifted; guards of deletes see to protection",
        ),
        (
            (state(C50, protect=True), state(C50)),
            [change(C50, "metadata.protect", "lifecycle")],
            {"protected": ["Environment/c50"]},
            "freed and retired",
        ),
        (
            FREEZE,
            [change(HOLIDAYS, "dates[0].date"), change(WEB, "roles.Web.ami")],
            {"freeze": ["Calendar/holidays", "DeploymentMap/web"]},
            "one freeze of two environments",
        ),
        (FREEZE, [change(HOLIDAYS, "dates[0].date")], {}, "only the calendar"),
        (FREEZE, [change(HOLIDAYS, "date"), change(WEB, "roles")], {}, "no field that freezes"),
        (
            (state(C50, actions=["BULK_PATCH_AMI"], freeze=()), state(C50)),
            [change(STAGING, "protectedActions", "vpcId")],
            {"protectedActions": ["EnvironmentType/Staging"]},
            "the type's own document",
        ),
        (
            (state(C50, locked=True, unreadable=[C50]), state(C50)),
            [change(C50, "deploymentsLocked", "owningCluster")],
            {},
            "what it held is not known; what heals it is no edit",
        ),
    ],
)
def test_what_is_refused(
    states: tuple[AcceptedState, AcceptedState],
    changes: Sequence[Change],
    told: Mapping[str, list[str]],
    why: str,
) -> None:
    assert found(*states, changes) == told, why


def test_what_others_wrote_may_be_what_is_lifted() -> None:
    changes = [change(C50, "deploymentsLocked", "owningCluster")]
    assert found(*LOCK, changes, frozenset({C50})) == {}


@pytest.mark.parametrize(
    ("made", "expected"),
    [
        (UNLOCKS, True),
        (change(HOLIDAYS, action="delete"), True),
        (change(C50, "deploymentsLocked", action="create"), False),
        (change(C50, "deploymentsLocked", cause=Cause.DRIFTED), False),
        (change(C50, "deploymentsLockedBy"), False),
        (change(WEB, "roles"), False),
    ],
)
def test_what_is_worth_a_closer_look(made: Change, expected: bool) -> None:
    assert may_lift([made]) is expected
