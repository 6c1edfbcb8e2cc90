"""After each run that enforces power, the tags that keep things on are on record, as overrides are: listed, announced, ended."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime

from controller.decisions.tag_keys import tag_keys_of
from controller.engine.commit.lease import Claim
from controller.engine.commit.run_id import new_run_id
from controller.engine.commit.storage import ApplyRequest
from controller.engine.installation.installation import Installation
from controller.engine.live.planner import LiveScopePlan
from controller.engine.live.schedule_memory import power_part
from controller.engine.state.override_commit import MOST, Ending, end_overrides, make_overrides
from controller.errors import EnvctlError
from controller.events import Emit, RunStopped
from controller.model.accepted import AcceptedState
from controller.model.ledger_record import Actor, Requester
from controller.model.live import LiveLook, Tags
from controller.model.override import Override
from controller.model.ref import ResourceRef
from controller.planning.overrides import override_of_tag, tags_to_record
from controller.scheduling.facts import tag_value
from controller.scheduling.schedule import InvalidSchedule
from controller.scheduling.until import parse_override_tag

GONE = "its tag was taken off, or says something else"


class OverrideTagSync:
    """Keeps tags on record. Made once per process; not for several threads at once."""

    def __init__(self, installation: Installation) -> None:
        """Take where the records are."""
        self._installation = installation
        self._made: dict[str, Override] = {}
        """By id: an accepted state read before they were made does not have them."""

    def keep(
        self,
        accepted: AcceptedState,
        plans: Iterable[LiveScopePlan],
        claim: Claim,
        requester: Requester,
        emit: Emit,
    ) -> None:
        """Write what changed since the last run. What cannot be written now the next run writes: the tag holds all the same."""
        now = self._installation.master.process.clock()
        # Where the time is up the end is recorded as that of any override.
        self._made = {name: made for name, made in self._made.items() if _holds(made, now)}
        # Whoever works on the tables is not put out for this.
        claim = replace(claim, take_over=False)
        for plan in plans:
            if power_part(plan) is None or plan.view.look is None:
                continue
            scope, key = plan.setup.scope.name, tag_keys_of(accepted.options).override
            found = {
                ref: override_of_tag(ref, key, until, now)
                for ref, until in _tagged(plan.view.look, accepted)
                if until > now
            }
            known = {
                override.id: override for override in accepted.overrides if _holds(override, now)
            } | self._made
            if not found and not known:
                continue
            new, gone = tags_to_record(found, known.values(), scope)
            if new or gone:
                try:
                    self._write(new, gone, claim, requester, emit)
                except EnvctlError as error:
                    text = f"its override tags are not on record yet: {error}"
                    emit(RunStopped(scope, text))

    def _write(
        self,
        new: Sequence[Override],
        gone: Sequence[Override],
        claim: Claim,
        requester: Requester,
        emit: Emit,
    ) -> None:
        actor = Actor(requester.name, "", requester.name, "override")
        now = self._installation.master.process.clock()
        request = ApplyRequest(actor=actor, transaction=new_run_id(now))
        storage = self._installation.storage()
        endings = [Ending(override, GONE) for override in gone]
        end_overrides(storage, endings, request, claim, emit)
        for override in gone:
            self._made.pop(override.id, None)
        for first in range(0, len(new), MOST):
            part = new[first : first + MOST]
            make_overrides(storage, part, request, claim, emit)
            self._made |= {override.id: override for override in part}


def _holds(override: Override, now: datetime) -> bool:
    return override.until is not None and override.until > now


def _tagged(look: LiveLook, accepted: AcceptedState) -> Iterator[tuple[ResourceRef, datetime]]:
    """Yield what carries a tag that can be read, of environments that are known, and until when it holds."""
    keys = tag_keys_of(accepted.options)
    known = {environment.key.lower() for environment in accepted.of_kind("Environment")}
    for kind, found in (("Instance", look.instances), ("Group", look.groups)):
        for name, tagged in found.items():
            tags = tagged.tags
            if not _has(tags, keys.override):
                continue
            if tag_value(tags, keys.environment).lower() in known:
                with suppress(InvalidSchedule):
                    until = parse_override_tag(tag_value(tags, keys.override))
                    yield ResourceRef(kind, f"{look.scope.name}/{name}"), until


def _has(tags: Tags, key: str) -> bool:
    """Tell whether there is a tag of that key (in lower case), in any case. Of thousands few have one: lengths are compared before letters."""
    length = len(key)
    for name, _ in tags:  # noqa: SIM110  # twice as fast as any()
        if len(name) == length and name.lower() == key:
            return True
    return False
