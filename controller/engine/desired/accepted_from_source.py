"""A loaded revision taken for accepted, so that what follows from it can be told without any tables."""

from controller.engine.desired.accepted import Made
from controller.engine.desired.load_revision import LoadedRevision
from controller.loading.compiled import CompiledKinds
from controller.loading.recovered import spec_of
from controller.model.accepted import AcceptedState
from controller.model.canonical import parse_canonical
from controller.model.live_options import LiveOptions


def accepted_of(
    revision: LoadedRevision, kinds: CompiledKinds, options: LiveOptions
) -> AcceptedState:
    """Return the state as it would be once this revision has been applied in full. Raises InvalidDesiredState."""
    desired = revision.desired
    resources = desired.resources
    return AcceptedState(
        resources=resources,
        specs=Made(resources, lambda ref: spec_of(resources[ref], kinds)),
        items=Made(resources, lambda ref: parse_canonical(resources[ref].projection.attributes)),
        revision=desired.revision,
        options=options,
    )
