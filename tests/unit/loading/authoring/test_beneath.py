"""What overrides hold for a while is not written: a document gets what is beneath them."""

from collections.abc import Iterable, Mapping
from typing import Any

import pytest

from controller.loading.authoring.found import FoundObject, Oddity
from controller.model.canonical import canonical_bytes, parse_canonical
from controller.model.observed import BENEATH
from controller.model.override import Override
from controller.model.ref import ResourceRef
from controller.model.resource import Resource
from controller.planning.overrides import base_fields, patch
from tests.support.imported_fleets import composed, found, items_of, loadable, right, settled
from tests.support.yaml_fleet import examples

CASES = [
    ("Environment/c50", "schedule", "off", "schedule off"),
    ("Environment/c50", "roles.Web.ami", "web-9.9.9", "roles {'"),
    ("Environment/c50", "metadata.labels.team", "other", "labels {'"),
    ("Environment/c50", "deploymentsLocked", True, "deploymentsLocked true"),
    ("DeploymentMap/platform", "roles.Auth.instanceType", "t3.nano", "roles [{'"),
    ("Service/Checkout", "owningCluster", "Infra", "owningCluster Infra"),
    ("EnvironmentType/Prod", "consul.dataCenter", "elsewhere", "consul {'"),
    ("Upstream/c50-Checkout", "slowStart", "10s", "slowStart 10s"),
]


@pytest.mark.parametrize(("name", "path", "value", "said"), CASES)
def test_a_document_gets_what_is_beneath(name: str, path: str, value: Any, said: str) -> None:
    ref = ResourceRef.parse(name)
    override = Override("o1", ref, "", "ada", since=None, path=path, value=value)  # type: ignore[arg-type]  # not asked
    before = right(examples())
    document = patch(before[ref].document, [override])
    patched = right(_files({**before, ref: document}))[ref]
    extra = parse_canonical(patched.projection.extra)
    extra[BENEATH] = base_fields(before[ref].document, document)

    objects = {one: _found(resource) for one, resource in before.items()}
    without, _ = _imported(objects.values(), ref)
    overridden = found(ref, items_of(patched), extra)
    written, oddities = _imported({**objects, ref: overridden}.values(), ref)

    assert written == without
    (odd,) = oddities
    assert odd.found.startswith(said)
    assert odd.found.endswith("put there by an override that has ended by now")
    assert odd.written.startswith("what is beneath it: ")


def _files(documents: Mapping[ResourceRef, Resource | bytes]) -> dict[str, str]:
    """Return whole documents as files of their own, so that no Defaults stand between."""
    bodies = {
        ref: one if isinstance(one, bytes) else one.document for ref, one in documents.items()
    }
    return {
        f"{number}.yaml": canonical_bytes(
            {"apiVersion": "envctl/v1", "kind": ref.kind, **parse_canonical(body)}
        ).decode()
        for number, (ref, body) in enumerate(bodies.items())
    }


def _found(resource: Resource) -> FoundObject:
    return found(resource.ref, items_of(resource), parse_canonical(resource.projection.extra))


def _imported(
    objects: Iterable[FoundObject], ref: ResourceRef
) -> tuple[dict[ResourceRef, str], list[Oddity]]:
    """Return what planning from the files compares, by object, and what was told of one of them."""
    result = settled(objects)
    written = right(loadable(composed(result)))
    digests = {one: resource.projection.digest for one, resource in written.items()}
    return digests, result.written[ref].oddities
