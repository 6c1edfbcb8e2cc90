"""Instances that have ended are seen for an hour, the newest of them: the sandbox does not grow with all that ever ran."""

from collections.abc import Iterator
from typing import Any

import pytest
from moto.ec2.models import ec2_backends

from controller.sandbox.additions import ended_instances


@pytest.fixture
def ec2() -> Iterator[Any]:
    """EC2 of an account, in this process."""
    backend: Any = ec2_backends["123456789012"]["eu-west-1"]
    yield backend
    backend.reset()


def _launch(ec2: Any, count: int) -> list[str]:
    reservation = ec2.run_instances(
        "ami-1",
        count,
        None,
        [],
        instance_type="m5.large",
        is_instance_type_default=False,
        region_name="eu-west-1",
        tags={"instance": {"Name": "web"}},
    )
    return [instance.id for instance in reservation.instances]


def _seen(ec2: Any) -> list[str]:
    return [one.id for reservation in ec2.all_reservations() for one in reservation.instances]


def test_what_ended_an_hour_ago_is_gone_and_what_runs_stays(
    ec2: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second, running = _launch(ec2, 3)
    ec2.terminate_instances([first])
    assert _seen(ec2) == [first, second, running]

    monkeypatch.setattr(ended_instances, "VISIBLE_S", 0.0)
    ec2.terminate_instances([second])

    assert _seen(ec2) == [running]
    assert (first in ec2.tags, running in ec2.tags) == (False, True)


def test_of_many_that_end_the_newest_are_seen(ec2: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ended_instances, "MOST_VISIBLE", 2)
    launched = _launch(ec2, 3) + _launch(ec2, 1)
    for one in (*launched, launched[-1]):
        ec2.terminate_instances([one])

    assert _seen(ec2) == launched[-2:]
    assert len(ec2.reservations) == 2


def test_what_ends_with_its_whole_reservation_takes_it_along(
    ec2: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ended_instances, "MOST_VISIBLE", 0)
    ec2.terminate_instances(_launch(ec2, 2))

    assert not ec2.reservations
    assert not ec2.enis
