"""Looks at a scope as tests write them."""

from collections.abc import Iterable
from datetime import datetime

from controller.model.live import FoundGroup, FoundInstance, LiveLook, Member
from tests.support.live_account import NOW, SCOPE

LONG_AGO = datetime.fromisoformat("2026-11-01T00:00:00+00:00")


def instance(
    instance_id: str,
    state: str = "running",
    environment: str = "c50",
    launched_at: datetime = LONG_AGO,
    lifecycle: str = "",
    root_device: str = "ebs",
    **tags: str,
) -> FoundInstance:
    """Return an instance with tags; ``envctl__override`` stands for ``envctl:override``."""
    every = {"Environment": environment, "Role": "Web", **tags}
    return FoundInstance(
        instance_id=instance_id,
        state=state,
        tags=tuple((key.replace("__", ":"), value) for key, value in every.items() if value),
        launched_at=launched_at,
        lifecycle=lifecycle,
        root_device=root_device,
    )


def group(
    name: str,
    members: dict[str, str],
    sizes: tuple[int, int, int] = (1, 2, 4),
    suspended: Iterable[str] = (),
    **tags: str,
) -> FoundGroup:
    """Return a group with the members' lifecycle states."""
    every = {"Environment": name.partition("-")[0], "Role": "Web", **tags}
    return FoundGroup(
        name=name,
        arn="",
        minimum=sizes[0],
        desired=sizes[1],
        maximum=sizes[2],
        tags=tuple((key.replace("__", ":"), value) for key, value in every.items()),
        propagated=frozenset(),
        subnets=(),
        suspended=frozenset(suspended),
        members=tuple(
            Member(one, lifecycle, "a", "", "", healthy=True) for one, lifecycle in members.items()
        ),
    )


def look(*found: FoundInstance | FoundGroup, at: datetime = NOW) -> LiveLook:
    """Return a look at these."""
    return LiveLook(
        SCOPE,
        at,
        {one.name: one for one in found if isinstance(one, FoundGroup)},
        {one.instance_id: one for one in found if isinstance(one, FoundInstance)},
    )
