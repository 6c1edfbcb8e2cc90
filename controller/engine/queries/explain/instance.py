"""Why an instance, a group or an environment is on or off: everything gathered for one explanation."""

from collections.abc import Iterator
from datetime import UTC, datetime, tzinfo
from typing import Final

from controller.decisions.evaluator import LEFT_OUT, power_rules_of
from controller.decisions.power_map import PowerMap, power_map
from controller.decisions.tag_keys import TagKeys
from controller.engine.overrides.protection import protecting_type
from controller.engine.power.accepted_now import AcceptedNow
from controller.engine.power.evaluate import FleetEvaluation, sight
from controller.engine.power.find_object import GROUP, INSTANCE
from controller.engine.queries.explain.explanation import Command, Explanation, NextShown
from controller.engine.queries.explain.history import LedgerQuestions, by_line, change_line
from controller.engine.queries.explain.next_changes import next_wanted
from controller.engine.queries.explain.rules import order_of, override_lines, why_lines
from controller.engine.queries.explain.subject import Found, counted, found_object
from controller.ledger.live_history import made_by_us
from controller.model.accepted import AcceptedState
from controller.model.ledger_record import LedgerRecord
from controller.model.ref import ResourceRef
from controller.planning.wording import TIMES
from controller.scheduling.decision import Decision, Verdict, decide
from controller.scheduling.decision_sources import Source
from controller.scheduling.facts import (
    DecisionRules,
    EnvironmentFacts,
    InstanceFacts,
    RoleFacts,
    Tags,
    tag_value,
)
from controller.scheduling.grammar import parse_schedule
from controller.scheduling.override_tag import parse_override_tag
from controller.scheduling.refusals import InvalidSchedule
from controller.scheduling.schedule import Schedule, State
from controller.scheduling.skip_reason import STOP_NOT_MADE
from controller.scheduling.zones import zone_of
from controller.targets.power_parts.power_changes import PARKING

_IS: Final = {"running": State.ON, "stopped": State.OFF}
_TOLD: Final = (Verdict.DECIDES, Verdict.INVALID)
_AS_A_WHOLE: Final = ""
"""Id of the member that stands for a group, or an environment, as such."""


class PowerExplainer:
    """Explains one object at one moment, which may be to come."""

    def __init__(
        self, state: AcceptedNow, sights: FleetEvaluation, at: datetime, now: datetime
    ) -> None:
        """Take the accepted state, what was seen, the moment asked about, and that of the look."""
        self._state = state
        self._sights = sights
        self._at = at
        self._now = now
        self._tables = state.seen.scopes[0]
        self._plain: PowerMap | None = None

    def explain(self, ref: ResourceRef) -> Explanation:
        """Return the answer. Raises WrongUsage for what is not there, and as asking the ledger."""
        found = found_object(ref, self._state, self._sights)
        accepted = self._accepted(self._at)
        decision, role, environment = self._decided(found, accepted, self._at)
        if environment is None:
            return self._unknown(found, decision)
        written = self._written().environments.get(found.subject.environment.lower())
        # An override of an environment's schedule is told as one; what is written is what it would follow.
        environment = written.facts if written is not None else environment
        zone = _zone(decision, environment)
        ledger = LedgerQuestions(self._state.accounts.installation, zone, self._at)
        records = self._records(found, ledger)
        in_order, verdict = self._verdict(found, decision, records, ledger)
        blocks, information = self._blocks(found, decision)
        held = [
            override
            for override in accepted.overrides
            if override.ref in found.subject.refs(found.setup.scope.name)
        ]
        return Explanation(
            ref=str(ref),
            heading=found.heading,
            verdict=verdict,
            at=self._at,
            zone=zone,
            wanted=decision.wanted.value,
            in_order=in_order,
            last_change=tuple(self._last(found, records, ledger)),
            why=why_lines(
                decision, found.subject, accepted, ledger, tag_is_ours=_tag_is_ours(found)
            ),
            order=order_of(decision, role, environment),
            overrides=override_lines(held, zone),
            blocks=blocks,
            information=information,
            next=self._next(found, accepted),
            has_next=True,
            commands=tuple(self._commands(found, decision)),
        )

    def _accepted(self, at: datetime) -> AcceptedState:
        return self._state.accounts.accepted(
            self._tables, at, self._state.seen.overrides, self._state.accepted.revision
        )

    def _written(self) -> PowerMap:
        """Return what documents say without any override."""
        if self._plain is None:
            self._plain = power_map(self._state.accepted.written)
        return self._plain

    def _decided(
        self, found: Found, accepted: AcceptedState, at: datetime
    ) -> tuple[Decision, RoleFacts | None, EnvironmentFacts | None]:
        power = power_map(accepted)
        environment = power.environments.get(found.subject.environment.lower())
        facts = environment.facts if environment else None
        if found.ref.kind == "Environment":
            limits = power_rules_of(accepted.options)
            if limits.leave_out(found.subject.environment, found.setup.scope):
                return LEFT_OUT, None, facts
            return self._as_a_whole(found, power, at), None, facts
        seen = sight(found.setup, found.look, accepted, at, self._sights.deploying)
        if found.ref.kind == GROUP:
            judged = seen.groups[found.subject.group]
            return judged.decision, judged.role.facts if judged.role else None, facts
        one = next(iter(seen.instances))
        return one.decision, one.role.facts if one.role else None, facts

    @staticmethod
    def _as_a_whole(found: Found, power: PowerMap, at: datetime) -> Decision:
        name = found.subject.environment.lower()
        known = power.environments.get(name)
        return decide(
            InstanceFacts(_AS_A_WHOLE, "running"),
            None,
            known.facts if known else None,
            at,
            overrides=power.overrides("", "", name),
        )

    def _records(self, found: Found, ledger: LedgerQuestions) -> LedgerRecord | None:
        subject, scope = found.subject, found.setup.scope.name
        if found.ref.kind == "Environment":
            return ledger.switched_environment(scope, subject.environment)
        members = [
            ResourceRef(INSTANCE, f"{scope}/{instance}") for instance in found.look.instances
        ]
        if found.ref.kind != GROUP:
            return ledger.switched(scope, subject.environment, members)
        parking = ResourceRef(PARKING, found.ref.key)
        switched = ledger.switched(scope, subject.environment, [parking, *members])
        both = [one for one in (switched, ledger.live(found.ref)) if one is not None]
        return max(both, key=lambda one: one.iso_timestamp, default=None)

    def _verdict(
        self,
        found: Found,
        decision: Decision,
        record: LedgerRecord | None,
        ledger: LedgerQuestions,
    ) -> tuple[bool | None, str]:
        moment = "" if self._at == self._now else f"At {_moment(self._at, decision)} "
        wanted = decision.wanted
        if wanted not in (State.ON, State.OFF):
            return (
                None,
                f"{moment}{'Wanted: left alone' if wanted is State.NOSCHEDULE else 'Nothing is wanted'}, is {counted(found.states)}",
            )
        if self._at != self._now:
            return (
                None,
                f"{moment}wanted {wanted.value.upper()}, as schedules and overrides are now",
            )
        right = sum(n for state, n in found.states.items() if _IS.get(state) is wanted)
        total = sum(found.states.values())
        if right == total and total:
            since = (
                f" since {ledger.when(record)}" if record and record.phase == "succeeded" else ""
            )
            return (
                True,
                f"{moment}Wanted {wanted.value.upper()}, is {wanted.value}{since} (in order)",
            )
        return (
            not total,
            f"{moment}Wanted {wanted.value.upper()}, is {counted(found.states) or 'without instances'}",
        )

    def _last(
        self, found: Found, record: LedgerRecord | None, ledger: LedgerQuestions
    ) -> Iterator[str]:
        launched = [
            instance.launched_at
            for instance in found.look.instances.values()
            if instance.launched_at
        ]
        if record is None:
            first = max(launched, default=None)
            when = f"; last started {_clock(first)}" if first else ""
            yield f"none by envctl that the ledger knows: outside, or before it was installed{when}"
            return
        what = change_line(record, found.ref) if found.ref.kind == INSTANCE else _of_many(record)
        yield f"{ledger.took(record)}  {what}"
        yield by_line(record)
        done = datetime.fromisoformat(record.iso_timestamp)
        for at in sorted(launched)[-1:]:
            if (at - done).total_seconds() > 1 and found.ref.kind == INSTANCE:
                yield f"started outside envctl after that, {_clock(at)}"

    def _blocks(self, found: Found, decision: Decision) -> tuple[tuple[str, ...], tuple[str, ...]]:
        accounts, accepted = self._state.accounts, self._state.accepted
        settings = accounts.installation.master.settings
        power = next((target for target in accounts.targets if target.name == "power"), None)
        mode = found.setup.mode_of(power, settings) if power is not None else "off"
        blocks = []
        if mode != "enforce":
            blocks.append(f"mode of power in {found.setup.scope.name}: {mode}; nothing is switched")
        dark = self._sights.dark.get(found.setup.scope.name)
        if dark is not None:
            blocks.append(f"{found.setup.scope.name} is not known: {dark.reason.message}")
        reason = decision.reason
        if reason and (
            (decision.source is None and decision.wanted is State.NONE)
            or reason.code in STOP_NOT_MADE
        ):
            blocks.append(str(reason))
        if decision.schedule is None and decision.source is not None and decision.reason:
            blocks.append(f"{decision.reason}; until that is put right it is left as it is")
        name, told = found.subject.environment, []
        if accepted.in_maintenance(name):
            told.append("environment in maintenance")
        if accepted.deployments_locked(name):
            told.append("deployments locked")
        if kind := protecting_type(name, accepted):
            told.append(f"schedule protected by EnvironmentType/{kind}")
        return tuple(blocks), tuple(told)

    def _next(self, found: Found, accepted: AcceptedState) -> tuple[NextShown, ...]:
        environment = self._written().environments.get(found.subject.environment.lower())
        role = environment.role(found.subject.role) if environment and found.subject.role else None
        schedules: list[Schedule | InvalidSchedule | None] = [
            environment.facts.schedule if environment else None,
            role.facts.schedule if role else None,
        ]
        group = found.look.groups.get(found.subject.group)
        tagged = (found.tags, group.tags if group else ())
        schedules += [_parsed(tag_value(tags, "Schedule")) for tags in tagged]
        overriding = power_map(accepted)
        held = overriding.overrides(
            found.subject.instance, found.subject.group, found.subject.environment.lower()
        )
        schedules += [one.schedule for one in held]
        ends = [one.until for one in held if one.until is not None]
        ends += [end for tags in tagged if (end := _tag_end(tags)) is not None]
        return next_wanted(
            lambda at: self._decided(found, self._accepted(at), at)[0].wanted,
            schedules,
            ends,
            self._at,
        )

    def _commands(self, found: Found, decision: Decision) -> Iterator[Command]:
        tag = _deciding_tag(found, decision)
        if tag is not None:
            key, on_instance = tag
            where = (found.subject.instance if on_instance else "") or found.subject.group
            if decision.schedule is None:
                yield Command("Put it right", f"correct the tag {key} of {where}, or take it off")
                return
            if decision.wanted is State.ON:
                yield Command(
                    "Let it follow",
                    f"take the tag {key} off {where}; an override to off does not go before it",
                )
                return
        if decision.wanted not in (State.ON, State.OFF):
            return
        other = "off" if decision.wanted is State.ON else "on"
        purpose = f"{'Keep it' if _IS.get(next(iter(found.states), '')) is State(other) else 'Have it'} {other}"
        total = sum(1 for one in self._all_of(found))
        name = found.subject.environment
        command = 'envctl override {} schedule={} --until 10:00 --reason "…"'
        if not protecting_type(name, self._state.accepted):
            every = f"      (all {total} instances)" if total > 1 else ""
            yield Command(purpose, command.format(name, other) + every)
            purpose = ""
        own = found.subject.instance or found.subject.group
        if own:
            yield Command(purpose, command.format(own, other))

    def _all_of(self, found: Found) -> Iterator[str]:
        for seen in self._sights.seen:
            if seen.scope.name == found.setup.scope.name:
                for instance in seen.instances:
                    if instance.environment == found.subject.environment:
                        yield instance.instance.instance_id

    def _unknown(self, found: Found, decision: Decision) -> Explanation:
        known = made_by_us(
            self._state.accounts.installation.ledger.of_item(found.ref.kind, found.ref.key, None)
        )
        ours = "; the ledger knows it as ours" if known else ""
        return Explanation(
            ref=str(found.ref),
            heading=found.heading,
            verdict=f"It belongs to no environment that is known{ours}: it is never touched",
            at=self._at,
            blocks=(str(decision.reason or ""),),
        )


def _zone(decision: Decision, environment: EnvironmentFacts) -> tzinfo:
    for schedule in (environment.schedule, decision.schedule):
        if isinstance(schedule, Schedule) and schedule.fixed is None:
            return zone_of(schedule.zone)
    return UTC


def _deciding_tag(found: Found, decision: Decision) -> tuple[str, bool] | None:
    """Return the key of the tag that decides, or that nobody can read, and whether it is on the instance; None if none does."""
    if decision.source is Source.GROUP and _tag_is_ours(found):
        return None
    if decision.source in (Source.INSTANCE, Source.GROUP):
        return "Schedule", decision.source is Source.INSTANCE
    texts = [rule.text for rule in decision.chain if rule.verdict in _TOLD]
    key = DecisionRules().override_tag
    on_instance = tag_value(found.tags, key)
    group = found.look.groups.get(found.subject.group)
    on_group = tag_value(group.tags, key) if group else ""
    if decision.source is not Source.OVERRIDE or not {on_instance, on_group} & set(texts[:1]):
        return None
    return key, on_instance in texts[:1]


def _tag_is_ours(found: Found) -> bool:
    group = found.look.groups.get(found.subject.group)
    return group is not None and TagKeys().schedule_is_ours(group)


def _tag_end(tags: Tags) -> datetime | None:
    text = tag_value(tags, DecisionRules().override_tag)
    try:
        return parse_override_tag(text) if text else None
    except InvalidSchedule:
        return None


def _parsed(text: str) -> Schedule | None:
    try:
        return parse_schedule(text) if text else None
    except InvalidSchedule:
        return None


def _clock(at: datetime) -> str:
    return f"{at.astimezone(UTC):%a} {at.astimezone(UTC).day} {at.astimezone(UTC):%b %H:%M %Z}"


def _moment(at: datetime, decision: Decision) -> str:
    zone = UTC
    if decision.schedule is not None and decision.schedule.fixed is None:
        return f"{at.astimezone(zone_of(decision.schedule.zone)):%a %d %b %H:%M %Z}"
    return f"{at.astimezone(zone):%a %d %b %H:%M %Z}"


def _of_many(record: LedgerRecord) -> str:
    count = len(record.new_value or {})
    action = record.new_meta.get("Action", record.change_type.lower())
    failed = f"  FAILED: {record.new_meta.get('Message', '')}" if record.phase == "failed" else ""
    return f"{action} {TIMES} {count}{failed}" if count > 1 else f"{action}{failed}"
