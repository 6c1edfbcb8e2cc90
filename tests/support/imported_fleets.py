"""Documents applied to tables that are not there, and imported from them again. Pure."""

from collections.abc import Iterable, Mapping
from typing import Any

import orjson

from controller.catalog import kinds
from controller.kinds.language.kind import RuleSettings
from controller.loading.authoring.compose import Composed, compose
from controller.loading.authoring.found import FoundObject
from controller.loading.authoring.reading import read_objects
from controller.loading.authoring.shared_schedules import share_schedules
from controller.loading.authoring.validate_loop import (
    StableDocuments,
    validate_until_stable,
)
from controller.model.canonical import parse_canonical
from controller.model.ref import ResourceRef
from controller.model.resource import Resource
from controller.planning.fields import comparable, keep_found
from tests.support.generated_fleets import Documents
from tests.support.yaml_fleet import KINDS, loaded, problems

CIRCUMSTANCES = RuleSettings("none", "eu-west-1")


def authored(documents: Documents) -> dict[str, str]:
    """Return the documents as files."""
    return {
        f"{number}.yaml": orjson.dumps(
            {"apiVersion": "envctl/v1", "kind": kind, **document}
        ).decode()
        for number, ((kind, _), document) in enumerate(documents.items())
    }


def right(texts: Mapping[str, str]) -> Mapping[ResourceRef, Resource]:
    """Load texts that have no problem."""
    found = loaded(texts)
    assert [str(one) for one in problems(texts, found) if not one.warning] == []
    return found.resources


def items_of(resource: Resource) -> dict[str, dict[str, Any]]:
    """Return the items a create writes."""
    attributes = parse_canonical(resource.projection.attributes)
    shared = kinds()[resource.ref.kind].shared
    items: dict[str, dict[str, Any]] = keep_found({}, attributes, shared, resource.projection.owned)
    return items


def found(ref: ResourceRef, items: Any, extra: Mapping[str, Any] | None = None) -> FoundObject:
    """Return an object as the tables hold it; with an extra it is ours."""
    shared = kinds()[ref.kind].shared if ref.kind in kinds() else ()
    own = comparable(items, shared, (extra or {}).get("owned", ()))
    return FoundObject(ref, own, items, extra or {}, ours=extra is not None)


def as_applied(resources: Mapping[ResourceRef, Resource]) -> list[FoundObject]:
    """Return what is found after an apply."""
    return [
        found(ref, items_of(one), parse_canonical(one.projection.extra))
        for ref, one in resources.items()
    ]


def without_marks(resources: Mapping[ResourceRef, Resource]) -> list[FoundObject]:
    """Return what is found if somebody else had written the same items."""
    return [found(ref, items_of(one)) for ref, one in resources.items()]


def settled(objects: Iterable[FoundObject], *, rewrite: bool = False) -> StableDocuments:
    """Read objects, hold them against each other, and share their schedules."""
    reading = read_objects(objects, KINDS)
    first = validate_until_stable(reading.written, reading.whole, KINDS, CIRCUMSTANCES)
    shared = share_schedules(first.written, rewrite=rewrite)
    last = validate_until_stable(shared, reading.whole, KINDS, CIRCUMSTANCES)
    left = (*reading.left_out, *first.left_out, *last.left_out)
    return StableDocuments(last.written, left, last.resources)


def composed(result: StableDocuments) -> Composed:
    """Write what was settled."""
    return compose(result.written.values(), result.left_out, KINDS)


def loadable(result: Composed) -> dict[str, str]:
    """Return the files a source would read."""
    return {path: text for path, text in result.files.items() if path.endswith(".yaml")}
