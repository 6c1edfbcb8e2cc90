"""Groups that have fewer instances than they were asked for: AWS takes sizes, and what launches then may fail.

A look knows that; since when and why is asked of such groups alone.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC
from typing import Any, Final

from controller.aws.clients import place_of
from controller.aws.errors import aws_errors
from controller.errors import AccessDenied, RefusedByAws, Unreachable
from controller.model.observed import Observation, Ownership
from controller.model.plan import Note, NoteCategory
from controller.ports import LiveReads
from controller.targets.group_parts.found import IN_SERVICE, Attributes, FoundAttributes
from controller.targets.group_parts.names import ACTIVITIES, ask, name_in

ACTIVITIES_READ = 50
"""Looked through, newest first, for the first of those that failed one after the other."""

_ENDED: Final = frozenset({"Cancelled", "Failed", "Successful"})


def shortfall(
    found: Observation, seen: FoundAttributes, attributes: Attributes, known: Mapping[str, Any]
) -> tuple[tuple[Note, ...], frozenset[str]]:
    """Say of a group of ours that it has fewer instances than it was asked for, and what has to be asked to say why.

    Those that are on their way into service are waited for. Or say that AWS will not end as many as it was asked to. Where a
    suspended process is why, that is said.
    """
    question, desired = ask(ACTIVITIES, name_in(found.ref)), int(attributes["desiredCapacity"])
    said, protected = known.get(question) or {}, seen.get("protected", 0)
    text = shortfall_text(seen["lifecycles"], desired, said)
    suspended, serving = seen.get("suspended", ()), seen["lifecycles"].count(IN_SERVICE)
    if found.ownership is not Ownership.OURS:
        return (), frozenset()
    more = ""
    if protected > desired:
        more = f"{protected} members are protected from scale-in, more than the {desired} it was asked for: AWS ends none of them"
    elif "Terminate" in suspended and serving > desired:
        more = f"{serving} members are in service, more than the {desired} it was asked for: its process Terminate is suspended"
    if more and not seen["parked"]:
        return (Note(NoteCategory.CANNOT_STOP, found.ref, more),), frozenset()
    if not text:
        return (), frozenset()
    if "Launch" in suspended:
        text += "; its process Launch is suspended"
    asks = frozenset[str]() if question in known else frozenset({question})
    return (Note(NoteCategory.SHORT, found.ref, text),), asks


def shortfall_text(lifecycles: Sequence[str], desired: int, said: Mapping[str, str]) -> str:
    """Return ``2 of 6 in service since 2026-03-02 18:00 UTC; AWS's last activity failed: …``, as far as it is known; nothing if none lacks.

    ``said`` is what AWS's activities say.
    """
    count = sum(one == IN_SERVICE or one.startswith("Pending") for one in lifecycles)
    if count >= desired:
        return ""
    since = f" since {said['since']}" if said.get("since") else ""
    failed = f"; AWS's last activity failed: {said['failed']}" if said.get("failed") else ""
    return f"{lifecycles.count(IN_SERVICE)} of {desired} in service{since}{failed}"


def read_activities(groups: Iterable[str], reads: LiveReads) -> dict[str, dict[str, str]]:
    """Return by group since when and why it is short; nothing where AWS does not say: denied, gone, throttled."""
    found: dict[str, dict[str, str]] = {}
    client = reads.client("autoscaling")
    for name in groups:
        found[name] = {}
        try:
            with aws_errors("groups: read activities", place_of(client)):
                answer = client.describe_scaling_activities(
                    AutoScalingGroupName=name, MaxRecords=ACTIVITIES_READ
                )
        except (AccessDenied, RefusedByAws, Unreachable):
            continue
        found[name] = _what_they_say(answer["Activities"])
    return found


def _what_they_say(newest_first: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """Return the reason of the last activity if it failed, and the moment of the first of those that failed in a row.

    Where the last did not fail it is what left the group as it is. One that is under way says neither.
    """
    said: dict[str, str] = {}
    ended = (one for one in newest_first if one["StatusCode"] in _ENDED)
    for number, activity in enumerate(ended):
        failed = activity["StatusCode"] == "Failed"
        if number and not failed:
            break
        said["since"] = f"{activity['StartTime'].astimezone(UTC):%Y-%m-%d %H:%M} UTC"
        if not failed:
            break
        said.setdefault("failed", str(activity.get("StatusMessage") or activity["Description"]))
    return said
