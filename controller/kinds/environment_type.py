"""EnvironmentType: what environments of one sort share: account, region, network and load balancers."""

from collections.abc import Mapping
from typing import Annotated, NamedTuple

from pydantic import Field

from controller.kinds.language.kind import (
    Finding,
    Findings,
    Kind,
    NameFormat,
    World,
    old_product_needs,
)
from controller.kinds.language.spec import CONTROLLER_ONLY, SENSITIVE, RefTo, Says, Spec
from controller.kinds.parts.aws_names import region_findings
from controller.kinds.parts.naming_pattern import NamingPattern
from controller.kinds.parts.role_facts import ZONE_LETTERS, SubnetFacts
from controller.kinds.parts.texts import Region, SubnetType, Text
from controller.model.ref import ResourceRef
from controller.model.table import Items, KeyAttribute, TableDefinition, one_item

TABLE = TableDefinition("ConfigEnvironmentTypes", KeyAttribute("EnvironmentType"))

HostName = Annotated[
    str,
    Field(pattern=r"^[A-Za-z0-9._:-]+$", max_length=255),
    Says("an IP address or a DNS name, such as 10.0.0.10 or consul.acme.example"),
]
LoadBalancer = Annotated[
    str,
    Field(min_length=1, max_length=127),
    Says("the host name of a load balancer, at most 127 characters"),
]
Action = Annotated[
    str,
    Field(pattern=r"^[A-Z][A-Z0-9_]*$", max_length=100),
    Says("the name of an action in capitals, such as SCHEDULE_ENVIRONMENT or BULK_PATCH_AMI"),
]
UNIQUE = Field(json_schema_extra={"uniqueItems": True})
"""Mark of a list that names nothing twice: tells editors; a rule checks it."""


class S3Object(Spec):
    """An object in S3."""

    bucket: Text
    key: Text


class Consul(Spec):
    """The Consul data centre of the environments."""

    data_center: Text
    """Name of the data centre."""
    port: Annotated[
        int, Field(gt=1024, le=65536), Says("a port over 1024 and up to 65536, usually 8500")
    ] = 8500
    """Port of its HTTP API."""
    servers: Annotated[list[HostName], Field(min_length=1), UNIQUE]
    """Its servers, at least one; each request takes one of them."""
    security_token_path: S3Object
    """JSON object with the token at ``consul.token``."""


SubnetId = Annotated[
    str,
    Field(pattern=r"^[^\s]+$", max_length=255),
    Says("the id of a subnet, such as subnet-0f1e2d3c"),
]


class Subnets(Spec):
    """The subnets of one type, one per availability zone."""

    availability_zone_a: SubnetId
    availability_zone_b: SubnetId
    availability_zone_c: SubnetId | None = None
    availability_zone_d: SubnetId | None = None
    availability_zone_e: SubnetId | None = None
    availability_zone_f: SubnetId | None = None
    secure: bool | None = None
    """Whether roles of the security zone Secure may run here."""

    def facts(self) -> SubnetFacts:
        """Say what roles ask."""
        zones = (
            zone for zone in ZONE_LETTERS if getattr(self, f"availability_zone_{zone.lower()}")
        )
        return SubnetFacts("".join(zones), bool(self.secure))


class LicenseKeys(Spec):
    """Keys of bought services."""

    new_relic_key: Annotated[Text | None, SENSITIVE] = None


class EnvironmentTypeSpec(Spec):
    """What an EnvironmentType is."""

    account: Annotated[Text, RefTo("Account"), Field(serialization_alias="AWSAccountName")]
    """Account its environments live in; gives AWSAccountName and AWSAccountNumber."""
    region: Annotated[Region | None, CONTROLLER_ONLY] = None
    """Region its environments live in. Default: the region of the settings."""
    naming_pattern: NamingPattern | None = None
    """Regular expression that names of new environments must match somewhere; anchor it with ^ and $."""
    vpc_id: Annotated[Text, Says("the id of a VPC, such as vpc-0f1e2d3c")]
    """Network of its environments; security groups are looked for in it."""
    subnets: Annotated[dict[SubnetType, Subnets], Field(min_length=1)]
    """Subnets by type. PrivateApp, PrivateLB, PrivateSecure, PrivateShared, Public, PublicLB and PublicSecure are
    the usual types; others are allowed."""
    consul: Consul | None = None
    """Consul of its environments; needed as soon as an upstream takes its hosts from Consul."""
    deployment_bucket: Text | None = None
    """S3 bucket with the packages that are deployed."""
    load_balancers: Annotated[list[LoadBalancer], UNIQUE] | None = None
    """Host names of its load balancers; needed as soon as it has virtual hosts."""
    license_keys: LicenseKeys | None = None
    """Keys of bought services."""
    puppet_branch: Text | None = None
    """Branch the instances' configuration comes from."""
    protected_actions: Annotated[list[Action], UNIQUE] | None = None
    """Actions nobody may do here: SCHEDULE_ENVIRONMENT, BULK_PATCH_AMI."""
    freeze: Annotated[list[Annotated[Text, RefTo("Calendar")]] | None, CONTROLLER_ONLY] = None
    """Calendars on whose dates nothing is changed but power."""


class EnvironmentTypeFacts(NamedTuple):
    """What environments, virtual hosts and upstreams ask."""

    account: str
    region: str | None
    naming_pattern: str | None
    subnets: Mapping[str, SubnetFacts]
    has_consul: bool
    has_deployment_bucket: bool
    has_load_balancers: bool
    repeated: tuple[str, ...]
    """Lists that name something twice."""


def _facts(_key: str, spec: EnvironmentTypeSpec) -> EnvironmentTypeFacts:
    lists = {
        "loadBalancers": spec.load_balancers,
        "protectedActions": spec.protected_actions,
        "freeze": spec.freeze,
        "consul.servers": spec.consul.servers if spec.consul else None,
    }
    return EnvironmentTypeFacts(
        spec.account,
        spec.region,
        spec.naming_pattern,
        {name: subnets.facts() for name, subnets in spec.subnets.items()},
        spec.consul is not None,
        spec.deployment_bucket is not None,
        spec.load_balancers is not None,
        tuple(name for name, found in lists.items() if found and len(set(found)) < len(found)),
    )


def _derive(_ref: ResourceRef, facts: EnvironmentTypeFacts, world: World) -> Items:
    account = world.facts("Account", facts.account)
    return {TABLE.name: {"Value": {"AWSAccountNumber": account.number}}} if account else {}


def _old_product_needs(_ref: ResourceRef, facts: EnvironmentTypeFacts, world: World) -> Findings:
    consul = "add consul, with dataCenter, port, servers and securityTokenPath"
    bucket = "add deploymentBucket, with the name of an S3 bucket"
    balancers = "add loadBalancers, which may be an empty list"
    fields = (
        ("consul", facts.has_consul, consul),
        ("deploymentBucket", facts.has_deployment_bucket, bucket),
        ("loadBalancers", facts.has_load_balancers, balancers),
    )
    return old_product_needs(world, "each environment type has it", fields)


def _nothing_twice(_ref: ResourceRef, facts: EnvironmentTypeFacts, _world: World) -> Findings:
    for name in facts.repeated:
        yield Finding(
            ("spec", *name.split(".")),
            "names something twice; expected each once",
            "remove one of the two",
        )


def _region_is_known(_ref: ResourceRef, facts: EnvironmentTypeFacts, _world: World) -> Findings:
    if facts.region is not None:
        yield from region_findings(facts.region, ("spec", "region"))


KIND = Kind(
    name="EnvironmentType",
    summary="What environments of one sort share: account, region, network and load balancers.",
    spec=EnvironmentTypeSpec,
    **one_item(TABLE, schema_version=5, derived=[("AWSAccountNumber", ("spec", "account"))]),
    facts=_facts,
    derive=_derive,
    rules=(_old_product_needs, _nothing_twice, _region_is_known),
    names=NameFormat(
        r"^[a-zA-Z]+[a-zA-Z0-9-]*$",
        20,
        "letters, digits and '-', beginning with a letter, such as Staging",
    ),
)
