"""One server role of a deployment map: what its instances are, and how its groups are sized and kept."""

from collections import Counter
from itertools import pairwise
from typing import Annotated, Any, ClassVar, Literal, NamedTuple

from pydantic import AfterValidator, Field, model_validator

from controller.kinds.language.fields import merge
from controller.kinds.language.spec import (
    CONTROLLER_ONLY,
    Gives,
    RefTo,
    Says,
    Spec,
    unfit,
)
from controller.kinds.parts.texts import ContactEmail, PlainText, SubnetType, Text
from controller.kinds.schedule import (
    SHORT_TEXT,
    Expression,
    ScheduleChoice,
    TimeZone,
    a_schedule,
    expand_schedule,
)
from controller.scheduling.meeting import first_two_that_meet

Count = Annotated[int, Field(ge=0, le=100), Says("a whole number of instances from 0 to 100")]


class AutoScalingSettings(Spec):
    """Sizes of a group: min <= desired <= max."""

    min_capacity: Count = 0
    """Fewest instances."""
    desired_capacity: Count = 1
    """Instances it has while nothing else asks for more or fewer."""
    max_capacity: Count = 1
    """Most instances."""
    desired_owner: Annotated[Literal["envctl", "external"] | None, CONTROLLER_ONLY] = None
    """Who sets the desired capacity: ``envctl`` (default) keeps it as written, ``external`` leaves it to scaling
    policies after the group has been made."""


class SliceSizes(Spec):
    """Sizes of one slice, where they differ from the role's."""

    min_capacity: Count | None = None
    desired_capacity: Count | None = None
    max_capacity: Count | None = None


class Slices(Spec):
    """The slices of a fleet per slice that are kept; a slice that is not named has no group."""

    blue: SliceSizes | None = None
    """Group of the blue slice; ``{}`` for the role's own sizes."""
    green: SliceSizes | None = None
    """Group of the green slice; ``{}`` for the role's own sizes."""

    @model_validator(mode="after")
    def _names_a_slice(self) -> "Slices":
        if self.blue is None and self.green is None:
            raise unfit("no slice is named", "write slices: {blue: {}}, or leave it out for both")
        return self


class Sizes(NamedTuple):
    """Sizes as far as they are given."""

    min: int | None
    desired: int | None
    max: int | None

    def over(self, under: "Sizes") -> "Sizes":
        """Lay these over others: what is not given here is taken from there."""
        both = zip(self, under, strict=True)
        return Sizes(*(below if own is None else own for own, below in both))

    def disorder(self) -> str | None:
        """Say what breaks min <= desired <= max; None if nothing does."""
        known = [
            (name, size) for name, size in zip(self._fields, self, strict=True) if size is not None
        ]
        for (low_name, low), (high_name, high) in pairwise(known):
            if low > high:
                return (
                    f"{low_name} {low} is over {high_name} {high}; expected min <= desired <= max"
                )
        return None


NO_SIZES = Sizes(None, None, None)


def sizes_of(found: AutoScalingSettings | SliceSizes | None) -> Sizes:
    """Return what is given of sizes."""
    if found is None:
        return NO_SIZES
    return Sizes(found.min_capacity, found.desired_capacity, found.max_capacity)


def _a_cron(text: str) -> str:
    a_schedule(f"start: {text}")
    return text


Recurrence = Annotated[
    str,
    Field(pattern=r"^[0-9A-Za-z*,/-]+( [0-9A-Za-z*,/-]+){4}$", max_length=255),
    Says('a cron of five fields, such as "0 8 * * 1-5"'),
    AfterValidator(_a_cron),
]


class ScalingSchedule(Spec):
    """Sizes that AWS sets each time the recurrence comes round; a size not given stays as it is."""

    recurrence: Recurrence
    """Cron of five fields: minute, hour, day of the month, month, day of the week."""
    timezone: TimeZone | None = None
    """IANA name of the recurrence's time zone. Default: UTC."""
    min_capacity: Count | None = None
    desired_capacity: Count | None = None
    max_capacity: Count | None = None

    @model_validator(mode="after")
    def _sizes_make_sense(self) -> "ScalingSchedule":
        sizes = Sizes(self.min_capacity, self.desired_capacity, self.max_capacity)
        if all(size is None for size in sizes):
            raise unfit(
                "a scaling schedule without a size changes nothing",
                "add desiredCapacity, minCapacity or maxCapacity",
            )
        wrong = sizes.disorder()
        if wrong:
            raise unfit(wrong, "correct the sizes")
        return self


def _that_never_meet(schedules: list[ScalingSchedule]) -> list[ScalingSchedule]:
    """Refuse two that come round at one moment: AWS takes no action at a time at which another is scheduled."""
    meet = first_two_that_meet([(one.recurrence, one.timezone or "UTC") for one in schedules])
    if meet is not None:
        one, other = (schedules[place].recurrence for place in meet)
        raise unfit(
            f"{one!r} and {other!r} come round at one moment, and AWS takes one action of a group at a time",
            "write one of them, or let them come a minute apart",
        )
    return schedules


RoleName = Annotated[
    str,
    Field(pattern=r"^[a-zA-Z]+[a-zA-Z0-9]*$", max_length=30),
    Says("at most 30 letters and digits, beginning with a letter, such as Web"),
]
Image = Annotated[
    str,
    Field(pattern=r"^[a-zA-Z-]+[a-zA-Z0-9_.-]+$", max_length=50),
    Says(
        "an image's id (ami-…), its name with version (web-1.4.2), or its type (web) for the latest stable"
    ),
]
ZoneLetter = Annotated[str, Field(pattern=r"^[A-Fa-f]$")]
Zones = Annotated[
    Annotated[str, Field(pattern=r"^(\*|[A-Fa-f]+)$")]
    | Annotated[list[ZoneLetter], Field(min_length=1)],
    Says("letters of zones from A to F, such as AB or [A, B], or '*' for all"),
]
ProfileName = Annotated[
    str,
    Field(pattern=r"^[0-9a-zA-Z+=.@_-]+$", max_length=100),
    Says("the name of an instance profile: at most 100 letters, digits and +=.@_-"),
]


KeyPairName = Annotated[
    str, Field(min_length=1, max_length=50), Says("a key pair's name of at most 50 characters")
]
WakeSeconds = Annotated[int, Field(ge=30, le=7200), Says("whole seconds from 30 to 7200")]
PuppetRole = Annotated[
    str, Field(pattern=r"^[a-zA-Z0-9_-]+$", max_length=255), Says("letters, digits, '_' and '-'")
]


class Volume(Spec):
    """A disk of each instance."""

    name: Literal["OS", "Data"]
    size: Annotated[int, Field(ge=0, le=10000), Says("a size in GB from 0 to 10000")]
    """GB. A data volume of 0 GB is none; the OS volume is at least as large as the image's."""
    type: Text = "SSD"
    """``SSD`` is gp2, anything else (usually ``Disk``) a magnetic standard volume."""


def each_once(field: str, message: str, fix: str) -> AfterValidator:
    """Refuse members of a list with the same name; the message may tell ``{count}`` and ``{name}``."""

    def checked(members: list[Any]) -> list[Any]:
        for name, count in Counter(getattr(member, field) for member in members).items():
            if count > 1:
                raise unfit(message.format(count=count, name=name), fix)
        return members

    return AfterValidator(checked)


_TWO_VOLUMES = "two volumes have the same name; expected at most one OS and one Data"
Volumes = Annotated[list[Volume], each_once("name", _TWO_VOLUMES, "remove one of them")]


class DeployedService(Spec):
    """A service that runs on the role. Short form: its name."""

    shorter: ClassVar[str] = "the name of a Service"

    service_name: Annotated[Text, RefTo("Service")]


class InstanceRefresh(Spec):
    """Replace the instances of a group bit by bit when its template changes."""

    min_healthy_percent: Annotated[int, Field(ge=0, le=100), Says("a percentage from 0 to 100")] = (
        90
    )
    """Share of the group that stays healthy meanwhile."""


class Rollout(Spec):
    """How a changed template reaches instances that run already."""

    instance_refresh: InstanceRefresh


RolloutChoice = Annotated[
    Literal["none"] | Rollout, Says("none, or {instanceRefresh: {minHealthyPercent: 90}}")
]


Event = Literal["launch", "launchError", "terminate", "terminateError"]


class Notification(Spec):
    """A topic that is told of what happens to the group's instances."""

    topic: Text
    """Name or ARN of an SNS topic in the account."""
    events: Annotated[list[Event], Field(min_length=1)] | None = None
    """What the topic is told of. Default: all four."""


class ServerRole(Spec):
    """What the instances of a role are, and how their groups are kept."""

    named_by: ClassVar[str | None] = "server_role_name"

    server_role_name: RoleName
    """Name of the role, unique in its map; part of the names of groups (c50-ta-Web)."""
    owning_cluster: Annotated[Text, RefTo("Cluster")]
    """Cluster (team) that owns the role; part of the names of groups."""
    contact_email_tag: ContactEmail | None = None
    """Whom to ask about the instances. Default: the group e-mail address of the owning cluster."""
    ami: Annotated[Image, Field(serialization_alias="AMI")]
    """Image: an id, a full name with version, or a type, which means its latest stable version."""
    instance_type: Text = "t2.medium"
    """EC2 instance type."""
    security_zone: Literal["Other", "Public", "Sensitive", "Management", "Secure"] = "Other"
    """``Secure`` asks for secure subnets and other security groups; the rest is for people."""
    subnet_type_name: SubnetType = "PrivateApp"
    """Type of the subnets its instances run in, by the environment's type."""
    availability_zone_name: Zones | None = None
    """Zones its instances run in. Default: all that have a subnet."""
    auto_scaling_settings: AutoScalingSettings
    """Sizes of the group."""
    termination_delay: (
        Annotated[int, Field(ge=0, le=120), Says("whole minutes from 0 to 120")] | None
    ) = None
    """Minutes an instance gets to drain before it ends; 0 or nothing for none."""
    fleet_per_slice: bool = False
    """Whether the blue and the green slice have a group each."""
    volumes: Volumes = Field(
        default_factory=lambda: [Volume(name="OS", size=50), Volume(name="Data", size=50)]
    )
    """Disks. A volume that is not listed is an SSD of 50 GB."""
    instance_profile_name: ProfileName | None = None
    """Instance profile. Default: role<Cluster><Role>."""
    security_groups: list[Text] | None = None
    """Name tags of security groups in place of sgRole<Cluster><Role>."""
    cluster_key_name: KeyPairName | None = None
    """EC2 key pair. Default: that of the owning cluster."""
    puppet_role: PuppetRole | None = None
    """Role the instances tell their configuration server."""
    schedule_tag: Expression | None = None
    """Schedule of the role's instances as one line of text; ``schedule`` is its long form."""
    role_tag: Text | None = None
    """For information; the Role tag of instances is computed."""
    project_code_tag: PlainText | None = None
    """Given to the instances' user data."""
    removal_date_tag: PlainText | None = None
    """Given to the instances' user data."""
    services: list[Annotated[DeployedService, SHORT_TEXT]] = Field(default_factory=list)
    """Services that run on the role. The old product's deployments fail for the whole map where a role has no list."""
    rollout: Annotated[RolloutChoice | None, CONTROLLER_ONLY] = None
    """How a changed template reaches running instances: ``none`` (default) only new ones get it."""
    when_off: Annotated[Literal["standby", "scaleToZero", "ignore"] | None, CONTROLLER_ONLY] = None
    """What off means: stopped in ``standby`` (default), ended by ``scaleToZero``, or ``ignore`` the schedule."""
    image_policy: Annotated[Literal["pin", "follow"] | None, CONTROLLER_ONLY] = None
    """``pin`` (default) keeps the image once resolved, ``follow`` rolls out a newer one."""
    metadata_tokens: Annotated[
        Literal["required", "optional", "default"] | None, CONTROLLER_ONLY
    ] = None
    """Whether programs on the instances have to ask for instance metadata with a token (IMDSv2): ``required`` (default),
    ``optional``, or ``default`` for what image and account say."""
    slices: Annotated[Slices | None, CONTROLLER_ONLY] = None
    """Slices of a fleet per slice that are kept, with their sizes. Default: both, with the role's sizes."""
    schedule: Annotated[
        Annotated[ScheduleChoice, SHORT_TEXT] | None, CONTROLLER_ONLY, Gives("scheduleTag")
    ] = None
    """Schedule of the role's instances. Default: that of the environment. Gives ``scheduleTag``."""
    scaling_schedules: Annotated[
        Annotated[list[ScalingSchedule], Field(max_length=125), AfterValidator(_that_never_meet)]
        | None,
        CONTROLLER_ONLY,
    ] = None
    """Sizes that AWS itself sets at times."""
    user_data: Annotated[Annotated[Text, RefTo("Template")] | None, CONTROLLER_ONLY] = None
    """Template of the instances' user data. Default: project code, removal date and Puppet role; with compatibility
    environment-manager what images of the old product expect."""
    notifications: Annotated[list[Notification] | None, CONTROLLER_ONLY] = None
    """Topics that are told of launches and ends."""
    wake_timeout_seconds: Annotated[WakeSeconds | None, CONTROLLER_ONLY] = None
    """How long an instance may take to be in service after its start."""
    when_stuck: Annotated[Literal["report", "replace"] | None, CONTROLLER_ONLY] = None
    """What happens to an instance that takes longer: ``report`` (default) or ``replace``."""


def expand_role(role: Any) -> Any:
    """Write the short forms of a role out; anything that is no map is returned as it is."""
    if not isinstance(role, dict):
        return role
    expanded = dict(role)
    if "schedule" in expanded:
        expanded["schedule"] = expand_schedule(expanded["schedule"])
    if isinstance(services := expanded.get("services"), list):
        expanded["services"] = [
            {"serviceName": service} if isinstance(service, str) else service
            for service in services
        ]
    return expanded


def effective_roles(
    map_spec: dict[str, Any], overrides: dict[str, Any] | None
) -> dict[str, ServerRole]:
    """Return the roles an environment has, by name: those of its map with the environment's overrides laid over them.

    Both are specs under YAML names with their short forms written out. A role that is not enabled is left out. Maps merge,
    but for a schedule, which is one choice.
    """
    roles = {}
    for role in map_spec["roles"]:
        name = role["serverRoleName"]
        override = dict((overrides or {}).get(name) or {})
        if override.pop("enabled", True):
            beneath = {**role, "schedule": None} if override.get("schedule") else role
            roles[name] = ServerRole.model_validate(merge(beneath, override))
    return roles
