"""A third party's target in one file: an SSM parameter for each environment that says which team owns it."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from controller.aws.errors import aws_errors
from controller.model.accepted import AcceptedState
from controller.model.canonical import canonical_bytes, parse_canonical, projection_digest
from controller.model.live import LiveLook, LiveScope
from controller.model.observed import Mark, Observation, ObservedState, Ownership, ScopeState
from controller.model.plan import Change
from controller.model.ref import ResourceRef
from controller.model.resource import Projection
from controller.ports import ActResult, LiveActs, LiveReads, Projected, Shaping
from controller.targets.table_items.item_form import mark_id

FOLDER = "/owners/"
NO_EXTRA = b"{}"


class OwnerParameters:
    """Keeps ``/owners/<environment>`` in the account an environment lives in."""

    name = "owners"
    kinds = ("OwnerParameter",)
    summary = "An SSM parameter for each environment that says which team owns it."

    def observe(self, look: LiveLook, reads: LiveReads, deep: bool) -> ObservedState:
        """Read the folder of parameters."""
        with aws_errors("owners: read parameters"):
            pages = reads.client("ssm").get_paginator("get_parameters_by_path")
            found = [one for page in pages.paginate(Path=FOLDER) for one in page["Parameters"]]
        objects = {}
        for parameter in found:
            environment = parameter["Name"].removeprefix(FOLDER)
            ref = self.ref(look.scope, environment)
            objects[ref] = _observation(ref, parameter["Value"], reads.installation)
        return ObservedState(look.scope.name, ScopeState.OK, objects)

    def project(
        self, accepted: AcceptedState, look: LiveLook, observed: ObservedState, now: datetime
    ) -> Projected:
        """Ask for a parameter for each environment of the scope."""
        scope = look.scope
        projections, origins, environments = {}, {}, {}
        for environment in accepted.of_kind("Environment"):
            spec = accepted.specs[environment]
            kind = accepted.spec("EnvironmentType", spec.environment_type)
            region = kind.region or accepted.options.default_region
            if (kind.account, region) != (scope.account_name, scope.region):
                continue
            ref = self.ref(scope, environment.key)
            attributes = canonical_bytes({"owner": spec.owning_cluster})
            digest = projection_digest(attributes, NO_EXTRA)
            projections[ref] = Projection(ref, attributes, NO_EXTRA, digest)
            origins[ref] = accepted.resources[environment].origin
        for ref in {*projections, *observed.objects}:
            environments[ref] = ref.key.rpartition("/")[2]
        shapings = {ref: Shaping(effects={"launched": 0}) for ref in projections}
        return Projected(
            projections=projections, origins=origins, environments=environments, shapings=shapings
        )

    def act(self, change: Change, acts: LiveActs) -> ActResult:
        """Write or delete one parameter."""
        name = FOLDER + change.ref.key.rpartition("/")[2]
        ssm: Any = acts.client("ssm")
        with aws_errors(f"owners: write {name}"):
            if change.after is None:
                answer = ssm.delete_parameters(Names=[name])
            else:
                value = {
                    **parse_canonical(change.after),
                    "by": acts.installation,
                    "id": mark_id(acts.installation, self.name, {"ref": str(change.ref)}),
                    "digest": change.digest,
                }
                answer = ssm.put_parameter(
                    Name=name, Value=json.dumps(value), Type="String", Overwrite=True
                )
        return ActResult(request_id=answer["ResponseMetadata"]["RequestId"])

    def ref(self, scope: LiveScope, environment: str) -> ResourceRef:
        """Return what a parameter is called."""
        return ResourceRef("OwnerParameter", f"{scope.name}/{environment}")


def _observation(ref: ResourceRef, text: str, installation: str) -> Observation:
    try:
        value: Mapping[str, Any] = json.loads(text)
    except ValueError:
        value = {"owner": text}
    attributes = canonical_bytes({"owner": value.get("owner")})
    by, expected = value.get("by"), mark_id(installation, "owners", {"ref": str(ref)})
    mark, ownership = None, Ownership.UNMANAGED
    if by is not None:
        mark = Mark(by, str(value.get("id")), "", "", 0, str(value.get("digest")), {})
        fits = (by, mark.id) == (installation, expected)
        ownership = Ownership.OURS if fits else Ownership.FOREIGN
    digest = projection_digest(attributes, NO_EXTRA)
    return Observation(ref, attributes, digest, mark, ownership, attributes)


TARGET = OwnerParameters()
