"""The law of importing for live accounts: groups made as documents say are imported as documents that make the same groups."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given

from controller.engine.authoring.import_role import closer_look
from controller.loading.authoring.closer_facts import add_closer_facts
from controller.loading.authoring.group_facts import Groups, add_group_facts
from controller.loading.authoring.reading import read_objects
from controller.loading.authoring.shared_schedules import share_schedules
from controller.loading.authoring.validate_loop import validate_until_stable
from controller.loading.validated import spec_of
from controller.model.accepted import AcceptedState, LiveOptions
from controller.model.live import FoundGroup, LiveLook, LiveScope
from controller.model.ref import ResourceRef
from controller.model.resource import Resource
from controller.targets.group_parts.designs import designs
from controller.targets.group_parts.images import form_of
from controller.targets.group_parts.names import platform_security_groups
from controller.targets.group_parts.observe import Deep
from controller.targets.group_parts.role_design import GroupDesign
from controller.targets.group_parts.schedule_acts import OLD, wanted_actions
from tests.support.generated_fleets import Documents, fleets
from tests.support.imported_fleets import (
    CIRCUMSTANCES,
    authored,
    composed,
    loadable,
    right,
    without_marks,
)
from tests.support.yaml_fleet import KINDS

SCOPE = LiveScope("eu/eu-west-1", "012345670123", "eu-west-1", "eu")
OPTIONS = LiveOptions(default_region="eu-west-1")


@pytest.mark.slow
@given(fleets())
def test_groups_are_imported_as_documents_that_make_the_same(documents: Documents) -> None:
    before = right(authored(documents))
    made = designed(before)

    after = designed(right(imported(before, made)))

    assert {name: _compared(one) for name, one in after.items()} == {
        name: _compared(one) for name, one in made.items()
    }


def designed(resources: Mapping[ResourceRef, Resource]) -> Mapping[str, GroupDesign]:
    """Return the groups that documents make; there is nothing that could not be told of them."""
    specs = {ref: spec_of(one, KINDS) for ref, one in resources.items()}
    found = designs(AcceptedState(resources=resources, specs=specs, options=OPTIONS), SCOPE)
    assert (found.troubles, found.untold) == ({}, {})
    return found.groups


def imported(
    resources: Mapping[ResourceRef, Resource], groups: Mapping[str, GroupDesign]
) -> dict[str, str]:
    """Return the files of an import from tables without our marks and from groups that somebody else made."""
    reading = read_objects(without_marks(resources), KINDS)
    shared = share_schedules(
        validate_until_stable(reading.written, reading.whole, KINDS, CIRCUMSTANCES).written
    )
    there = {name: _group(one) for name, one in groups.items()}
    look = LiveLook(SCOPE, datetime(2026, 11, 24, tzinfo=UTC), there)
    place = SCOPE.account_name, SCOPE.region
    remarks = add_group_facts(shared, Groups({place: look}, {}, OPTIONS.default_region))
    second = validate_until_stable(shared, reading.whole, KINDS, CIRCUMSTANCES)
    looks = [
        closer_look(design, SCOPE, Deep(_deep(groups[name]), None), _actions(groups[name]))
        for name, design in designed(second.resources).items()
    ]
    complete = add_closer_facts(second.written, looks, KINDS)
    last = validate_until_stable(complete, reading.whole, KINDS, CIRCUMSTANCES)
    assert (remarks, second.left_out, last.left_out) == ([], (), ())
    return loadable(composed(last))


def _compared(one: GroupDesign) -> dict[str, Any]:
    """Return what a group is; sizes that its scaling schedules set are theirs."""
    actions = wanted_actions(one.scaling_schedules).values()
    sizes = {
        "minSize": one.sizes.minimum,
        "desiredCapacity": one.sizes.desired,
        "maxSize": one.sizes.maximum,
    }
    return {
        **{name: size for name, size in sizes.items() if not any(name in each for each in actions)},
        **_deep(one),
        "tags": dict(one.tags),
        "schedule": one.schedule_tag or "",
        "subnets": sorted(one.subnets),
        "actions": sorted(map(str, actions)),
    }


def _group(one: GroupDesign) -> FoundGroup:
    return FoundGroup(
        name=one.name,
        arn="",
        minimum=one.sizes.minimum,
        desired=one.sizes.desired,
        maximum=one.sizes.maximum,
        tags=(*one.tags.items(), ("Schedule", one.schedule_tag or "")),
        propagated=frozenset(),
        subnets=one.subnets,
        suspended=frozenset(),
        members=(),
    )


def _deep(one: GroupDesign) -> dict[str, Any]:
    """Return what a closer look at a group made by the design shows."""
    security_groups = *one.security_groups, *platform_security_groups("Linux", secure=one.secure)
    return {
        "ami": f"{one.image}-1.0.0" if form_of(one.image) == "type" else one.image,
        "imageId": f"ami-of-{one.image}" if form_of(one.image) != "id" else one.image,
        "platform": "Linux",
        "instanceType": one.instance_type,
        "keyPair": one.key_pair,
        "instanceProfile": one.profile,
        "securityGroups": dict.fromkeys(security_groups, "sg-1"),
        "volumes": {volume.device: str(volume) for volume in one.volumes},
        "userData": one.user_data,
        "detailedMonitoring": one.detailed_monitoring,
        "publicAddress": False,
        "metadataTokens": one.metadata_tokens,
        "terminationDelay": one.termination_delay,
        "notifications": {topic: list(events) for topic, events in one.notifications.items()},
    }


def _actions(one: GroupDesign) -> dict[str, dict[str, Any]]:
    """Return scheduled actions under the names the old product gave."""
    actions = wanted_actions(one.scaling_schedules).values()
    return {f"{OLD}{number}": action for number, action in enumerate(actions)}
