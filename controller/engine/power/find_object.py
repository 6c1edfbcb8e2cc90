"""What a person means by a name: a document, a group, or an instance somewhere in the accounts."""

from collections.abc import Callable, Iterator, Sequence
from typing import Final

from controller.engine.power.evaluate import FleetEvaluation
from controller.errors import WrongUsage
from controller.loading.closest import closest
from controller.model.accepted import AcceptedState
from controller.model.ref import ResourceRef

GROUP: Final = "Group"
INSTANCE: Final = "Instance"
LIVE: Final = (GROUP, INSTANCE)
SHOWN: Final = 10


def find_object(
    text: str, accepted: AcceptedState, look: Callable[[], FleetEvaluation]
) -> ResourceRef:
    """Return the one object a text means; accounts are only looked at if no document is meant.

    ``Kind/name``, a bare name (an Environment goes before other kinds), a group's name, an instance's id, its private address
    or its Name tag. Raises WrongUsage if there is none, or several.
    """
    kind, slash, key = text.partition("/")
    if slash and kind not in LIVE and not key.startswith("/"):
        return _document(ResourceRef(kind, key), accepted)
    if not slash:
        own = [ref for ref in accepted.resources if ref.key == text]
        own = [ref for ref in own if ref.kind == "Environment"] or own
        if own:
            return _one(text, sorted(own))
    sights = look()
    found = sorted(set(_live(text, sights)))
    if found:
        return _one(text, found)
    raise _nothing(text, accepted, sights)


def _document(ref: ResourceRef, accepted: AcceptedState) -> ResourceRef:
    if ref in accepted.resources:
        return ref
    if ref in accepted.unreadable:
        raise WrongUsage(
            f"{ref} cannot be read back from the tables: {accepted.unreadable[ref]}",
            fix="envctl plan shows what differs",
        )
    meant = closest(str(ref), map(str, accepted.resources))
    fix = (
        f"did you mean {meant}?"
        if meant
        else "envctl render lists the source's; what was never applied is not accepted yet"
    )
    raise WrongUsage(f"there is no {ref} in the tables", fix=f"{fix}")


def _live(text: str, sights: FleetEvaluation) -> Iterator[ResourceRef]:
    kind, _, key = text.partition("/")
    for sight in sights.seen:
        scope = sight.scope.name
        wanted = key.removeprefix(f"{scope}/") if kind in LIVE else text
        if kind in LIVE and "/" in wanted:
            continue
        if kind != INSTANCE and wanted in sight.look.groups:
            yield ResourceRef(GROUP, f"{scope}/{wanted}")
        if kind == GROUP:
            continue
        for instance in sight.look.instances.values():
            if wanted in (instance.instance_id, instance.private_ip, instance.tag("Name")):
                yield ResourceRef(INSTANCE, f"{scope}/{instance.instance_id}")


def _one(text: str, found: Sequence[ResourceRef]) -> ResourceRef:
    if len(found) == 1:
        return found[0]
    names = "\n".join(f"    {ref}" for ref in found[:SHOWN])
    more = f"\n    and {len(found) - SHOWN} more" if len(found) > SHOWN else ""
    raise WrongUsage(f"{text!r} may be each of these", fix=f"name one of them\n{names}{more}")


def _nothing(text: str, accepted: AcceptedState, sights: FleetEvaluation) -> WrongUsage:
    names = [ref.key for ref in accepted.resources]
    names += [name for sight in sights.seen for name in sight.look.groups]
    meant = closest(text, names)
    fix = (
        f"did you mean {meant}?"
        if meant
        else "name a document, a group, or an instance by id, private address or Name"
    )
    dark = "".join(
        f"\n  {name} could not be looked at: {scope.reason.message}"
        for name, scope in sorted(sights.unreachable.items())
    )
    return WrongUsage(f"nothing is called {text!r}", fix=f"{fix}{dark}")
