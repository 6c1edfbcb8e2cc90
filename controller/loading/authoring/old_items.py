"""Items as the old product and its users left them: what is no part of an object any more is taken out and told.

Sources of the oddities: flags of its two-step deletes, fields of its API that were stored, numbers that lost their zeros,
and environments whose second item was never written.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from controller.loading.authoring.found import FoundObject, Items, LeftOut, Oddity
from controller.model.ref import ResourceRef

TOMBSTONE = "__Deleted"
HIDDEN_SERVICE = "Deleted"
OPERATIONAL = "InfraOpsEnvironment"
_LEGACY = "Version"
_SHORT_ARN = re.compile(r"^(arn:aws[a-z-]*:iam::)([0-9]{1,11})(:role/.+)$")

Json = Any


def without_old_traces(found: FoundObject) -> tuple[Items, list[Oddity]] | LeftOut:
    """Return the items that make the object, and what was odd about them; LeftOut for one that is as good as deleted."""
    gone = _as_good_as_deleted(found)
    if gone is not None:
        return gone
    oddities = [found.remark] if found.remark else []
    items: dict[str, Mapping[str, Json]] = {}
    for table, item in found.items.items():
        kept, legacy = _without_legacy(item)
        items[table] = kept
        oddities += (
            Oddity(
                found.ref,
                f"{where} in {table}: a field of the old API that was stored",
                "nothing: Audit.Version says the same",
            )
            for where in legacy
        )
    if found.ref.kind in _BY_KIND and not found.ours:
        oddities += _BY_KIND[found.ref.kind](found.ref, items)
    if found.ref.kind == "Upstream" and not found.ours:
        oddities += _marked(found)
    return items, oddities


def _as_good_as_deleted(found: FoundObject) -> LeftOut | None:
    ref = found.ref
    for table, item in found.whole.items():
        if TOMBSTONE in item:
            return LeftOut(
                ref,
                f"{table} holds it with {TOMBSTONE}: the old product began to delete it and was stopped",
                "delete the item, or take the flag off and import again",
                found.whole,
            )
    service = found.items.get("InfraConfigServices", {})
    if ref.kind == "Service" and str(service.get(HIDDEN_SERVICE)).lower() == "true":
        return LeftOut(
            ref,
            "a deleted service: its item stays, so that nobody takes its ports",
            "nothing to do; to bring it back, write a document for it",
            found.whole,
        )
    return None


def _without_legacy(item: Mapping[str, Json]) -> tuple[dict[str, Json], list[str]]:
    kept = dict(item)
    places = []
    if _LEGACY in kept:
        places.append(f"{_LEGACY} {kept.pop(_LEGACY)!r}")
    value = kept.get("Value")
    if isinstance(value, Mapping) and _LEGACY in value:
        kept["Value"] = {name: one for name, one in value.items() if name != _LEGACY}
        places.append(f"Value.{_LEGACY} {value[_LEGACY]!r}")
    return kept, places


def _account(ref: ResourceRef, items: dict[str, Mapping[str, Json]]) -> Iterator[Oddity]:
    table = "InfraConfigAccounts"
    item = items[table]
    number = item.get("AccountNumber")
    if isinstance(number, int) and 0 <= number < 10**11:
        yield Oddity(
            ref,
            f"AccountNumber {number}: a number, which lost its leading zeros",
            f'accountNumber: "{number:012d}"; the table keeps the number',
        )
    arn = item.get("RoleArn")
    short = _SHORT_ARN.match(arn) if isinstance(arn, str) else None
    if short:
        whole = f"{short[1]}{int(short[2]):012d}{short[3]}"
        items[table] = {**item, "RoleArn": whole}
        yield Oddity(
            ref,
            f"RoleArn {arn}: its account lost leading zeros, so no role is meant",
            f"roleArn: {whole}",
            "check that the account has this role",
        )


def _environment_type(ref: ResourceRef, items: dict[str, Mapping[str, Json]]) -> Iterator[Oddity]:
    value = items["ConfigEnvironmentTypes"].get("Value")
    number = value.get("AWSAccountNumber") if isinstance(value, Mapping) else None
    if number is not None and not (isinstance(number, str) and re.fullmatch("[0-9]{12}", number)):
        yield Oddity(
            ref,
            f"AWSAccountNumber {number!r}: not the 12 digits it should be",
            "account: NAME, which gives all 12 digits when it is adopted",
        )


def _environment(ref: ResourceRef, items: dict[str, Mapping[str, Json]]) -> Iterator[Oddity]:
    operational = items.get(OPERATIONAL)
    if operational is None:
        yield Oddity(
            ref,
            f"no item in {OPERATIONAL}: the old scheduler takes that for on, day and night",
            "schedule: on; the item is made when it is adopted",
            "say when it is to run",
        )
        return
    value = operational.get("Value")
    value = value if isinstance(value, Mapping) else {}
    switches = value.get("ScheduleAutomatically"), value.get("ManualScheduleUp")
    if not all(isinstance(switch, bool) for switch in switches):
        yield Oddity(
            ref,
            f"ScheduleAutomatically {switches[0]!r} and ManualScheduleUp {switches[1]!r}: not both are true or false",
            "the state the old scheduler made of it",
            "say when it is to run",
        )
    elif switches == (True, True):
        yield Oddity(
            ref,
            "ScheduleAutomatically and ManualScheduleUp are both true: the old scheduler kept it on",
            "schedule: {mode: on}",
            "say whether it is to follow its schedule",
        )


def _marked(found: FoundObject) -> Iterator[Oddity]:
    if found.whole.get("InfraConfigLBUpstream", {}).get("MarkForDelete") is True:
        yield Oddity(
            found.ref,
            "MarkForDelete: the old cleaner deletes it when its time comes",
            "the upstream as it is",
            "remove the file if it is to go; else take the mark off",
        )


def _service(ref: ResourceRef, items: dict[str, Mapping[str, Json]]) -> Iterator[Oddity]:
    item = items["InfraConfigServices"]
    if HIDDEN_SERVICE in item:
        flag = item[HIDDEN_SERVICE]
        items["InfraConfigServices"] = {
            name: value for name, value in item.items() if name != HIDDEN_SERVICE
        }
        yield Oddity(
            ref,
            f"{HIDDEN_SERVICE} {flag!r}, which does not hide it",
            "nothing: the flag goes when it is adopted",
        )


_BY_KIND = {
    "Account": _account,
    "Environment": _environment,
    "EnvironmentType": _environment_type,
    "Service": _service,
}
