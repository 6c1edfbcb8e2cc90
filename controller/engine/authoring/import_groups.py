"""The groups of the accounts that were imported: looked at once, then closer, and nothing written."""

from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime

from controller.engine.authoring.import_role import closer_look
from controller.engine.desired.accepted import accepted_of
from controller.engine.installation.installation import Installation
from controller.engine.live.accounts import LiveAccounts
from controller.engine.live.observe import Observer, ScopeSetup, Unobserved
from controller.errors import EnvctlError
from controller.kinds.language.kind import Kinds
from controller.loading.authoring.closer_facts import CloserLook
from controller.model.accepted import AcceptedState
from controller.model.live import LiveLook
from controller.model.observed import CONFIG_SCOPE
from controller.model.ref import ResourceRef
from controller.model.resource import Resource
from controller.targets.group_parts.designs import designs
from controller.targets.group_parts.observe import read_deep
from controller.targets.group_parts.schedule_acts import read_actions

Resources = Mapping[ResourceRef, Resource]


@dataclass(frozen=True, slots=True)
class Looked:
    """Scopes with what was found there; ``unseen`` says of the others why they were not looked at."""

    looks: Sequence[tuple[ScopeSetup, LiveLook]]
    unseen: Mapping[str, str]


class GroupReader:
    """Looks at the accounts that documents name."""

    def __init__(self, installation: Installation, kinds: Kinds, now: datetime) -> None:
        """Take the installation; ``now`` is aware."""
        self._installation, self._kinds, self._now = installation, kinds, now

    def look(self, resources: Resources, scopes: Sequence[str]) -> Looked:
        """Look at scopes, all if none is named. Raises WrongUsage for one that does not exist."""
        accepted = self._accepted(resources)
        live = LiveAccounts(self._installation)
        wanted = [name for name in scopes if name != CONFIG_SCOPE]
        setups = live.scopes(accepted, wanted) if wanted or not scopes else ()
        found = live.looks(accepted, setups, self._now)
        looks: list[tuple[ScopeSetup, LiveLook]] = []
        unseen: dict[str, str] = {}
        for setup in setups:
            result = found[setup.scope.name]
            if isinstance(result, Unobserved):
                unseen[setup.scope.name] = result.reason
            else:
                looks.append((setup, result))
        return Looked(looks, unseen)

    def look_closer(
        self, resources: Resources, looked: Looked
    ) -> tuple[list[CloserLook], list[str]]:
        """Hold every group against what the documents would make of it; return remarks on scopes where that could not be."""
        accepted = self._accepted(resources)
        parallel = self._installation.master.settings.live.parallel_scopes

        def closer(setup: ScopeSetup, look: LiveLook) -> list[CloserLook] | str:
            try:
                return list(self._closer(accepted, setup, look))
            except EnvctlError as error:
                return (
                    f"groups in {setup.scope.name} were not looked at closely, so what their launch templates, hooks,"
                    f" notifications and scheduled actions say is written as the map has it: {error}"
                )

        with ThreadPoolExecutor(parallel, thread_name_prefix="look") as pool:
            found = list(pool.map(lambda pair: closer(*pair), looked.looks))
        remarks = [result for result in found if isinstance(result, str)]
        return [look for result in found if not isinstance(result, str) for look in result], remarks

    def _closer(
        self, accepted: AcceptedState, setup: ScopeSetup, look: LiveLook
    ) -> Iterable[CloserLook]:
        wanted = designs(accepted, setup.scope).groups
        there = {
            name: group
            for name, group in look.groups.items()
            if name in wanted and not group.status
        }
        if not there:
            return
        master = self._installation.master
        history = self._installation.ledger
        observer = Observer(access=master.aws, accepted=accepted, history=history, now=self._now)
        reads = observer.reads(setup)
        deep = read_deep(there.values(), reads)
        actions = read_actions(reads)
        for name in sorted(there):
            yield closer_look(wanted[name], setup.scope, deep[name], actions.get(name, {}))

    def _accepted(self, resources: Resources) -> AcceptedState:
        """Return what was imported in the form that says which accounts and regions there are."""
        options = self._installation.master.settings.options
        return accepted_of(resources, self._kinds, options, installation=self._installation.id)
