"""Overrides in words, in lists, and as JSON."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path
from typing import Annotated, NotRequired, TypedDict

from controller.decisions.overlays import Overlay, overlays
from controller.engine.authoring.override_files import OverrideFiles
from controller.engine.config.observe import ObservedConfig
from controller.engine.overrides.service import none_named
from controller.engine.state.override_commit import Ending, why_of
from controller.errors import exit_code_of, worst_exit_code
from controller.model.canonical import ABSENT
from controller.model.override import Override
from controller.model.printable import in_short
from controller.planning.overrides import named, shown_path, wholes
from controller.planning.wording import (
    end_text,
    maker_text,
    objects_text,
    what_text,
    whole_text,
)
from controller.views.answer import Answer
from controller.views.documents.envelope import filled
from controller.views.style import fitted
from controller.views.time_text import clock_text, relative_day_text, utc_text

NONE = "no overrides"


class OverrideObject(TypedDict):
    """What is to be otherwise for a while."""

    id: str
    ref: Annotated[
        str, "Empty for what a restore or a rollback holds of several objects: its id lists them."
    ]
    path: Annotated[str, "What of the object; empty for the object as a whole."]
    parts: Annotated[
        int, "Objects and fields that it holds: 1 but for what a restore or a rollback holds."
    ]
    value: NotRequired[Annotated[object, "Absent: it is left as it is."]]
    since: datetime
    until: Annotated[datetime | None, "null: until Git changes the document, or for good."]
    untilGit: bool
    actor: str
    reason: str


class OverrideYamlDocument(TypedDict):
    """Files that make overrides unneeded once they are committed."""

    folder: str
    files: Annotated[
        list[str], "Paths below the source's root, and below the folder they were written to."
    ]
    removed: Annotated[list[str], "Files of the source in which nothing is left."]
    byHand: Annotated[list[str], "Objects of which these files do not make what the tables hold."]


class OverlayObject(TypedDict):
    """An override that does not hold while others of the same object go before it."""

    id: Annotated[str, "Of the one beneath."]
    above: Annotated[list[str], "Ids of those that go before it, the oldest first."]
    path: Annotated[str, "Where they do; empty for all that it says."]
    until: Annotated[datetime | None, "When the last of those above ends; null: by no clock."]
    holdsAgain: Annotated[bool, "Whether it still lasts then."]


class OverrideListDocument(TypedDict):
    """What is otherwise now."""

    overrides: list[OverrideObject]
    overlays: Annotated[list[OverlayObject], "Which of them hold only once others have ended."]


def list_lines(
    overrides: Iterable[Override],
    now: datetime,
    *,
    each: bool = False,
    width: int | None = None,
) -> list[str]:
    """Return a line for each, those that end first on top; for each part of one only if ``each`` is asked for.

    No row of the table is longer than ``width``.
    """
    overrides = tuple(overrides)
    found = tuple((made,) for made in overrides) if each else wholes(overrides)
    if not found:
        return [NONE]
    ordered = _ordered(found, now)
    many = next((parts[0].whole_id for parts in ordered if len(parts) > 1), None)
    more = [f"envctl override list {many} lists its parts"] if many else []
    table = fitted(_rows(ordered, now, each=each), width)
    return table + more + overlay_lines(holding(overrides, now))


def list_rows(overrides: Iterable[Override], now: datetime) -> list[tuple[str, ...]]:
    """Return the headings, and a row for each override, those that end first on top."""
    return _rows(_ordered(wholes(overrides), now), now)


def _ordered(found: Iterable[Sequence[Override]], now: datetime) -> list[Sequence[Override]]:
    return sorted(
        found,
        key=lambda parts: (parts[0].until is None, parts[0].until or now, parts[0].whole_id),
    )


def _rows(
    ordered: Iterable[Sequence[Override]], now: datetime, *, each: bool = False
) -> list[tuple[str, ...]]:
    rows = [
        (
            first.id if each else first.whole_id,
            objects_text(parts),
            whole_text(parts),
            _ends(first, now),
            in_short(first.actor),
            in_short(first.reason),
        )
        for parts in ordered
        for first in parts[:1]
    ]
    return [("ID", "OBJECT", "WHAT", "ENDS", "BY", "WHY"), *rows]


def _ends(override: Override, now: datetime) -> str:
    if override.until is None:
        return "with Git" if override.until_git else "never"
    if override.until <= now:
        return "ended, not yet recorded"
    until = override.until.astimezone(UTC)
    return f"{relative_day_text(until, now)} {clock_text(until)}"


def holding(overrides: Iterable[Override], now: datetime) -> Iterator[Override]:
    """Yield those whose time is not up at ``now`` (aware)."""
    return (override for override in overrides if override.until is None or override.until > now)


def overlay_lines(held: Iterable[Override], zone: tzinfo = UTC) -> list[str]:
    """Return which of these overrides, all of which hold, go before others of them, and which hold afterwards."""
    return list(dict.fromkeys(overlay_line(overlay, zone) for overlay in overlays(held)))


def overlay_line(overlay: Overlay, zone: tzinfo = UTC, new: str = "") -> str:
    """Return what goes before an override until when, and what holds then; the one whose id is ``new`` is this one."""
    own, above, path, until = *overlay, overlay.until
    beneath = "this one" if own.whole_id == new else own.whole_id
    ids = [
        "this one" if whole == new else whole
        for whole in dict.fromkeys(override.whole_id for override in above)
    ]
    where = f" in {shown_path(path)}" if path else ""
    verb = "goes" if len(ids) == 1 else "go"
    first = f"{' and '.join(ids)} {verb} before {beneath} ({what_text(own)}){where}"
    if until is not None and not overlay.holds_again:
        return f"{first} for as long as {beneath} lasts"
    last = next(override for override in above if override.until == until)
    then = f"; then {beneath} holds {end_text(own, zone)}" if overlay.holds_again else ""
    return f"{first} {end_text(last, zone)}{then}"


def overlays_json(overrides: Iterable[Override], now: datetime) -> list[OverlayObject]:
    """Return them for programs."""
    return [
        filled(
            OverlayObject,
            overlay,
            id=overlay.beneath.id,
            above=[override.id for override in overlay.above],
            path=shown_path(overlay.path) if overlay.path else "",
        )
        for overlay in overlays(holding(overrides, now))
    ]


def list_document(overrides: Sequence[Override], now: datetime) -> OverrideListDocument:
    """Return what is otherwise now for programs, overrides of many parts as one."""
    return {"overrides": list_json(overrides), "overlays": overlays_json(overrides, now)}


def list_json(overrides: Iterable[Override]) -> list[OverrideObject]:
    """Return overrides for programs, those of many parts as one."""
    found = wholes(overrides)
    return [{**override_json(parts), "id": parts[0].whole_id} for parts in found]


def override_json(parts: Sequence[Override]) -> OverrideObject:
    """Return one for programs, given all its parts, or a part alone."""
    first = parts[0]
    if len(parts) == 1:
        path = shown_path(first.path) if first.path else ""
        return filled(OverrideObject, first, path=path, parts=1)
    whole = replace(first, id=first.whole_id, value=ABSENT)
    return filled(OverrideObject, whole, ref="", path="", parts=len(parts))


def soon_lines(overrides: Iterable[Override], now: datetime) -> Iterator[str]:
    """Yield what announces each end: which, when, and how to keep it."""
    for parts in wholes(overrides):
        until = parts[0].until
        assert until is not None, "only what has a time ends soon"
        minutes = round(max(timedelta(0), until - now).total_seconds() / 60)
        yield f"{_named(parts)} ends in {minutes} min, {utc_text(until)} ({maker_text(parts[0])})"


def ended_lines(endings: Iterable[Ending]) -> Iterator[str]:
    """Yield what tells of each end."""
    whys = {ending.override.id: (ending.override, ending.why) for ending in endings}
    for parts in wholes(override for override, _ in whys.values()):
        yield f"{_named(parts)} ended: {why_of(whys[part.id][1] for part in parts)}"


def _named(parts: Sequence[Override]) -> str:
    first = parts[0]
    override_id = first.id if len(parts) == 1 else first.whole_id
    return f"override {override_id} of {objects_text(parts)} {whole_text(parts)}"


def yaml_lines(found: OverrideFiles, folder: Path) -> Iterator[str]:
    """Yield what was written where, and what is left to a person."""
    count = len(found.files)
    yield f"wrote {count} {'file' if count == 1 else 'files'} to {folder}: copied over the source and committed, they end the override"
    if found.removed:
        yield f"to be removed from the source: {', '.join(found.removed)}"
    if found.by_hand:
        yield f"to be written by hand, as what documents share says otherwise: {', '.join(found.by_hand)}"


def yaml_json(found: OverrideFiles, folder: Path) -> OverrideYamlDocument:
    """Return it for programs."""
    return filled(OverrideYamlDocument, found, folder=str(folder), files=sorted(found.files))


def overrides_answer(seen: ObservedConfig, now: datetime, what: str | None = None) -> Answer:
    """What is otherwise now, or each part of what a person means by ``what``; rows that cannot be read are remarked.

    Raises WrongUsage where nothing is meant by it.
    """
    found, damaged = seen.overrides_sorted_out
    each = what is not None
    if what is not None:
        found = named(found, what)
        if not found and what not in damaged:
            raise none_named(what)

    def listed() -> OverrideListDocument:
        if not each:
            return list_document(found, now)
        parts = [override_json((made,)) for made in found]
        return {"overrides": parts, "overlays": overlays_json(found, now)}

    return Answer(
        document="override-list",
        fields=listed,
        text=lambda: "\n".join(list_lines(found, now, each=each)),
        fitted=lambda width: "\n".join(list_lines(found, now, each=each, width=width)),
        remarks=tuple(f"envctl: {error}" for error in damaged.values()),
        exit_code=worst_exit_code(map(exit_code_of, damaged.values())),
    )
