"""An override held against everything that was accepted, as Git's documents are: only then it is written."""

from collections.abc import Iterator, Sequence
from typing import Any

from controller.decisions.power_map import SCHEDULE_PATH
from controller.engine.config.compute_plan import SCHEDULE_ENVIRONMENT
from controller.engine.desired.accepted import LazyMapping
from controller.engine.power.fleet import LIVE, protecting_type
from controller.errors import InvalidDesiredState, PlanRefused, WrongUsage
from controller.kinds.language.fields import PLAIN, Shape, fields_of
from controller.kinds.language.kind import Finding, Kinds, of_rules
from controller.kinds.schedule import NOSCHEDULE, ScheduleChoice, expand_schedule
from controller.loading.documents import IrregularScalar
from controller.loading.documents import resolve as scalar
from controller.loading.positions import dotted
from controller.loading.resolve import Resolved, TracingWorld, resolve
from controller.loading.validated import ValidatedDocument, validate_document
from controller.model.accepted import AcceptedState
from controller.model.canonical import ABSENT, Json, parse_canonical
from controller.model.override import Override
from controller.model.ref import Origin, ProblemCode, ResourceRef
from controller.planning.overrides import patch, segments


def read_assignment(text: str) -> tuple[str, Json]:
    """Return path and value of ``PATH=VALUE``; the value is read as YAML reads it, JSON for lists and maps. ABSENT without ``=``.

    Raises WrongUsage.
    """
    path, equals, value = text.partition("=")
    if not path:
        raise WrongUsage(f"{text!r} names no field", fix="write PATH=VALUE, such as schedule=on")
    if not equals:
        return path, ABSENT
    if value[:1] in "[{" and value:
        try:
            return path, parse_canonical(value.encode())
        except ValueError:
            raise WrongUsage(
                f"{text!r}: no JSON after the =", fix="write lists and maps as JSON"
            ) from None
    try:
        return path, scalar(value)
    except IrregularScalar as error:
        raise WrongUsage(
            f"{text!r}: {error}", fix="write the value as the YAML would have it"
        ) from None


def check_overrides(new: Sequence[Override], accepted: AcceptedState, kinds: Kinds) -> None:
    """Return if the overrides, all of one object, may hold. ``accepted`` has the others laid over it already.

    Raises WrongUsage for a path that leads nowhere or what would do nothing, PlanRefused for a schedule that is protected,
    InvalidDesiredState for what its kind or the rest of the documents do not allow.
    """
    ref = new[0].ref
    if ref.kind in LIVE:
        for override in new:
            _check_live(override, accepted)
        return
    for override in new:
        if override.path:
            _refuse_sensitive(override, kinds)
        check_schedule_may_change(override, accepted)
    resource = accepted.resources[ref]
    kind = kinds[ref.kind]
    made = validate_document(kind, patch(resource.document, new, kind.expand), resource.origin, 0)
    if not isinstance(made, ValidatedDocument):
        raise _wrong(new, made)
    if made.ref != ref:
        raise WrongUsage(f"{ref}: an override does not rename", fix="rename it in its file")
    before, after = _Checks(accepted, kinds), _Checks(accepted, kinds, made)
    known = set(before.errors(ref))
    fresh = [issue for issue in after.errors(ref) if issue not in known]
    for dependent in sorted(accepted.resources.keys() - {ref}):
        if ref in after.resolved(dependent).asked:
            known = set(before.errors(dependent))
            fresh += [
                issue._replace(message=f"{dependent}: {issue.message}")
                for issue in after.errors(dependent)
                if issue not in known
            ]
    if fresh:
        raise _wrong(new, fresh)


class _Checks:
    """Holds accepted documents against each other, with one of them as it is to be."""

    def __init__(
        self, accepted: AcceptedState, kinds: Kinds, own: ValidatedDocument | None = None
    ) -> None:
        self._accepted, self._kinds, self._own = accepted, kinds, own
        self._world = TracingWorld(
            LazyMapping(accepted.resources, self._facts), *of_rules(accepted.options)
        )

    def errors(self, ref: ResourceRef) -> Iterator[Finding]:
        return (issue for issue in self.resolved(ref).issues if not issue.warning)

    def resolved(self, ref: ResourceRef) -> Resolved:
        kind, resource = self._kinds[ref.kind], self._accepted.resources[ref]
        document = self._own
        if document is None or document.ref != ref:
            valid = validate_document(kind, resource.document, resource.origin, 0)
            assert isinstance(valid, ValidatedDocument), "what is accepted is valid"
            document = valid
        return resolve(document, kind, self._world)

    def _facts(self, ref: ResourceRef) -> Any:
        if self._own is not None and self._own.ref == ref:
            return self._own.facts
        return self._kinds[ref.kind].facts(ref.key, self._accepted.specs[ref])


def _check_live(override: Override, accepted: AcceptedState) -> None:
    if not override.path:
        return
    if override.path not in ("schedule", "spec.schedule") or override.value is ABSENT:
        raise WrongUsage(
            f"{override.ref}: of a group or an instance only the schedule can be overridden",
            fix="write schedule=on, schedule=off, schedule=noschedule or the name of a Schedule",
        )
    try:
        choice = ScheduleChoice.model_validate(expand_schedule(override.value))
    except ValueError as error:
        raise WrongUsage(f"{override.ref}: schedule={override.value!r}: {error}") from None
    if choice.use is not None and ResourceRef("Schedule", choice.use) not in accepted.resources:
        raise _wrong(
            [override],
            [
                Finding(
                    ("spec", "schedule"),
                    f"no Schedule named {choice.use!r}",
                    code=ProblemCode.UNKNOWN_REFERENCE,
                )
            ],
        )


def _wrong(new: Sequence[Override], issues: Sequence[Finding]) -> InvalidDesiredState:
    origin = Origin(f"override of {new[0].ref}")
    return InvalidDesiredState([issue.at(origin, dotted(issue.path)) for issue in issues])


def _refuse_sensitive(override: Override, kinds: Kinds) -> None:
    shape = Shape(model=kinds[override.ref.kind].spec)
    for step in segments(override.path)[1:]:
        fields = fields_of(shape.model).by_yaml
        field = fields.get(step)
        if field is not None and field.sensitive:
            raise WrongUsage(
                f"{override.ref}: {override.path} is sensitive; an override would show its value to everybody",
                fix="change it in Git",
            )
        shape = field.shape if field is not None else shape.values or shape.members or PLAIN


def check_schedule_may_change(override: Override, accepted: AcceptedState) -> None:
    """Return if the override is of no environment's schedule, or of one that may be another for a while.

    Raises WrongUsage for what would be shown as holding and switch nothing, PlanRefused for what is forbidden to everyone, as
    an edit of it is (domain rule). Groups and instances are not concerned.
    """
    ref = override.ref
    if ref.kind != "Environment" or segments(override.path)[:2] != SCHEDULE_PATH:
        return
    written = accepted.written
    spec = written.spec("Environment", ref.key)
    if spec is None:
        return
    if spec.schedule.mode == NOSCHEDULE:
        origin = written.resources[ref].origin._replace(column=0)
        raise WrongUsage(
            f"{ref} will not be touched, because it is written as noschedule in {origin}: no override goes before that",
            fix="give it a schedule in Git, or switch its instances by hand",
        )
    kind = protecting_type(ref.key, written)
    if kind:
        raise PlanRefused(
            f"{ref} keeps its schedule: EnvironmentType/{kind} is protected against {SCHEDULE_ENVIRONMENT}",
            fix="override the groups or instances that need it, or take that out of its protectedActions in Git",
        )
