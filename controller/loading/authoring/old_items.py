"""Items as the old product and its users left them: what is no part of an object any more is taken out and told.

Sources of the oddities: flags of its two-step deletes, fields of its API that were stored, numbers that lost their zeros,
and environments whose second item was never written.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from controller.kinds.permission import ALL, RESTRICTIONS
from controller.loading.authoring.found import FoundObject, Items, LeftOut, Oddity

TOMBSTONE = "__Deleted"
HIDDEN_SERVICE = "Deleted"
OPERATIONAL = "InfraOpsEnvironment"
_LEGACY = "Version"
_SHORT_ARN = re.compile(r"^(arn:aws[a-z-]*:iam::)([0-9]{1,11})(:role/.+)$")

Json = Any
Found = dict[str, Mapping[str, Json]]
Odd = tuple[str, ...]
"""What was found, what was written, and what is left to a person: an ``Oddity`` without its object."""


def without_old_traces(found: FoundObject) -> tuple[Items, list[Oddity]] | LeftOut:
    """Return the items that make the object, and what was odd about them; LeftOut for one that is as good as deleted."""
    gone = _as_good_as_deleted(found)
    if gone is not None:
        return gone
    oddities = [found.remark] if found.remark else []
    items: Found = {}
    for table, item in found.items.items():
        kept, legacy = _without_legacy(item)
        items[table] = kept
        for where in legacy:
            stored = f"{where} in {table}: a field of the old API that was stored"
            oddities.append(Oddity(found.ref, stored, "nothing: Audit.Version says the same"))
    if found.ref.kind in _BY_KIND and not found.ours:
        oddities += (Oddity(found.ref, *odd) for odd in _BY_KIND[found.ref.kind](items))
    upstream = found.whole.get("InfraConfigLBUpstream", {})
    if upstream.get("MarkForDelete") is True and not found.ours:
        marked = "MarkForDelete: the old cleaner deletes it when its time comes"
        decide = "remove the file if it is to go; else take the mark off"
        oddities.append(Oddity(found.ref, marked, "the upstream as it is", decide))
    return items, oddities


def _as_good_as_deleted(found: FoundObject) -> LeftOut | None:
    ref = found.ref
    for table, item in found.whole.items():
        if TOMBSTONE in item:
            reason = f"{table} holds it with {TOMBSTONE}: the old product began to delete it and was stopped"
            decide = "delete the item, or take the flag off and import again"
            return LeftOut(ref, reason, decide, found.whole)
    service = found.items.get("InfraConfigServices", {})
    if ref.kind == "Service" and str(service.get(HIDDEN_SERVICE)).lower() == "true":
        reason = "a deleted service: its item stays, so that nobody takes its ports"
        decide = "nothing to do; to bring it back, write a document for it"
        return LeftOut(ref, reason, decide, found.whole)
    return None


def _without_legacy(item: Mapping[str, Json]) -> tuple[dict[str, Json], list[str]]:
    kept = dict(item)
    places = []
    if _LEGACY in kept:
        places.append(f"{_LEGACY} {kept.pop(_LEGACY)!r}")
    value = kept.get("Value")
    if isinstance(value, Mapping) and _LEGACY in value:
        kept["Value"] = {name: part for name, part in value.items() if name != _LEGACY}
        places.append(f"Value.{_LEGACY} {value[_LEGACY]!r}")
    return kept, places


def _account(items: Found) -> Iterator[Odd]:
    table = "InfraConfigAccounts"
    item = items[table]
    number = item.get("AccountNumber")
    if isinstance(number, int) and 0 <= number < 10**11:
        yield (
            f"AccountNumber {number}: a number, which lost its leading zeros",
            f'accountNumber: "{number:012d}"; the table keeps the number',
        )
    arn = item.get("RoleArn")
    short = _SHORT_ARN.match(arn) if isinstance(arn, str) else None
    if short:
        whole = f"{short[1]}{int(short[2]):012d}{short[3]}"
        items[table] = {**item, "RoleArn": whole}
        yield (
            f"RoleArn {arn}: its account lost leading zeros, so no role is meant",
            f"roleArn: {whole}",
            "check that the account has this role",
        )


def _environment_type(items: Found) -> Iterator[Odd]:
    value = items["ConfigEnvironmentTypes"].get("Value")
    number = value.get("AWSAccountNumber") if isinstance(value, Mapping) else None
    if number is not None and not (isinstance(number, str) and re.fullmatch("[0-9]{12}", number)):
        yield (
            f"AWSAccountNumber {number!r}: not the 12 digits it should be",
            "account: NAME, which gives all 12 digits when it is adopted",
        )


def _environment(items: Found) -> Iterator[Odd]:
    operational = items.get(OPERATIONAL)
    if operational is None:
        yield (
            f"no item in {OPERATIONAL}: the old scheduler takes that for on, day and night",
            "schedule: on; the item is made when it is adopted",
            "say when it is to run",
        )
        return
    value = operational.get("Value")
    value = value if isinstance(value, Mapping) else {}
    switches = value.get("ScheduleAutomatically"), value.get("ManualScheduleUp")
    if not all(isinstance(switch, bool) for switch in switches):
        yield (
            f"ScheduleAutomatically {switches[0]!r} and ManualScheduleUp {switches[1]!r}: not both are true or false",
            "the state the old scheduler made of it",
            "say when it is to run",
        )
    elif switches == (True, True):
        yield (
            "ScheduleAutomatically and ManualScheduleUp are both true: the old scheduler kept it on",
            "schedule: {mode: on}",
            "say whether it is to follow its schedule",
        )


def _service(items: Found) -> Iterator[Odd]:
    item = dict(items["InfraConfigServices"])
    if HIDDEN_SERVICE in item:
        flag = item.pop(HIDDEN_SERVICE)
        items["InfraConfigServices"] = item
        yield (
            f"{HIDDEN_SERVICE} {flag!r}, which does not hide it",
            "nothing: the flag goes when it is adopted",
        )


def _upstream(items: Found) -> Iterator[Odd]:
    item = items["InfraConfigLBUpstream"]
    if not isinstance(item.get("Hosts"), list):
        items["InfraConfigLBUpstream"] = {**item, "Hosts": []}
        yield (
            f"Hosts {item.get('Hosts')!r}: no list of hosts",
            "hosts: [], as load balancers take it",
            "write its hosts",
        )


def _permission(items: Found) -> Iterator[Odd]:
    item = items["InfraConfigPermissions"]
    entries = item.get("Permissions")
    if not isinstance(entries, list):
        return
    items["InfraConfigPermissions"] = {
        **item,
        "Permissions": [_said_as_all(one) for one in entries],
    }
    for place, entry in enumerate(entries):
        if _said_as_all(entry) != entry:
            yield (
                f"Permissions[{place}] restricted to a word in capitals: its readers know all",
                "all in lower case, which means the same",
            )


def _said_as_all(entry: Json) -> Json:
    if not isinstance(entry, Mapping):
        return entry
    return {
        name: ALL
        if isinstance(value, str) and name in RESTRICTIONS and value.lower() == ALL
        else value
        for name, value in entry.items()
    }


_BY_KIND = {
    "Account": _account,
    "Environment": _environment,
    "EnvironmentType": _environment_type,
    "Permission": _permission,
    "Service": _service,
    "Upstream": _upstream,
}
