"""What one account and region lacks: its role, the calls that role may make, what groups need there."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from controller.aws.child_role import deploy_command
from controller.aws.clients import place_of
from controller.aws.errors import aws_errors
from controller.aws.probes import LOOK, NOBODY, NOT_PROBED, OF_TARGET, Probe, allowed
from controller.aws.secrets import Secrets
from controller.aws.sessions import AccountAccess, check_role
from controller.decisions.evaluator import power_rules_of
from controller.engine.installation.installation import Installation
from controller.engine.live.observe import Observer, Part, ScopeSetup, ScopeView, Unobserved
from controller.engine.queries.doctor.launching import check_launching
from controller.engine.queries.doctor.report import Check, Health, check_of_error
from controller.errors import EnvctlError
from controller.model.accepted import AcceptedState
from controller.model.observed import ScopeState
from controller.model.plan import Lack, NoteCategory
from controller.model.ref import ResourceRef
from controller.ports import LiveTarget
from controller.scheduling.decision import tag_value
from controller.settings import Mode
from controller.targets.group_parts.names import topic_arn

NAMES_SHOWN: Final = 3
_NOT_GOING_ON: Final = {
    NoteCategory.BLOCKED: Health.LACKS,
    NoteCategory.SHORT: Health.LACKS,
    NoteCategory.ROLLOUT: Health.OK,
}
"""How the notes of a target count that say why something is not done; a rollout is held by what somebody wrote down."""


@dataclass
class AccountDoctor:
    """Examines live scopes; several at once. Tell it the scopes with ``know`` first."""

    installation: Installation
    accepted: AcceptedState
    targets: Sequence[LiveTarget]
    now: datetime
    _broken: dict[str, Check] = field(default_factory=dict)

    def know(self, setups: Iterable[ScopeSetup]) -> None:
        """Tell the sessions of the accounts; an external id that cannot be read is kept as that account's finding."""
        master = self.installation.master
        process, allowed_secrets = master.process, master.settings.allowed_secrets
        secrets = Secrets(master.aws, process.environment, process.clock, allowed_secrets)
        known: dict[str, AccountAccess] = {}
        for setup in setups:
            if setup.waits:
                continue
            try:
                external = secrets.external_id(setup.external_id) if setup.external_id else None
            except EnvctlError as error:
                self._broken[setup.scope.account] = check_of_error("", "external id", error)
                continue
            known[setup.scope.account] = AccountAccess(
                setup.scope.account, setup.role_arn, external
            )
        master.aws.set_accounts(known.values())

    def examine(self, setup: ScopeSetup) -> tuple[Check, ...]:
        """Examine one scope. What is found is the result; a check the next ones need ends it when it fails."""
        return tuple(_ScopeExamination(self, setup, self._broken).checks())


class _ScopeExamination:
    """One scope."""

    def __init__(
        self, doctor: AccountDoctor, setup: ScopeSetup, broken: Mapping[str, Check]
    ) -> None:
        self._doctor = doctor
        self._setup = setup
        self._broken = broken
        self._name = setup.scope.name
        self._aws = doctor.installation.master.aws

    def checks(self) -> Iterator[Check]:
        settings, own = self._doctor.installation.master.settings.targets, self._setup.mode
        every = [(target, settings.of(target.name, own)) for target in self._doctor.targets]
        modes = [(target, mode) for target, mode in every if mode != "off"]
        shown = ", ".join(f"{target.name}: {mode}" for target, mode in modes)
        said = f"Account/{self._setup.scope.account_name} has mode {own}"
        yield self._ok("mode", f"{said}; {shown or 'every target is off'}")
        if self._setup.waits:
            yield self._unseen("role", self._setup.not_entered)
            return
        role = self._role()
        yield role
        if role.health is not Health.OK:
            return
        reached = list(self._reached())
        yield from reached
        if any(check.health is not Health.OK for check in reached):
            return
        view = self._view(modes)
        yield from self._permissions(modes, view)
        if any(target.name == "groups" for target, _ in modes):
            yield from check_launching(self._aws, self._setup.scope)
        yield from self._needs(view)

    def _role(self) -> Check:
        """Say whether the account names a role, and one that may be used. No call is made."""
        arn, scope = self._setup.role_arn, self._setup.scope
        if arn is None:
            return self._lacks(
                "role",
                f"Account/{scope.account_name} names no role",
                "with credentials of that account, make one, and write its roleArn into the Account:\n"
                + deploy_command(
                    scope.account,
                    self._aws.own_account(),
                    external_id=bool(self._setup.external_id),
                    region=scope.region,
                ),
            )
        allowed_names = self._doctor.installation.master.settings.allowed_role_names
        try:
            check_role(scope.account, arn, allowed_names)
        except EnvctlError as error:
            return check_of_error(self._name, "role", error)
        return self._ok("role", arn)

    def _reached(self) -> Iterator[Check]:
        """Say whether the role can be assumed from here, with the external id, and whose it is."""
        scope, broken = self._setup.scope, self._broken.get(self._setup.scope.account)
        if broken is not None:
            yield Check(self._name, broken.of, broken.health, broken.what, broken.fix)
            return
        if self._setup.external_id:
            yield self._ok("external id", f"read from {self._setup.external_id}")
        try:
            sts = self._aws.client("sts", scope.account, scope.region)
            with aws_errors("doctor: ask AWS who its role is", place_of(sts)):
                sts.get_caller_identity()
        except EnvctlError as error:
            yield check_of_error(self._name, "assume role", error)
            return
        yield self._ok("assume role", f"its credentials are account {scope.account}'s")

    def _view(self, modes: Sequence[tuple[LiveTarget, Mode]]) -> ScopeView:
        observer = Observer(
            access=self._aws,
            accepted=self._doctor.accepted,
            history=self._doctor.installation.ledger,
        )
        return observer.view(self._setup, modes, self._doctor.now)

    def _permissions(
        self, modes: Sequence[tuple[LiveTarget, Mode]], view: ScopeView
    ) -> Iterator[Check]:
        enforced = {target.name for target, mode in modes if mode == "enforce"}
        probes = [*LOOK]
        for target, _ in modes:
            of_target = OF_TARGET.get(target.name, ())
            probes += [probe for probe in of_target if not probe.changes or target.name in enforced]
        found = [self._probe(probe, view) for probe in probes]
        yield from (check for check in found if check is not None and check.health is not Health.OK)
        good = [check.what for check in found if check is not None and check.health is Health.OK]
        if good:
            yield self._ok("permissions", f"{len(good)} of {len(probes)} calls tried are allowed")
        untried = {action for name in enforced for action in NOT_PROBED.get(name, ())}
        untried |= {probe.action for probe, was in zip(probes, found, strict=True) if was is None}
        if untried:
            yield Check(
                self._name,
                "permissions",
                Health.NOT_PROBED,
                f"no call tells without changing something: {', '.join(sorted(untried))}",
            )

    def _probe(self, probe: Probe, view: ScopeView) -> Check | None:
        """Return the check of one permission; None where nothing is there that it could be asked about."""
        request = self._request(probe, view)
        if request is None:
            return None
        scope = self._setup.scope
        try:
            client = self._aws.client(probe.service, scope.account, scope.region)
            allowed(client, probe, request)
        except EnvctlError as error:
            return check_of_error(self._name, "permissions", error)
        return self._ok("permissions", probe.action)

    def _request(self, probe: Probe, view: ScopeView) -> dict[str, Any] | None:
        request = dict(probe.request)
        scope = self._setup.scope
        if probe.needs == "account":
            request["TopicArn"] = topic_arn(NOBODY, scope.region, scope.account)
        elif probe.needs == "instance":
            instance = self._an_instance(view)
            if instance is None:
                return None
            request["InstanceIds"] = [instance]
        return request

    def _needs(self, view: ScopeView) -> Iterator[Check]:
        """Say what the objects of every target need and the account lacks; and why that could not be told of some."""
        for name, why in sorted(view.unknown.items()):
            yield self._unseen(f"look at {name}" if name else "look", why)
        for part in view.parts:
            lacking: dict[Lack, list[ResourceRef]] = {}
            for note in part.projected.notes:
                if note.category is NoteCategory.MISSING:
                    for lack in note.lacks:
                        lacking.setdefault(lack, []).append(note.ref)
            for (what, fix), refs in sorted(lacking.items()):
                yield self._lacks(part.target.name, f"{what} (for {_named(refs)})", fix)
            if not lacking:
                yield self._ok(part.target.name, f"nothing lacks{_for_all(part)}")
            yield from self._stuck(part)

    def _stuck(self, part: Part) -> Iterator[Check]:
        """Say of what does not go on by itself, or is held on purpose, why: the same for all it is the same for."""
        alike: dict[tuple[NoteCategory, str], list[ResourceRef]] = {}
        for note in part.projected.notes:
            if note.category in _NOT_GOING_ON:
                alike.setdefault((note.category, note.text), []).append(note.ref)
        for (category, text), refs in sorted(alike.items()):
            health = _NOT_GOING_ON[category]
            yield Check(self._name, part.target.name, health, f"{_named(refs)}: {text}")

    def _unseen(self, of: str, why: Unobserved) -> Check:
        waits = why.denied or why.state is ScopeState.WAITING
        return check_of_error(self._name, of, why.error, lacks=waits)

    def _ok(self, of: str, what: str) -> Check:
        return Check(self._name, of, Health.OK, what)

    def _an_instance(self, view: ScopeView) -> str | None:
        """Return the id of an instance that is of an environment, as no other may be switched; None where there is none."""
        tag = power_rules_of(self._doctor.accepted.options).environment_tag
        seen = view.look.instances.values() if view.look else ()
        return next((found.instance_id for found in seen if tag_value(found.tags, tag)), None)

    def _lacks(self, of: str, what: str, fix: str) -> Check:
        return Check(self._name, of, Health.LACKS, what, fix)


def _for_all(part: Part) -> str:
    wanted = len(part.projected.projections)
    noun = "object" if wanted == 1 else "objects"
    return f" for the {wanted} {noun} there are to be" if wanted else ""


def _named(refs: Sequence[ResourceRef]) -> str:
    names = [ref.key.rpartition("/")[2] for ref in refs]
    if len(names) <= NAMES_SHOWN:
        return ", ".join(names)
    return f"{len(names)}: {', '.join(names[:NAMES_SHOWN])}, …"
