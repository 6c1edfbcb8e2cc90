"""The accepted desired state: what the config tables hold, and what live accounts are planned from, by what settings."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from controller.model.observed import MadeBy
from controller.model.override import Override
from controller.model.ref import ResourceRef
from controller.model.resource import AuthoredDocument, Resource

ALLOWED_SECRETS: Final = ("secretsmanager://envctl/",)
ALLOWED_ROLE_NAMES: Final = ("roleInfraEnvironmentManagerChild",)
"""What documents may name where the settings do not say."""

REPLICATED = ("Cluster", "Environment", "DeploymentMap", "Service", "EnvironmentType")
"""The configuration that programs in every account may need: what the old product copied there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PowerOptions:
    """How instances are switched. Empty limits mean everywhere; names in any case."""

    grace_period_s: int = 600
    """An instance launched less than this ago is not stopped."""
    deployment_postpones_s: int = 3600
    """A running deployment postpones a stop by at most this much."""
    only_environments: tuple[str, ...] = ()
    only_accounts: tuple[str, ...] = ()
    """Names or numbers."""
    look_again_s: float = 3.0
    """Pause before what was asked for is looked at again."""
    within_s: float = 900.0
    """What is still on its way after so long is left to the next run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveOptions:
    """``default_region`` is that of environment types that name none; ``resource_prefix`` stands before every table name."""

    default_region: str = "eu-west-1"
    resource_prefix: str = ""
    trusted_image_owners: tuple[str, ...] = ("self",)
    """Owners of images a role may name: account numbers or ``self``, beside accounts with includeAmis."""
    tag_keys: Mapping[str, str] = field(default_factory=dict)
    """Keys of the tags on groups that differ from the usual: ``{"OwningTeam": "team"}``; an empty key leaves the tag out."""
    old_user_data: bool = False
    """Instances of roles without a Template get what images of the old product expect."""
    replicate: tuple[str, ...] = REPLICATED
    """Kinds or tables whose items are copied into the accounts."""
    max_parallel_rollouts: int = 10
    """Groups of one scope whose instances are replaced at the same time."""
    allowed_secrets: tuple[str, ...] = ALLOWED_SECRETS
    """What references of documents to secrets begin with."""
    allowed_role_names: tuple[str, ...] = ALLOWED_ROLE_NAMES
    """Names of the roles in other accounts that may be assumed."""
    power: PowerOptions = field(default_factory=PowerOptions)
    """How instances are switched."""


Items = Mapping[str, Mapping[str, Any]]
"""Logical table name -> attributes found, shared fields as other programs left them; no ``Audit``, no ``Managed``."""


@dataclass(frozen=True, slots=True, eq=False)
class AcceptedState:
    """Everything that was accepted, with overrides laid over it. Compared by identity: what is made of it may be kept.

    ``specs`` are built when asked for, and asking twice gives the same object. ``items`` are the objects' attributes as
    found. ``unreadable`` says why an object cannot be read back as a document of its kind: live accounts are left as they
    are where it would count. ``overrides`` are those that hold now, those of groups and instances too.
    """

    resources: Mapping[ResourceRef, AuthoredDocument | Resource] = field(default_factory=dict)
    specs: Mapping[ResourceRef, Any] = field(default_factory=dict)
    items: Mapping[ResourceRef, Items] = field(default_factory=dict)
    unreadable: Mapping[ResourceRef, str] = field(default_factory=dict)
    made_by: Mapping[ResourceRef, MadeBy] = field(default_factory=dict)
    """Who made an object what it is, as far as that is known."""
    overrides: tuple[Override, ...] = ()
    revision: str = ""
    """Revision last applied to the tables in full, or, in a plan, the one about to be; empty if that is not known."""
    sequence: int = 0
    """Of the config scope's head, read before the tables; 0 before its first record, and where no tables were read."""
    installation: str = ""
    options: LiveOptions = field(default_factory=LiveOptions)
    beneath: "AcceptedState | None" = None
    """The same without its overrides; None where it has none."""
    before: "AcceptedState | None" = None
    """What was applied last: the tables word for word as they are; None where this is it."""

    @property
    def applied(self) -> "AcceptedState":
        """What was applied last, which alone says how an account is reached."""
        return self.before or self

    @property
    def both(self) -> tuple["AcceptedState", ...]:
        """This state and the one applied last: what either of them protects is protected."""
        return (self,) if self.before is None else (self, self.before)

    @property
    def written(self) -> "AcceptedState":
        """The state as documents alone have it, no override laid over it."""
        return self.beneath or self

    def of_kind(self, kind: str) -> Iterator[ResourceRef]:
        """Yield the objects of a kind, by name."""
        return iter(sorted(ref for ref in self.resources if ref.kind == kind))

    def spec(self, kind: str, key: str) -> Any:
        """Return the spec of an object; None if there is no such object, or it cannot be read back."""
        return self.specs.get(ResourceRef(kind, key))

    def type_of(self, environment: str) -> Any:
        """Return the spec of an environment's type; None where either is not there or cannot be read back."""
        spec = self.spec("Environment", environment)
        return None if spec is None else self.spec("EnvironmentType", spec.environment_type)

    def operational(self, environment: str, attribute: str) -> bool:
        """Tell whether an environment's operational item says so of it, as found: other programs write it too.

        ``DeploymentsLocked``: whether deployments to it are locked; ``EnvironmentInMaintenance``.
        """
        items = self.items.get(ResourceRef("Environment", environment), {})
        value = items.get("InfraOpsEnvironment", {}).get("Value")
        return isinstance(value, Mapping) and value.get(attribute) is True
