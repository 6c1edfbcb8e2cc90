"""Environments whose schedule no override changes: what is written as ``noschedule``, and what the environment type protects."""

from controller.decisions.power_map import SCHEDULE_PATH
from controller.engine.config.compute_plan import SCHEDULE_ENVIRONMENT
from controller.errors import PlanRefused, WrongUsage
from controller.kinds.parts.schedule_choice import NOSCHEDULE
from controller.model.accepted import AcceptedState
from controller.model.override import Override
from controller.planning.overrides import segments


def check_schedule_may_change(override: Override, accepted: AcceptedState) -> None:
    """Return if the override is of no environment's schedule, or of one that may be another for a while.

    Raises WrongUsage for what would be shown as holding and switch nothing, PlanRefused for what is forbidden to everyone, as
    an edit of it is (domain rule). Groups and instances are not concerned.
    """
    ref = override.ref
    if ref.kind != "Environment" or segments(override.path)[:2] != SCHEDULE_PATH:
        return
    written = accepted.written
    spec = written.spec("Environment", ref.key)
    if spec is None:
        return
    if spec.schedule.mode == NOSCHEDULE:
        origin = written.resources[ref].origin._replace(column=0)
        raise WrongUsage(
            f"{ref} will not be touched, because it is written as noschedule in {origin}: no override goes before that",
            fix="give it a schedule in Git, or switch its instances by hand",
        )
    kind = protecting_type(ref.key, written)
    if kind:
        raise PlanRefused(
            f"{ref} keeps its schedule: EnvironmentType/{kind} is protected against {SCHEDULE_ENVIRONMENT}",
            fix="override the groups or instances that need it, or take that out of its protectedActions in Git",
        )


def protecting_type(environment: str, accepted: AcceptedState) -> str:
    """Return the name of the environment type that protects an environment's schedule; empty if none does."""
    spec = accepted.written.spec("Environment", environment)
    kind = accepted.written.spec("EnvironmentType", spec.environment_type) if spec else None
    protects = kind is not None and SCHEDULE_ENVIRONMENT in (kind.protected_actions or ())
    return str(spec.environment_type) if protects else ""
