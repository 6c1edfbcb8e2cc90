"""Whether what an apply told is so, by what tables, account and ledger hold."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any, Final

from controller.engine.reconcile.reconciler import Reconciled
from controller.errors import ExitCode
from controller.model.accepted import AcceptedState
from controller.model.observed import CONFIG_SCOPE
from controller.model.plan import DONE, Change, Outcome, Status
from controller.model.ref import ResourceRef
from tests.support.extension_targets.owners import FOLDER
from tests.support.live_accounts import LiveEstate
from tests.support.walked_estate import ACCOUNTS, SCOPES
from tests.support.walked_fleet import account_of

_COMPARED: Final = frozenset({"tables", "owners"})
ENDED_WELL: Final = frozenset({"done", "succeeded"})
"""Phases of a record of what was done, in the tables and in an account."""


def wrong_answers(estate: LiveEstate, done: Reconciled, *, alone: bool) -> Iterator[str]:
    """Yield what was told and is not so. ``alone``: nobody else wrote meanwhile, so what was done is there still."""
    assert done.report is not None
    outcomes = done.report.outcomes
    yield from _not_in_the_ledger(estate, outcomes)
    told = {(found.change.target, found.change.ref) for found in outcomes}
    for change in () if done.refused else done.planned.plan.to_apply:
        if (change.target, change.ref) not in told:
            yield f"nothing is said of {change.action} {change.ref}"
    if done.exit_code is ExitCode.DONE and not {found.status for found in outcomes} <= DONE:
        yield "exit 0, and not all was done"
    if alone:
        held = _digests(estate)
        # Of groups and instances ``not_followed`` asks a plan.
        compared = [found for found in outcomes if found.change.target in _COMPARED]
        for outcome in compared:
            change = outcome.change
            is_so = held.get(change.ref) == _wanted(change)
            # What was only skipped may have been done by others before.
            if is_so if outcome.status is Status.FAILED else outcome.status in DONE and not is_so:
                yield f"{change.action} {change.ref} is told {outcome.status}: {outcome.message}"


def not_followed(estate: LiveEstate, outcomes: tuple[Outcome, ...]) -> Iterator[str]:
    """Yield what was done to an account and is not as is accepted, where nobody else wrote and nothing turned meanwhile."""
    done = {found.change.ref for found in outcomes if found.status is Status.APPLIED}
    for change in estate.planned(*SCOPES.values()).plan.to_apply:
        if change.ref in done:
            yield f"{change.ref} is told applied, and {change.action} is due"


def _not_in_the_ledger(estate: LiveEstate, outcomes: tuple[Outcome, ...]) -> Iterator[str]:
    records = {
        record.audit_id: record
        for scope in (CONFIG_SCOPE, *SCOPES.values())
        for record in estate.records(scope)
    }
    for outcome in outcomes:
        phases = {
            records[audit_id].phase if audit_id in records else "missing"
            for audit_id in outcome.audit_ids
        }
        said = (
            f"{outcome.change.ref} is told {outcome.status}, the ledger has {phases or 'nothing'}"
        )
        if "missing" in phases:
            yield said
        elif outcome.status is Status.APPLIED:
            if not phases & ENDED_WELL:
                yield said
        elif outcome.status not in DONE and phases & ENDED_WELL:
            yield said


def _digests(estate: LiveEstate) -> Mapping[ResourceRef, str]:
    tables = estate.installation.tables.observe()
    found = {ref: observation.digest for ref, observation in tables.objects.items()}
    for name, value in owner_parameters(estate).items():
        scope = SCOPES[account_of(name)]
        found[ResourceRef("OwnerParameter", f"{scope}/{name}")] = str(value.get("digest"))
    return found


def owner_parameters(estate: LiveEstate) -> dict[str, dict[str, Any]]:
    """Return the parameters of both accounts by environment; of one that is no JSON its text as the owner."""
    clients = (estate.client("ssm", name) for name in ACCOUNTS)
    found = {
        one["Name"].removeprefix(FOLDER): one["Value"]
        for ssm in clients
        for page in ssm.get_paginator("get_parameters_by_path").paginate(Path=FOLDER)
        for one in page["Parameters"]
    }
    return {
        name: json.loads(text) if text.startswith("{") else {"owner": text}
        for name, text in found.items()
    }


def _wanted(change: Change) -> str | None:
    return None if change.after is None else change.digest


def broken_rules(accepted: AcceptedState) -> list[str]:
    """Return which ports two services have, and which references lead nowhere."""
    clusters = {ref.key for ref in accepted.of_kind("Cluster")}
    services = [accepted.specs[ref] for ref in accepted.of_kind("Service")]
    ports = Counter(service.blue_port for service in services)
    owned = [*accepted.of_kind("Service"), *accepted.of_kind("Environment")]
    owners = {ref: accepted.specs[ref].owning_cluster for ref in owned}
    return [
        *(f"port {port} is of {times} services" for port, times in ports.items() if times > 1),
        *(f"{ref} is of {owner}" for ref, owner in owners.items() if owner not in clusters),
    ]
