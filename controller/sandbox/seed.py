"""Seeds a running sandbox with what a fleet takes for granted in its accounts: networks, images, keys, profiles, roles, buckets."""

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from controller.errors import WrongUsage
from controller.sandbox.controls import SandboxControls

REGION = "eu-west-1"
MASTER_ACCOUNT = "123456789012"
"""The account of the sandbox's own credentials."""
CHILD_ROLE = "roleInfraEnvironmentManagerChild"
SCALING_TOPIC = "InfraAsgLambdaScale"
PLATFORM_GROUPS = ("sgOSLinux", "sgOSWindows", "sgOSLinuxSecure", "sgOSWindowsSecure", "sgZoneSecure")  # fmt: skip


@dataclass(slots=True)
class RegionNeeds:
    """What one region of an account has to have."""

    vpcs: dict[str, dict[str, str]] = field(default_factory=dict)
    """Subnets by VPC: subnet id to the letter of its zone."""
    security_groups: list[str] = field(default_factory=list)
    images: list[str] = field(default_factory=list)
    """Names with versions."""
    key_pairs: list[str] = field(default_factory=list)
    topics: list[str] = field(default_factory=list)


@dataclass(slots=True)
class AccountNeeds:
    """What an account has to have before a fleet can live in it. Lists are sorted, each name once."""

    account: str
    role: str = ""
    """Name of the role the master may assume; empty: none."""
    external_id: str = ""
    """External id the role's trust asks for; empty: none."""
    regions: dict[str, RegionNeeds] = field(default_factory=dict)
    instance_profiles: list[str] = field(default_factory=list)
    buckets: list[str] = field(default_factory=list)
    secrets: dict[str, str] = field(default_factory=dict)
    """Secrets Manager: name to text."""


@dataclass(frozen=True, slots=True)
class SeededAws:
    """Which accounts there are now: numbers with twelve digits."""

    master: str
    children: tuple[str, ...]
    unconnected: dict[str, AccountNeeds] = field(default_factory=dict)
    """Accounts without a role, by name -> the role they lack, as the sandbox makes it when it is asked to."""


def seed(address: str, fleet: Path, unconnected: Collection[str] = ()) -> SeededAws:
    """Furnish the master and the children that the YAML in ``fleet`` names; the same fleet gives the same ids.

    May be repeated: what exists stays. Roles of the children can be assumed by the master alone from then on; those whose names
    are ``unconnected`` have none yet. Raises InvalidDesiredState if the YAML is wrong, WrongUsage for a name that no Account has.
    """
    specs = _specs(fleet)
    master, *children = needs_of(specs, REGION)
    numbers = {str(spec["accountNumber"]): name for name, spec in specs.get("Account", {}).items()}
    if unknown := set(unconnected) - set(numbers.values()):
        known = ", ".join(sorted(numbers.values())) or "none"
        raise WrongUsage(f"{fleet} has no Account {min(unknown)!r}", fix=f"name one of {known}")
    waiting = {}
    for child in children:
        if numbers[child.account] in unconnected:
            role = AccountNeeds(child.account, child.role, child.external_id)
            waiting[numbers[child.account]] = role
            child.role = ""
    controls = SandboxControls(address)
    if waiting:
        # Without a role an account would let anybody in.
        controls.settings(strict_accounts=[role.account for role in waiting.values()])
    needs = [asdict(account) for account in (master, *children)]
    controls.send("accounts", {"accounts": needs})
    return SeededAws(master.account, tuple(child.account for child in children), waiting)


def _specs(folder: Path) -> dict[str, dict[str, dict[str, Any]]]:
    """Read a folder of YAML and return its specs by kind and key. Raises InvalidDesiredState."""
    # Only who reads YAML pays for loading it; the server's process never does.
    from controller import catalog
    from controller.engine.desired.load_revision import RevisionLoader
    from controller.kinds.language.kind import RuleSettings
    from controller.kinds.parts.secret_references import SCHEME
    from controller.sources.folder import FolderSource

    # What a fleet needs is made there, whatever the settings allow of it.
    anything = RuleSettings("none", REGION, (SCHEME,), None)
    loader = RevisionLoader(catalog.kinds(), anything)
    resources = loader.load(FolderSource(folder)).desired.resources
    documents: dict[str, dict[str, dict[str, Any]]] = {}
    for ref, resource in resources.items():
        documents.setdefault(ref.kind, {})[ref.key] = json.loads(resource.document)["spec"]
    return documents


def needs_of(
    documents: Mapping[str, Mapping[str, Mapping[str, Any]]], region: str
) -> list[AccountNeeds]:
    """Return what the accounts of these specs need, the master first; ``documents`` is kind, key, spec in YAML's names.

    Every account gets what any role of any map asks for, so an environment may move.
    """
    master = AccountNeeds(MASTER_ACCOUNT, regions={region: RegionNeeds()})
    specs = documents.get("Account", {})
    by_name = {
        name: AccountNeeds(
            str(spec["accountNumber"]), role=str(spec.get("roleArn", CHILD_ROLE)).rsplit("/", 1)[-1]
        )
        for name, spec in specs.items()
    }
    _external_ids(specs, by_name, master)
    for spec in documents.get("EnvironmentType", {}).values():
        _network(spec, by_name[str(spec["account"])], region)
    roles = list(_roles(documents))
    profiles = {
        str(
            role.get("instanceProfileName")
            or f"role{role['owningCluster']}{role['serverRoleName']}"
        )
        for role in roles
    }
    key_pairs = {str(role.get("clusterKeyName") or "") for role in roles}
    key_pairs |= {str(spec.get("keyPair") or "") for spec in documents.get("Cluster", {}).values()}
    for needs in by_name.values():
        needs.instance_profiles = sorted(profiles)
        for there in needs.regions.values():
            there.security_groups = sorted({*PLATFORM_GROUPS, *_security_groups(roles)})
            there.images = sorted({name for role in roles for name in _images(role)})
            there.key_pairs = sorted(key_pairs - {""})
            there.topics = [SCALING_TOPIC]
    return [master, *sorted(by_name.values(), key=lambda needs: needs.account)]


def _external_ids(
    specs: Mapping[str, Mapping[str, Any]],
    by_name: Mapping[str, AccountNeeds],
    master: AccountNeeds,
) -> None:
    """Give accounts with an external id one, and keep it where their YAML says it is."""
    kept: dict[str, dict[str, str]] = {}
    for name, spec in specs.items():
        scheme, _, place = str(spec.get("externalId") or "").partition("://")
        if scheme != "secretsmanager":
            continue
        secret, _, field_name = place.partition("#")
        by_name[name].external_id = f"sandbox-{name}"
        kept.setdefault(secret, {})[field_name] = f"sandbox-{name}"
    master.secrets = {secret: json.dumps(values) for secret, values in kept.items()}


def _network(spec: Mapping[str, Any], needs: AccountNeeds, region: str) -> None:
    there = needs.regions.setdefault(str(spec.get("region") or region), RegionNeeds())
    vpc = there.vpcs.setdefault(str(spec["vpcId"]), {})
    for zones in spec["subnets"].values():
        for zone, subnet in zones.items():
            if zone.startswith("availabilityZone"):
                vpc[str(subnet)] = zone[-1].lower()
    bucket = spec.get("deploymentBucket")
    if bucket and bucket not in needs.buckets:
        needs.buckets = sorted({*needs.buckets, str(bucket)})


def _roles(documents: Mapping[str, Mapping[str, Mapping[str, Any]]]) -> Iterable[dict[str, Any]]:
    """Yield every role of every map, then each as the environments change it."""
    maps: dict[str, dict[str, dict[str, Any]]] = {}
    for name, spec in documents.get("DeploymentMap", {}).items():
        defaults = spec.get("roleDefaults") or {}
        maps[name] = {role["serverRoleName"]: {**defaults, **role} for role in spec["roles"]}
        yield from maps[name].values()
    for spec in documents.get("Environment", {}).values():
        for role_name, changes in (spec.get("roles") or {}).items():
            role = maps.get(str(spec.get("deploymentMap")), {}).get(role_name)
            if role is not None:
                yield {**role, **changes}


def _security_groups(roles: Iterable[Mapping[str, Any]]) -> Iterable[str]:
    for role in roles:
        yield f"sgRole{role['owningCluster']}{role['serverRoleName']}"
        yield from role.get("securityGroups") or ()


def _images(role: Mapping[str, Any]) -> Iterable[str]:
    """Yield the image a role names; for a type two versions, so that there is a latest one."""
    name = str(role["ami"])
    if name.startswith("ami-"):
        return
    version = name.rsplit("-", 1)[-1]
    if version.count(".") == 2:
        yield name
    else:
        yield from (f"{name}-1.0.0", f"{name}-1.1.0")
