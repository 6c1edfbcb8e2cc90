"""Cluster: a team that owns environments, server roles and services."""

from typing import Annotated, NamedTuple

from pydantic import Field

from controller.kinds.language.kind import (
    Finding,
    Findings,
    Immutable,
    Kind,
    NameFormat,
    Unique,
    World,
    old_product_needs,
)
from controller.kinds.language.spec import RefTo, Says, Spec
from controller.kinds.parts.texts import ContactEmail, Text
from controller.model.ref import ResourceRef
from controller.model.table import KeyAttribute, TableDefinition, one_item

TABLE = TableDefinition("InfraConfigClusters", KeyAttribute("ClusterName"))

NO_OWNER = "Any"
"""What the old product refused as the owner of a server role."""

ShortName = Annotated[
    str, Field(pattern=r"^[a-z]{2}$"), Says("exactly two lower-case letters, such as ta")
]
DirectoryGroup = Annotated[
    str,
    Field(pattern=r"^[a-zA-Z]+[-a-zA-Z0-9]*$", max_length=255),
    Says("letters, digits and '-', beginning with a letter, such as team-tango"),
]


class ClusterSpec(Spec):
    """What a Cluster is."""

    short_name: ShortName
    """Two letters that stand for the team in the names of groups (c50-ta-Web). Unique, and kept for good."""
    key_pair: Text | None = None
    """EC2 key pair of the team's instances where their role names none."""
    group_email_address: ContactEmail | None = None
    """Mailbox of the team; roles without a contact e-mail take it."""
    notification_settings_id: Annotated[Text, RefTo("NotificationSettings")] | None = None
    """Who is told when something of the team's fails."""
    ad_membership_group: Annotated[
        DirectoryGroup | None, Field(serialization_alias="ADMembershipGroup")
    ] = None
    """Directory group whose members are the team."""


class ClusterFacts(NamedTuple):
    """What maps, environments and the other clusters ask."""

    short_name: str
    email: str | None
    has_key_pair: bool
    has_notification_settings: bool


def _is_one_cluster(ref: ResourceRef, _facts: ClusterFacts, _world: World) -> Findings:
    if ref.key == NO_OWNER:
        yield Finding(
            ("metadata", "name"),
            f"no cluster is called {NO_OWNER}: what a role of that owner meant was none",
            "give the cluster another name",
        )


def _old_product_needs(_ref: ResourceRef, facts: ClusterFacts, world: World) -> Findings:
    notified = "add notificationSettingsId: NAME of a NotificationSettings"
    fields = (
        ("keyPair", facts.has_key_pair, "add keyPair: NAME"),
        ("notificationSettingsId", facts.has_notification_settings, notified),
    )
    return old_product_needs(world, "each cluster has one", fields)


KIND = Kind(
    name="Cluster",
    summary="A team that owns environments, server roles and services.",
    spec=ClusterSpec,
    **one_item(TABLE, schema_version=1),
    facts=lambda _key, spec: ClusterFacts(
        spec.short_name,
        spec.group_email_address,
        spec.key_pair is not None,
        spec.notification_settings_id is not None,
    ),
    rules=(_is_one_cluster, _old_product_needs),
    unique=(Unique("short name", lambda facts: [(("spec", "shortName"), facts.short_name)]),),
    immutable=(
        Immutable(
            TABLE.name, ("Value", "ShortName"), "it is part of the names of the cluster's groups"
        ),
    ),
    unmanaged=frozenset({"NotificationSettings"}),
    names=NameFormat(
        r"^[a-zA-Z]+[a-zA-Z0-9]*$",
        50,
        "letters and digits, beginning with a letter, such as Tango",
        old=r"^[A-Za-z0-9_.-]+$",
    ),
)
