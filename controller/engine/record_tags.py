"""After each run that enforces power, the tags that keep things on are on record, as overrides are: listed, announced, ended."""

from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import datetime

from controller.engine.installation import Installation
from controller.engine.lease import Claim
from controller.engine.live_plan import LiveScopePlan
from controller.engine.override_write import MOST, Ending, end_overrides, make_overrides
from controller.engine.power_memory import power_part
from controller.engine.run_id import new_run_id
from controller.errors import EnvctlError
from controller.events import Emit, RunStopped
from controller.model.accepted import AcceptedState
from controller.model.live import Tags
from controller.model.override import Override
from controller.model.ref import ResourceRef
from controller.planning.override_tags import override_of_tag, tags_to_record
from controller.scheduling.facts import tag_value
from controller.scheduling.override_tag import parse_override_tag
from controller.scheduling.refusals import InvalidSchedule
from controller.targets.power_parts.customs import customs_of
from controller.targets.power_parts.look_facts import Rows

GONE = "its tag was taken off, or says something else"


def record_tags(
    installation: Installation,
    accepted: AcceptedState,
    plans: Iterable[LiveScopePlan],
    claim: Claim,
    emit: Emit,
) -> None:
    """Write what changed since the last run. What cannot be written now the next run writes: the tag holds all the same."""
    now = installation.master.surroundings.clock()
    for plan in plans:
        part = power_part(plan)
        if part is None:
            continue
        scope = plan.setup.scope.name
        found = {
            ref: override_of_tag(ref, customs_of(accepted.options).rules.override_tag, until, now)
            for ref, until in _tagged(part.observed.facts["look"], scope, accepted)
            if until > now
        }
        new, gone = tags_to_record(found, accepted.overrides, scope)
        if new or gone:
            try:
                # Whoever works on the tables is not put out for this.
                own = replace(claim, take_over=False)
                _write(installation, new, gone, own, new_run_id(now))
            except EnvctlError as error:
                emit(RunStopped(scope, f"its override tags are not on record yet: {error}"))


def _tagged(
    look: Rows, scope: str, accepted: AcceptedState
) -> Iterator[tuple[ResourceRef, datetime]]:
    """Yield what carries a tag that can be read, of environments that are known, and until when it holds."""
    customs = customs_of(accepted.options)
    key = customs.rules.override_tag
    for kind, rows in (("Instance", look["instances"]), ("Group", look["groups"])):
        for name, _, tags, *_ in rows:
            if not _has(tags, key):
                continue
            environment = tag_value(tags, customs.environment_tag).lower()
            if environment in {one.key.lower() for one in accepted.environments()}:
                with suppress(InvalidSchedule):
                    until = parse_override_tag(tag_value(tags, key))
                    yield ResourceRef(kind, f"{scope}/{name}"), until


def _has(tags: Tags, key: str) -> bool:
    """Tell whether there is a tag of that key, in lower case. Of thousands few have one: lengths are compared before letters."""
    length = len(key)
    for one, _ in tags:  # noqa: SIM110  # twice as fast as any()
        if len(one) == length and one.lower() == key:
            return True
    return False


def _write(
    installation: Installation,
    new: tuple[Override, ...],
    gone: tuple[Override, ...],
    claim: Claim,
    transaction: str,
) -> None:
    end_overrides(installation, [Ending(one, GONE) for one in gone], claim, transaction)
    for first in range(0, len(new), MOST):
        make_overrides(installation, new[first : first + MOST], claim, transaction)
