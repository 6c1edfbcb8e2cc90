"""Environments and what schedules make of them and their instances at a moment, as programs of the old product ask for it."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Final, NamedTuple

from controller.decisions.evaluator import Evaluation
from controller.decisions.power_map import Compiled, of_environment
from controller.engine.power.fleet import (
    AcceptedNow,
    FleetEvaluation,
    evaluate_looks,
)
from controller.errors import WrongUsage
from controller.model.accepted import AcceptedState
from controller.model.closest import did_you_mean
from controller.model.live import LiveLook
from controller.scheduling.schedule import InvalidSchedule, State
from controller.scheduling.timeline import state_at
from controller.targets.power_parts.running_deployments import read_running

INVALID: Final = "INVALID SCHEDULE"
_STATUS: Final[Mapping[State, str]] = {
    State.ON: "ON",
    State.OFF: "OFF",
    State.NOSCHEDULE: "NO SCHEDULE",
    State.NONE: "NOT FOUND",
}


class EnvironmentNow(NamedTuple):
    """An environment, with overrides laid over it."""

    name: str
    environment_type: str
    owning_cluster: str
    deployment_map: str
    account: str
    """Name of the account; empty where its type cannot be read back."""
    mode: str
    """``automatic``, ``on``, ``off`` or ``noschedule``."""
    schedule: str
    """How the schedule is called: ``office-hours``, ``on``, or the expression."""
    status: str
    """What the schedule asks for: ``ON``, ``OFF``, ``NO SCHEDULE``, ``NOT FOUND`` (nothing yet) or ``INVALID SCHEDULE``."""
    deployments_locked: bool
    in_maintenance: bool


def accepted_at(state: AcceptedNow, at: datetime) -> AcceptedState:
    """Return what holds at a moment: with the overrides that hold then. Raises as reading what is accepted."""
    seen = state.seen
    return state.accounts.accepted(seen.scopes[0], at, seen.overrides, state.accepted.revision)


def environments_at(accepted: AcceptedState, at: datetime) -> Iterator[EnvironmentNow]:
    """Yield every environment that can be read back, by name, as schedules have it at a moment."""
    for ref in accepted.of_kind("Environment"):
        spec, followed = accepted.specs.get(ref), of_environment(ref.key, accepted)
        if spec is None or followed is None:
            continue
        kind = accepted.type_of(ref.key)
        yield EnvironmentNow(
            name=ref.key,
            environment_type=spec.environment_type,
            owning_cluster=spec.owning_cluster,
            deployment_map=spec.deployment_map,
            account="" if kind is None else kind.account,
            mode=spec.schedule.mode,
            schedule=followed.label,
            status=_status(followed.schedule, at),
            deployments_locked=accepted.operational(ref.key, "DeploymentsLocked"),
            in_maintenance=accepted.operational(ref.key, "EnvironmentInMaintenance"),
        )


def schedule_status(name: str, accepted: AcceptedState, at: datetime) -> str | None:
    """Return what an environment's schedule asks for at a moment; None if there is no environment of that name that can be read."""
    followed = of_environment(name, accepted)
    return None if followed is None else _status(followed.schedule, at)


def _status(schedule: Compiled, at: datetime) -> str:
    return INVALID if isinstance(schedule, InvalidSchedule) else _STATUS[state_at(schedule, at)]


class InstanceAction(NamedTuple):
    """What is to be done with an instance."""

    judged: Evaluation
    environment_type: str
    """Empty where it belongs to no environment that is known."""


def schedule_actions(account: str, state: AcceptedNow, at: datetime) -> Iterator[InstanceAction]:
    """Yield what schedules ask of every instance of an account, by name or number, at a moment. It is looked at now.

    Raises WrongUsage for an account that nothing is kept in, and why a region of it cannot be looked at.
    """
    accepted = accepted_at(state, at)
    for scope in _look_at(account, state, accepted, at).scopes.values():
        for judged in scope.instances:
            spec = accepted.spec("Environment", judged.environment) if judged.environment else None
            yield InstanceAction(judged, "" if spec is None else spec.environment_type)


def _look_at(
    account: str, state: AcceptedNow, accepted: AcceptedState, at: datetime
) -> FleetEvaluation:
    accounts = state.accounts
    setups = [
        setup
        for setup in accounts.scopes(accepted)
        if account in (setup.scope.account, setup.scope.account_name)
    ]
    if not setups:
        names = {setup.scope.account_name for setup in accounts.scopes(accepted)}
        fix = did_you_mean(account, names, "name an Account", quoted=False)
        raise WrongUsage(f"nothing is kept in an account {account!r}", fix=fix)
    found = accounts.looks(setups, at)
    seen = []
    for setup in setups:
        look = found[setup.scope.name]
        if not isinstance(look, LiveLook):
            # A list without its instances would say that there are none.
            raise look.error
        seen.append((setup, look))
    master = accounts.installation.master
    running = read_running(master.client, master.settings.resource_prefix).since
    return evaluate_looks(seen, accepted, at, running)
