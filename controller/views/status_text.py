"""Status as people read it: what needs somebody first, then what differs on purpose, then the rest. Pure."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

from controller.engine.queries.status.view import ScopeLine, StatusView
from controller.model.canonical import ABSENT, Json
from controller.model.observed import CONFIG_SCOPE, Remark, ScopeCounts
from controller.model.override import Override
from controller.model.printable import in_short, revision_text
from controller.planning.overrides import wholes
from controller.planning.wording import number, objects_text, value_text, whole_text
from controller.views.answer import Answer
from controller.views.conditions import conditions_of, leading
from controller.views.documents.status import status_json
from controller.views.scope_text import in_words, next_step, what_of
from controller.views.snapshots import size_text
from controller.views.style import Line, Span, Style, aligned, as_asked, plain
from controller.views.time_text import age_text, bare_clock_text, even_moment_text, utc_text

NAMES_SHOWN: Final = 3
REMARKS_SHOWN: Final = 5
COMMIT: Final = 9
LONGEST_WHAT: Final = 76
"""More of a reason is cut off here: doctor and the JSON have all of it."""
_LABEL: Final = 12
_HOLDS: Final = {"True": "{}", "False": "not {}", "Unknown": "{} unknown"}
_STYLES: Final[dict[str, Style]] = {
    "unknown": "warn",
    "refused": "warn",
    "stalled": "warn",
    "waiting": "change",
    "unseen": "change",
    "observe": "change",
}


def status_lines(view: StatusView) -> Iterator[Line]:
    """Yield the status as lines of styled spans."""
    yield (
        Span(f"envctl {view.version}", "bold"),
        Span(f"   installation {view.installation[:12]}   {even_moment_text(view.at)}"),
    )
    yield from _source(view)
    yield (Span(f"Scopes {in_words(view.scopes)}", "bold"),)
    yield from _scopes(view)
    yield ()
    yield from _alerts(view)
    if view.unreadable:
        yield (Span("Config tables cannot be read", "warn"),)
        yield from (_plain(f"  {line.strip()}") for line in view.unreadable.splitlines())
    yield from _overrides(view.overrides, view.at)
    yield from _storms(view)
    yield from _power(view)
    yield from _seen(view)
    if view.replicas:
        yield from _replicas(view)
    yield from _ledger(view)
    yield from _snapshot(view)


def _source(view: StatusView) -> Iterator[Line]:
    config = view.config
    revision = config.revision if config else ""
    if revision and config and config.applied_at:
        short = revision_text(revision, COMMIT)
        applied = f"{short} applied {age_text(view.at, config.applied_at)} ago"
    else:
        applied = "nothing was applied from it yet" if view.source.name else "nothing applied yet"
    said = {
        "current": "the source holds nothing newer",
        "changed": "the source holds another revision",
        "unreachable": "the source does not answer; what was accepted last stays in force",
        "none": "the settings name no source",
    }[view.source.state]
    style: Style = "warn" if view.source.state == "unreachable" else "plain"
    name = f"{view.source.name}   " if view.source.name else ""
    step = _step("envctl plan", 2) if view.source.state == "changed" else ()
    yield (Span(f"{name}{applied}; "), Span(said, style), *step)
    if view.source.state == "unreachable":
        yield _plain(f"  {view.source.detail.partition(chr(10))[0]}")


def _scopes(view: StatusView) -> Iterator[Line]:
    odd = [scope for scope in view.scopes if not scope.in_order]
    if not odd:
        return
    yield ()
    rows = []
    for scope in odd:
        age = age_text(view.at, scope.status.since) if scope.status else ""
        leads = leading(conditions_of(scope, view.at))
        shown = f"{_HOLDS[leads.status].format(leads.type)}: {leads.reason}"
        rows.append((scope, age, _what(scope, view.at), shown))
    name = max(len("SCOPE"), *(len(scope.name) for scope in odd))
    since = max(len("SINCE"), *(len(text) for _, text, _, _ in rows))
    what = max(len(text) for _, _, text, _ in rows)
    wide = max(len("CONDITION"), *(len(text) for _, _, _, text in rows))
    head = f"  {'SCOPE':<{name}}  {'STATE':<8}  {'SINCE':<{since}}  {'CONDITION':<{wide}}  WHAT"
    yield (Span(head, "dim"),)
    for scope, age, text, shown in rows:
        step = next_step(scope)
        yield (
            Span(f"  {scope.name:<{name}}  "),
            Span(f"{scope.state:<8}", _STYLES.get(scope.state, "plain")),
            Span(f"  {age:<{since}}  {shown:<{wide}}  "),
            *((Span(f"{text:<{what}}"), *_step(step)) if step else (Span(text),)),
        )


def _what(scope: ScopeLine, now: datetime) -> str:
    status = scope.status
    text = what_of(scope)
    text = text if len(text) <= LONGEST_WHAT else f"{text[: LONGEST_WHAT - 1].rstrip()}…"
    if status is not None and status.retry_at is not None:
        later = status.retry_at > now
        again = (
            f"next try {bare_clock_text(status.retry_at.astimezone(UTC))}" if later else "due again"
        )
        text = "; ".join(filter(None, (text, again)))
    return text


def _overrides(overrides: Sequence[Override], now: datetime) -> Iterator[Line]:
    if not overrides:
        return
    found = wholes(overrides)
    rows = [
        (
            _override(parts),
            _end(parts[0], now),
            in_short(parts[0].actor),
            in_short(parts[0].reason),
        )
        for parts in found
    ]
    for index, line in enumerate(aligned(rows)):
        yield _row(f"Overrides {len(found)}" if index == 0 else "", line)


def _alerts(view: StatusView) -> Iterator[Line]:
    label = f"Alerts {len(view.alerts)}"
    for known in view.alerts:
        alert = known.alert
        subject = f" {alert.key.subject}" if alert.key.subject else ""
        text = f"{alert.key.kind}{subject}: {in_short(alert.text, LONGEST_WHAT)}"
        age = age_text(view.at, known.since)
        yield _row(label, f"{text}, since {age}", "warn", alert.next)
        label = ""
    for sink in view.failing_sinks:
        why = in_short(sink.because.message, LONGEST_WHAT)
        again = f"; next try {bare_clock_text(sink.retry_at)}" if sink.retry_at else ""
        yield _row("Not told", f"{sink.name} did not take it: {why}{again}", "warn")


def _override(parts: Sequence[Override]) -> str:
    if len(parts) > 1:
        return f"{objects_text(parts)} {whole_text(parts)}"
    (override,) = parts
    what = f"{override.ref} {override.path}".rstrip()
    if not override.path or override.value is ABSENT:
        return f"{what} left as it is"
    value: Json = override.value
    return f"{what}={value_text(value)}"


def _end(override: Override, now: datetime) -> str:
    if override.until is not None:
        return f"until {_coming(override.until, now)}"
    return "until Git changes it" if override.until_git else "until released"


def _storms(view: StatusView) -> Iterator[Line]:
    for index, storm in enumerate(view.storms):
        label = f"Storms {len(view.storms)}" if index == 0 else ""
        yield _row(
            label,
            f"{storm.ref}: put back {storm.flips} times in half an hour, left alone until"
            f" {_coming(storm.until, view.at)}",
            "warn",
            f"envctl audit list --entity {storm.ref}",
        )


def _power(view: StatusView) -> Iterator[Line]:
    if view.power is None:
        return
    found = view.power
    counts = [f"{number(found.on)} on", f"{number(found.off)} off"]
    if found.unscheduled:
        counts.append(f"{number(found.unscheduled)} without a schedule")
    yield _row("Power", f"environments by schedule: {', '.join(counts)}{_instances(view)}")
    for index, switch in enumerate(found.next):
        lead = "next: " if index == 0 else "then: "
        states = (("on", switch.on), ("off", switch.off))
        what = "; ".join(f"{word}: {_names(names)}" for word, names in states if names)
        yield _row("", f"{lead}{_coming(switch.at, view.at)}, {what}")
    for name, why in sorted(found.invalid.items()):
        yield _row("", f"Environment/{name}: its schedule cannot be read: {why}", "warn")


def _instances(view: StatusView) -> str:
    seen = [
        sighting
        for sighting in view.sightings.values()
        if sighting and sighting.instances_on is not None
    ]
    if not seen:
        return ""
    on = sum(counts.instances_on or 0 for counts in seen)
    off = sum(counts.instances_off or 0 for counts in seen)
    due = sum(counts.to_switch or 0 for counts in seen)
    moving = sum(counts.on_the_way or 0 for counts in seen)
    tail = f", {number(due)} to be switched" if due else ""
    tail += f", {number(moving)} on their way" if moving else ""
    aged = _as_of(view, [counts.instances_at or counts.at for counts in seen])
    return f"   instances: {number(on)} on, {number(off)} off{tail}{aged}{_resized(view, seen)}"


def _resized(view: StatusView, seen: Sequence[ScopeCounts]) -> str:
    """Say how many groups were changed since instances were counted: theirs are not counted yet, or still are."""
    groups = sum(counts.resized or 0 for counts in seen)
    moments = [counts.resized_at for counts in seen if counts.resized and counts.resized_at]
    if not moments:
        return ""
    which = "1 group" if groups == 1 else f"{number(groups)} groups"
    return (
        f"; {which} changed {age_text(view.at, max(moments))} ago, whose instances are on their way"
    )


def _as_of(view: StatusView, moments: Sequence[datetime]) -> str:
    """Say how old what was seen is; nothing of what was seen just now."""
    oldest = min(moments)
    return "" if oldest == view.at else f" (seen {age_text(view.at, oldest)} ago)"


def _seen(view: StatusView) -> Iterator[Line]:
    if view.looked is not None:
        states = Counter(scope.state.value for scope in view.looked.values())
        changes = sum(scope.changes for scope in view.looked.values())
        looks = ", ".join(f"{count} {state}" for state, count in sorted(states.items()))
        looks = looks or "no account has a target that is on"
        yield _row("Looked now", f"{looks}; {number(changes)} to change")
    seen = [sighting for sighting in view.sightings.values() if sighting]
    images_at = [counts.images_at for counts in seen if counts.images and counts.images_at]
    yield from _remarks("Short", [short for found in seen for short in found.short])
    yield from _remarks("Rollouts", [rollout for found in seen for rollout in found.rollouts])
    aged = _as_of(view, images_at) if images_at else ""
    yield from _remarks("Images", [image for found in seen for image in found.images], aged)
    lacking = sum(remark.objects for found in seen for remark in found.missing)
    if lacking:
        waits = "object waits" if lacking == 1 else "objects wait"
        yield _row("Missing", f"{number(lacking)} {waits} for something", "warn", "envctl doctor")


def _remarks(label: str, remarks: Iterable[Remark], more: str = "") -> Iterator[Line]:
    """Yield what is said of most objects first, those of several accounts together."""
    alike: dict[str, list[Remark]] = {}
    for remark in remarks:
        alike.setdefault(remark.text, []).append(remark)
    counted = sorted(
        alike.items(), key=lambda item: (-sum(remark.objects for remark in item[1]), item[0])
    )
    for index, (text, same) in enumerate(counted[:REMARKS_SHOWN]):
        count = sum(remark.objects for remark in same)
        names = [name for remark in same for name in remark.names][:NAMES_SHOWN]
        who = ", ".join(names) if count <= len(names) else f"{number(count)}: {', '.join(names)}, …"
        yield _row("" if index else label, f"{who}: {text}{more}")
    if len(counted) > REMARKS_SHOWN:
        more = f"and {number(len(counted) - REMARKS_SHOWN)} more"
        yield _row("", more, step="envctl plan")


def _replicas(view: StatusView) -> Iterator[Line]:
    seen = {
        name: counts
        for name, counts in view.sightings.items()
        if counts and counts.copies_behind is not None
    }
    late = {name: counts for name, counts in seen.items() if counts.copies_behind}
    complete = [counts.at for name, counts in seen.items() if name not in late]
    aged = _as_of(view, complete) if complete else ""
    yield _row("Replicas", f"complete in {len(complete)} of {len(view.sightings)} scopes{aged}")
    for name, counts in late.items():
        copies = (
            "1 copy differs"
            if counts.copies_behind == 1
            else f"{counts.copies_behind} copies differ"
        )
        since = (
            f", the oldest since {_coming(counts.behind_since, view.at)}"
            if counts.behind_since
            else ""
        )
        yield _row("", f"{name}: {copies}{since}{_as_of(view, [counts.at])}", "change")
    unseen = [name for name in view.sightings if name not in seen]
    if unseen:
        yield _row("", f"not seen in {_names(unseen)}", "change")


def _ledger(view: StatusView) -> Iterator[Line]:
    heads = {scope.name: scope.head for scope in view.scopes if scope.head is not None}
    records = sum(head.sequence for head in heads.values())
    config = heads.get(CONFIG_SCOPE)
    at = f"; config at {number(config.sequence)} {config.last_hash[:12]}" if config else ""
    chains = "1 chain" if len(heads) == 1 else f"{number(len(heads))} chains"
    told = f"{number(records)} records in {chains}{at}"
    yield _row("Ledger", told, step="envctl audit verify")
    yield from _archive(view)
    for name, head in heads.items():
        until = datetime.fromtimestamp(head.lease_until / 1000, UTC)
        if head.owner and until > view.at:
            left = int((until - view.at).total_seconds())
            yield _row("", f"{name} is worked on by {head.owner} (lease ends in {left} s)")


def _archive(view: StatusView) -> Iterator[Line]:
    found = view.archive
    if found is None:
        return
    if found.detail:
        told = f"what was moved of it cannot be told: {found.detail}"
        yield _row("", told, "warn", "envctl doctor")
    elif found.until is not None:
        scopes = "1 scope" if found.scopes == 1 else f"{number(found.scopes)} scopes"
        moved = f"{number(found.records)} of {scopes} moved to segments"
        yield _row("", f"{moved}, up to {found.until:%Y-%m-%d}")


def _snapshot(view: StatusView) -> Iterator[Line]:
    found = view.snapshot
    if found is None:
        return
    if found.detail:
        yield _row("Snapshots", f"cannot be told: {found.detail}", "warn", "envctl snapshot list")
    elif found.at is None:
        yield _row("Snapshots", "none was proven yet", "warn", "envctl snapshot create")
    else:
        size = f"{number(found.items or 0)} items, {size_text(found.stored_bytes or 0)}"
        age = age_text(view.at, found.at)
        told = f"{found.id} proven, {age} old: {size}"
        yield _row("Snapshots", told, step="envctl snapshot list")


def _row(label: str, text: str, style: Style = "plain", step: str = "") -> Line:
    """Return a line with its label, and what to type about it."""
    typed = _step(step, style=style) if step else ()
    return (Span(f"{label:<{_LABEL - 1}} ", "bold"), Span(text, style), *typed)


def _step(command: str, gap: int = 3, style: Style = "plain") -> tuple[Span, Span]:
    return Span(f"{'':{gap}}→ ", style), Span(command, style, is_command=True)


def _plain(text: str) -> Line:
    return (Span(text),)


def _names(names: Sequence[str]) -> str:
    if len(names) <= NAMES_SHOWN:
        return ", ".join(names)
    return f"{number(len(names))} ({', '.join(names[:NAMES_SHOWN])}, …)"


def _coming(at: datetime, now: datetime) -> str:
    """Return ``19:00 UTC`` for a moment within a day, else with its date."""
    soon = timedelta(0) <= at - now < timedelta(hours=20)
    return utc_text(at) if soon else even_moment_text(at)


def status_answer(view: StatusView, settings: str = "") -> Answer:
    """Where everything stands; what to type next names the ``settings`` that were named: `` --config FILE``."""

    def lines() -> tuple[Line, ...]:
        return as_asked(status_lines(view), settings)

    return Answer(
        document="status",
        fields=lambda: status_json(view, settings),
        text=lambda: plain(lines()),
        styled=lines,
    )
