"""What a fleet takes for granted in its accounts: networks, images, keys, profiles, roles, buckets."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

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

    def as_json(self) -> dict[str, Any]:
        """Return what the sandbox's control for seeding takes."""
        return asdict(self)


def read_fleet(folder: Path, region: str) -> list[AccountNeeds]:
    """Read a folder of YAML and return what its accounts need, the master first. Raises InvalidDesiredState."""
    # Only who reads YAML pays for loading it; the server's process never does.
    from controller import catalog
    from controller.engine.desired.load_revision import RevisionLoader
    from controller.loading.compiled import compile_kinds
    from controller.sources.folder import FolderSource
    from controller.sources.location import FolderLocation

    loader = RevisionLoader(compile_kinds(catalog.kinds().values()), "none", region)
    resources = loader.load(FolderSource(FolderLocation(folder))).desired.resources
    documents: dict[str, dict[str, dict[str, Any]]] = {}
    for ref, resource in resources.items():
        spec = json.loads(resource.document)["spec"]
        documents.setdefault(ref.kind, {})[ref.key] = spec
    return needs_of(documents, region)


def needs_of(
    documents: Mapping[str, Mapping[str, Mapping[str, Any]]], region: str
) -> list[AccountNeeds]:
    """Return what the accounts of these specs need; ``documents`` is kind, key, spec in YAML's names.

    Every account gets what any role of any map asks for, so an environment may move.
    """
    master = AccountNeeds(MASTER_ACCOUNT, regions={region: RegionNeeds()})
    accounts = {
        str(spec["accountNumber"]): AccountNeeds(
            str(spec["accountNumber"]), role=str(spec.get("roleArn", CHILD_ROLE)).rsplit("/", 1)[-1]
        )
        for spec in documents.get("Account", {}).values()
    }
    by_name = {
        name: accounts[str(spec["accountNumber"])]
        for name, spec in documents.get("Account", {}).items()
    }
    _external_ids(documents.get("Account", {}), accounts, master)
    for spec in documents.get("EnvironmentType", {}).values():
        _network(spec, by_name[str(spec["account"])], region)
    roles = list(_roles(documents))
    clusters = documents.get("Cluster", {})
    for needs in accounts.values():
        needs.instance_profiles = sorted({_profile(role) for role in roles})
        for there in needs.regions.values():
            there.security_groups = sorted({*PLATFORM_GROUPS, *_security_groups(roles)})
            there.images = sorted({name for role in roles for name in _images(role)})
            there.key_pairs = sorted(_key_pairs(roles, clusters.values()))
            there.topics = [SCALING_TOPIC]
    return [master, *(accounts[number] for number in sorted(accounts))]


def _external_ids(
    specs: Mapping[str, Mapping[str, Any]],
    accounts: Mapping[str, AccountNeeds],
    master: AccountNeeds,
) -> None:
    """Give accounts with an external id one, and keep it where their YAML says it is."""
    kept: dict[str, dict[str, str]] = {}
    for name, spec in specs.items():
        scheme, _, place = str(spec.get("externalId") or "").partition("://")
        if scheme != "secretsmanager":
            continue
        secret, _, field_name = place.partition("#")
        accounts[str(spec["accountNumber"])].external_id = f"sandbox-{name}"
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


def _profile(role: Mapping[str, Any]) -> str:
    own = role.get("instanceProfileName")
    return str(own or f"role{role['owningCluster']}{role['serverRoleName']}")


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


def _key_pairs(
    roles: Iterable[Mapping[str, Any]], clusters: Iterable[Mapping[str, Any]]
) -> set[str]:
    names = {str(role.get("clusterKeyName") or "") for role in roles}
    names |= {str(cluster.get("keyPair") or "") for cluster in clusters}
    return names - {""}
