"""Account: an AWS account the controller may work in."""

import re
from typing import Annotated, Any, Literal, NamedTuple

from pydantic import Field

from controller.kinds.language.kind import (
    Finding,
    Findings,
    Immutable,
    Kind,
    NameFormat,
    Unique,
    World,
)
from controller.kinds.language.spec import CONTROLLER_ONLY, Says, Spec
from controller.kinds.parts.aws_names import region_findings
from controller.kinds.parts.secret_references import SCHEME, SecretReference, is_allowed
from controller.kinds.parts.texts import AccountNumber, Region
from controller.model.ref import ResourceRef
from controller.model.table import Items, KeyAttribute, TableDefinition

TABLE = TableDefinition("InfraConfigAccounts", KeyAttribute("AccountNumber", "N"))

CONVENTIONAL_ROLE = "roleInfraEnvironmentManagerChild"
"""Role of a child account where the YAML names none."""

_NUMBER = re.compile(r"[0-9]{12}")

RoleArn = Annotated[
    str,
    Field(pattern=r"^arn:aws[a-z-]*:iam::[0-9]{12}:role/([^\s]+/)?[A-Za-z0-9_+=,.@-]{1,64}$"),
    Says(
        "the ARN of a role, such as arn:aws:iam::012345670123:role/roleInfraEnvironmentManagerChild"
    ),
]


class AccountSpec(Spec):
    """What an Account is. Its name is what people say, its number is the table's key."""

    account_number: AccountNumber
    """The account's 12 digits, quoted. The table has them as a number; everywhere else leading zeros stay."""
    include_amis: Annotated[bool, Field(serialization_alias="IncludeAMIs")] = False
    """Whether images of this account may be used in the others."""
    role_arn: RoleArn | None = None
    """Role the controller assumes in the account. Default: role/roleInfraEnvironmentManagerChild of the account, in the tables with `arn:aws:`; in China and GovCloud write it out."""
    external_id: Annotated[SecretReference | None, CONTROLLER_ONLY] = None
    """Secret of the master's Secrets Manager that holds the external id which the role's trust policy asks for; one that allowedSecrets of the settings names."""
    mode: Annotated[Literal["off", "observe", "enforce"] | None, CONTROLLER_ONLY] = None
    """How far the controller goes in this account; the weaker of this and the target's own mode holds."""
    regions: Annotated[list[Region] | None, CONTROLLER_ONLY] = None
    """Regions looked at beside those of the environment types."""


class AccountFacts(NamedTuple):
    """What environment types ask."""

    name: str
    number: str
    role_account: str
    """Account of its role."""
    role_name: str
    """Name of its role, without its path."""
    external_id: str | None
    """The reference to it."""
    regions: tuple[str, ...]


def _facts(key: str, spec: AccountSpec) -> AccountFacts:
    number, regions = spec.account_number, tuple(spec.regions or ())
    if spec.role_arn is None:
        return AccountFacts(key, number, number, CONVENTIONAL_ROLE, spec.external_id, regions)
    *_, account, role = spec.role_arn.split(":")
    return AccountFacts(key, number, account, role.rsplit("/", 1)[-1], spec.external_id, regions)


def _expand(spec: dict[str, Any]) -> dict[str, Any]:
    number = spec.get("accountNumber")
    if spec.get("roleArn") is None and isinstance(number, str) and _NUMBER.fullmatch(number):
        return {**spec, "roleArn": f"arn:aws:iam::{number}:role/{CONVENTIONAL_ROLE}"}
    return spec


def _project(key: str, spec: dict[str, Any]) -> Items:
    return {TABLE.name: {**spec, "AccountName": key, "AccountNumber": int(spec["AccountNumber"])}}


def _recover(items: Items) -> tuple[str, dict[str, Any]]:
    spec = dict(items[TABLE.name])
    number = spec["AccountNumber"] = f"{int(spec['AccountNumber']):012d}"
    return str(spec.pop("AccountName", None) or number), spec


def _written(number: Any) -> Any:
    """Return a number as documents have it; what is none, as others may have written it, as it is."""
    return f"{number:012d}" if isinstance(number, int) else number


def _role_is_of_the_account(_ref: ResourceRef, facts: AccountFacts, _world: World) -> Findings:
    if facts.role_account != facts.number:
        yield Finding(
            ("spec", "roleArn"),
            f"the role belongs to account {facts.role_account}, this account is {facts.number}",
            f"write the ARN of a role of account {facts.number}, or correct accountNumber",
        )


def _role_is_allowed(_ref: ResourceRef, facts: AccountFacts, world: World) -> Findings:
    allowed = world.allowed_role_names
    if allowed is not None and facts.role_name not in allowed:
        yield Finding(
            ("spec", "roleArn"),
            f"role {facts.role_name} is not one that may be assumed",
            f"name one that allowedRoleNames of the settings allows: {', '.join(allowed) or 'there is none'}",
        )


def _secret_is_allowed(_ref: ResourceRef, facts: AccountFacts, world: World) -> Findings:
    if facts.external_id is not None and not is_allowed(facts.external_id, world.allowed_secrets):
        allowed = ", ".join(world.allowed_secrets) or f"no {SCHEME} at all"
        yield Finding(
            ("spec", "externalId"),
            f"{facts.external_id} is no secret that documents may name",
            f"name one that allowedSecrets of the settings allows: {allowed}",
        )


def _regions_are_known(_ref: ResourceRef, facts: AccountFacts, _world: World) -> Findings:
    for place, region in enumerate(facts.regions):
        yield from region_findings(region, ("spec", "regions", place))


KIND = Kind(
    name="Account",
    summary="An AWS account the controller may work in.",
    spec=AccountSpec,
    tables=(TABLE,),
    project=_project,
    recover=_recover,
    identify=lambda item: str(item.get("AccountName") or f"{int(item['AccountNumber']):012d}"),
    facts=_facts,
    expand=_expand,
    rules=(_role_is_of_the_account, _role_is_allowed, _secret_is_allowed, _regions_are_known),
    unique=(
        Unique("account number", lambda facts: [(("spec", "accountNumber"), facts.number)]),
        Unique("account name", lambda facts: [(("metadata", "name"), facts.name.lower())]),
        # Who knows another account's external id could have the controller enter that account for them.
        Unique(
            "external id",
            lambda facts: (
                [(("spec", "externalId"), facts.external_id)] if facts.external_id else []
            ),
        ),
    ),
    immutable=(Immutable(TABLE.name, ("AccountNumber",), "it is the key of the account's item"),),
    names=NameFormat(
        r"^[a-zA-Z ][0-9a-zA-Z._-]*$",
        255,
        "letters, digits, '.', '_' and '-', beginning with a letter, such as staging-eu",
    ),
    yaml_places={("AccountName",): ("metadata", "name")},
    yaml_values={("AccountNumber",): _written},
)
