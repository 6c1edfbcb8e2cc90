"""The controller's own configuration: one frozen value, read once at the start and passed on as arguments."""

from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Annotated, Any, Literal, Self, get_args

from pydantic import AfterValidator, BaseModel, Field, ValidationError, model_validator

from controller.daemon_settings import (
    DaemonSettings,
    HttpSettings,
    IntervalSettings,
    NotifySettings,
    QueueSettings,
)
from controller.errors import WrongUsage
from controller.kinds.language.documented import Names, SettingsPart
from controller.kinds.language.kind import Finding, RuleSettings
from controller.kinds.language.spec import HiddenWhereWrong, unfit
from controller.kinds.parts.secret_references import is_prefix
from controller.kinds.parts.ssh_keys import SshKeys
from controller.loading.documents import Irregular, parse_documents, resolve
from controller.loading.issues import model_in, secret_names, validation_issues
from controller.loading.positions import Positions, dotted
from controller.loading.text_problems import find_text_problems
from controller.model.accepted import LiveOptions, PowerOptions
from controller.model.ref import Origin, Problem, ProblemCode, in_file_order
from controller.place_settings import LedgerSettings, ObservedSettings, SnapshotSettings
from controller.planning.approvals import ApprovalSettings
from controller.planning.guards import GuardSettings
from controller.planning.review import ReviewSettings
from controller.variables import BEGIN, ENVIRONMENT, NOT_SETTINGS, strangers

Mode = Literal["off", "observe", "enforce"]


class GitSource(SettingsPart):
    """A repository that holds the desired state."""

    url: Annotated[str, HiddenWhereWrong()]
    """https://, ssh://, file:// or git@host:path. Never with a password in it."""
    ref: str = "HEAD"
    """Branch, tag or commit."""
    path: str = ""
    """Folder inside the repository; empty for its top."""
    credentials: Annotated[str | None, HiddenWhereWrong()] = None
    """Where the token (for https) or the private key (for ssh) is: env://NAME, s3://BUCKET/KEY or secretsmanager://NAME#KEY. Never itself. Read again every minute."""
    signers: SshKeys = ()
    """Public SSH keys, each ``NAME TYPE KEY``. Where any is listed, nothing is planned from a newest commit of ``ref`` that none of them signed."""


class S3Source(SettingsPart):
    """Objects of a bucket that hold the desired state."""

    bucket: str
    """The bucket."""
    prefix: str = ""
    """What their keys begin with, whole names; empty for all of the bucket."""
    region: str = ""
    """Region of the bucket; empty for that of the tables."""
    settle_seconds: Annotated[float, Field(ge=0, le=60)] = 5
    """So long none of the objects must have been written before they count; a bucket has no commits, so this keeps halves of one from being read."""


class SourceSettings(SettingsPart):
    """Where the desired state is read from: exactly one of the fields."""

    git: GitSource | None = None
    """A Git repository."""
    s3: S3Source | None = None
    """Objects of a bucket."""
    folder: str | None = None
    """A folder of this machine; a relative one is looked for beside the settings file."""

    @property
    def is_named(self) -> bool:
        """Tell whether there is one."""
        return not (self.git is None and self.s3 is None and self.folder is None)

    @model_validator(mode="after")
    def _one_of_them(self) -> Self:
        named = [name for name in type(self).model_fields if getattr(self, name) is not None]
        if len(named) > 1:
            raise unfit(f"expected one source, found {' and '.join(named)}", "leave one")
        return self


def _are_prefixes(texts: tuple[str, ...]) -> tuple[str, ...]:
    for text in texts:
        if not is_prefix(text):
            raise unfit(
                f"{text!r} is no secret that documents may be allowed to name",
                "write secretsmanager://FOLDER/ for all below it, or secretsmanager://NAME for one",
            )
    return texts


Secrets = Annotated[Names, AfterValidator(_are_prefixes)]


class TargetModes(SettingsPart):
    """What is done about each target: nothing, looking, or changing."""

    tables: Mode = "enforce"
    """The config tables in the master account."""
    groups: Mode = "observe"
    """Auto-scaling groups with their launch templates."""
    scaling_schedules: Annotated[Mode, Field(alias="scaling-schedules")] = "observe"
    """Scheduled actions of auto-scaling groups."""
    power: Mode = "observe"
    """Instances started and stopped by schedule."""
    replicas: Mode = "off"
    """Copies of the common tables in the accounts."""
    others: dict[str, Mode] = Field(default_factory=dict)
    """Targets of extensions, by name; what is not named here is observed."""

    def of(self, target: str, account: Mode = "enforce") -> Mode:
        """Return how far a target, by its name, may go: the weaker of its own mode and the account's."""
        own: dict[str, Mode] = self.model_dump(by_alias=True, exclude={"others"})
        mode = own.get(target) or self.others.get(target, "observe")
        return weaker(mode, account)


def weaker(*modes: Mode) -> Mode:
    """Return the mode that goes least far."""
    return min(modes, key=get_args(Mode).index)


_OPTIONS = LiveOptions()


class LiveSettings(SettingsPart):
    """How live accounts are worked on."""

    parallel_scopes: Annotated[int, Field(ge=1, le=64)] = 8
    """Accounts and regions looked at and changed side by side."""
    max_parallel_rollouts: Annotated[int, Field(ge=1)] = _OPTIONS.max_parallel_rollouts
    """Groups of one account and region whose instances are replaced at the same time."""
    replicate: Names = _OPTIONS.replicate
    """Kinds or tables whose items are copied into the tables of each account, where the target ``replicas`` is not off."""
    cloud_trail: Literal["off", "read"] = "off"
    """``read``: records of drift in accounts say who else wrote the object, as CloudTrail there tells; it needs cloudtrail:LookupEvents."""
    tag_keys: dict[str, str] = Field(default_factory=dict)
    """Keys of the tags on groups that differ from the usual: ``OwningTeam: team``; an empty key leaves the tag out."""


_POWER = PowerOptions()


class PowerLimits(SettingsPart):
    """Where instances are switched. An empty list is no limit."""

    environments: Names = ()
    """Environments whose instances are switched; all others are left as they are."""
    accounts: Names = ()
    """Accounts, by name or number, in which instances are switched."""


class PowerSettings(SettingsPart):
    """How instances are switched."""

    grace_seconds: Annotated[int, Field(ge=0)] = _POWER.grace_period_s
    """An instance launched less than this ago is not stopped."""
    deployment_postpones_seconds: Annotated[int, Field(ge=0, le=3600)] = (
        _POWER.deployment_postpones_s
    )
    """A running deployment postpones a stop by at most this much, and so do deployments that cannot be told."""
    limit_to: PowerLimits = PowerLimits()
    """Where instances are switched."""
    look_again_seconds: Annotated[float, Field(ge=0)] = _POWER.look_again_s
    """Pause before what was asked for is looked at again, in the same run."""
    within_seconds: Annotated[float, Field(ge=0)] = _POWER.within_s
    """What is still on its way after so long is left to the next run."""


class OverrideSettings(SettingsPart):
    """What is otherwise for a while."""

    announce_seconds: Annotated[int, Field(ge=0)] = 1800
    """So long before an override ends it is announced; 0 for not at all."""


class Settings(SettingsPart):
    """Everything that can be set. Single values also come from the environment: ``ENVCTL_GUARDS_MAX_DELETES=60``."""

    region: str = "eu-west-1"
    """Region of the master account's tables, and of environment types that name none."""
    resource_prefix: str = ""
    """Put before every table name as it stands, so bring your own separator: ``test-``."""
    compatibility: Literal["none", "environment-manager"] = "none"
    """``environment-manager``: all the old product's required fields are required, and instances of roles without a Template get the user data that its images expect."""
    source: SourceSettings = SourceSettings()
    """Where the desired state is, when a command names no other."""
    targets: TargetModes = TargetModes()
    """What is done about each target."""
    guards: GuardSettings = GuardSettings()
    """Limits of one plan."""
    approvals: ApprovalSettings = ApprovalSettings()
    """What else approves what a guard refused, beside ``--approve``."""
    review: ReviewSettings = ReviewSettings()
    """Who agrees to what in pull requests."""
    live: LiveSettings = LiveSettings()
    """How live accounts are worked on."""
    snapshots: SnapshotSettings = SnapshotSettings()
    """Where snapshots are kept, and how many; and what is too large for a table."""
    ledger: LedgerSettings = LedgerSettings()
    """Where records of the ledger stay."""
    observed: ObservedSettings = ObservedSettings()
    """Where each scope is published as it was last seen."""
    extensions: Names = ()
    """Packages with further targets for live accounts; each module of one defines a ``TARGET``."""
    power: PowerSettings = PowerSettings()
    """How instances are switched."""
    overrides: OverrideSettings = OverrideSettings()
    """What is otherwise for a while."""
    intervals: IntervalSettings = IntervalSettings()
    """How often the daemon looks."""
    daemon: DaemonSettings = DaemonSettings()
    """How ``envctl run`` works."""
    queue: QueueSettings = QueueSettings()
    """Where the daemon's work is kept."""
    http: HttpSettings = HttpSettings()
    """The HTTP interface of ``envctl run``."""
    notify: NotifySettings = NotifySettings()
    """Whom the daemon tells of changes and alerts."""
    prices: dict[str, Annotated[float, Field(ge=0)]] = Field(default_factory=dict)
    """What an hour of an instance costs, by its type (``m6i.large: 0.107``); reports then say what schedules save."""
    trusted_image_owners: Names = _OPTIONS.trusted_image_owners
    """Owners of images that roles may name: account numbers or ``self``; accounts with includeAmis are trusted besides."""
    allowed_role_names: Names = _OPTIONS.allowed_role_names
    """Names of the roles in other accounts that may be assumed; an Account's roleArn must end in one of them."""
    allowed_secrets: Secrets = _OPTIONS.allowed_secrets
    """Secrets of the master's Secrets Manager that documents may name: all whose names begin so (with a slash at the end), or one by its whole name."""

    @property
    def of_rules(self) -> RuleSettings:
        """What rules across documents depend on."""
        return RuleSettings(
            self.compatibility, self.region, self.allowed_secrets, self.allowed_role_names
        )

    @model_validator(mode="after")
    def _fit_together(self) -> Self:
        git = self.source.git
        if self.approvals.in_commits == "merged" and git is not None and git.ref == "HEAD":
            raise unfit(
                "approvals.inCommits: merged, but source.git.ref is HEAD, which is whatever is checked out there",
                "name the protected branch in source.git.ref",
            )
        if self.ledger.keep_days is not None and not self.snapshots.is_placed:
            raise unfit(
                "ledger.keepDays is given, but no place to move records to",
                "add snapshots: {bucket: NAME}, or leave ledger.keepDays out",
            )
        return self

    @property
    def options(self) -> LiveOptions:
        """What live targets decide by."""
        power = self.power
        return LiveOptions(
            default_region=self.region,
            resource_prefix=self.resource_prefix,
            trusted_image_owners=self.trusted_image_owners,
            tag_keys=self.live.tag_keys,
            old_user_data=self.compatibility == "environment-manager",
            max_parallel_rollouts=self.live.max_parallel_rollouts,
            replicate=self.live.replicate,
            allowed_secrets=self.allowed_secrets,
            allowed_role_names=self.allowed_role_names,
            power=PowerOptions(
                grace_period_s=power.grace_seconds,
                deployment_postpones_s=power.deployment_postpones_seconds,
                only_environments=power.limit_to.environments,
                only_accounts=power.limit_to.accounts,
                look_again_s=power.look_again_seconds,
                within_s=power.within_seconds,
            ),
        )


def read_settings(name: str, data: bytes, environment: Mapping[str, str]) -> Settings:
    """Read settings from YAML text (none: the defaults), then from ``ENVCTL_…`` variables, which win.

    Raises WrongUsage with every problem, each with its place.
    """
    values: dict[str, Any] = {}
    if data.strip():
        try:
            first, *more = parse_documents(data)
        except Irregular:
            raise _wrong(find_text_problems(name, data, secret_names(Settings))) from None
        if more:
            origin, what = Origin(name, more[0].line), "the settings are one document"
            raise _wrong([Problem(origin, "", what, "leave this one out")])
        values = first.value
    given: dict[tuple[str, ...], Any] = {}
    unknown: list[str] = []
    for variable in sorted(environment):
        path = VARIABLES.get(variable)
        if path is not None:
            # Read as YAML reads a plain scalar.
            text = environment[variable]
            given[path] = value = text if text == "" else resolve(text)
            _put(values, path, value)
        elif variable.startswith(BEGIN) and variable not in NOT_SETTINGS:
            unknown.append(variable)
    problems = strangers(unknown, _KNOWN, environment, data) if unknown else []
    try:
        settings = Settings.model_validate(values)
    except ValidationError as error:
        positions = Positions(data, lambda: secret_names(Settings))
        problems += [
            _problem(name, issue, positions, given)
            for issue in validation_issues(error, (), Settings)
        ]
    else:
        if not problems:
            return settings
    raise _wrong(in_file_order(problems))


def refuse_unknown_variables(environment: Mapping[str, str]) -> None:
    """Raise WrongUsage for variables that begin as envctl's do and are none, where no settings are read."""
    unknown = (name for name in sorted(environment) if name.startswith(BEGIN))
    if problems := strangers(unknown, _KNOWN, environment, b""):
        raise _wrong(problems)


def _problem(
    name: str, issue: Finding, positions: Positions, given: Mapping[tuple[str, ...], Any]
) -> Problem:
    path = tuple(map(str, issue.path))
    if path in given:
        return issue.at(Origin(ENVIRONMENT), variable_of(path))
    if issue.code is ProblemCode.MISSING:
        # What is missing from the settings is in no Defaults of a folder either.
        issue = issue._replace(fix=f"add it: {issue.field}: …")
    position = positions.locate(0, issue.path, key=issue.at_key)
    return issue.at(position.origin(name), dotted(issue.path), position.excerpt)


def _wrong(problems: Iterable[Problem]) -> WrongUsage:
    return WrongUsage("the settings are wrong", detail="\n".join(map(str, problems)))


def variable_of(path: tuple[str, ...]) -> str:
    """Name the environment variable of a setting: ``guards.maxDeletes`` -> ``ENVCTL_GUARDS_MAX_DELETES``."""
    spelled = "".join(f"_{letter}" if letter.isupper() else letter for letter in "_".join(path))
    spelled = spelled.replace("-", "_")
    return f"ENVCTL_{spelled.upper()}"


def setting_paths(model: type[BaseModel], above: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Yield the path of every single value that can be set."""
    for name, field in model.model_fields.items():
        path = (*above, field.alias or name)
        part = model_in(field.annotation)
        if part is None:
            yield path
        else:
            yield from setting_paths(part, path)


def _put(values: dict[str, Any], path: tuple[str, ...], value: Any) -> None:
    *above, last = path
    for step in above:
        inner = values.get(step)
        values[step] = inner = inner if isinstance(inner, dict) else {}
        values = inner
    values[last] = value


VARIABLES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {variable_of(path): path for path in setting_paths(Settings)}
)
"""The environment variable of every single value that can be set -> its path."""

_KNOWN = VARIABLES.keys() | NOT_SETTINGS.keys()
