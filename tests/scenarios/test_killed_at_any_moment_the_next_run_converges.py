"""A worker dies before or after any of its transactions; the next one ends where the first would have."""

from contextlib import suppress

import pytest

from tests.support.estate import PREFIX, Estate
from tests.support.toy_kinds import ENVIRONMENTS, SERVICES, environment, service


class Killed(BaseException):
    """Nothing catches it, as nothing catches SIGKILL."""


def life(estate: Estate) -> list[str]:
    return sorted(
        str(item.get("ServiceName") or item.get("EnvironmentName"))
        for table in (SERVICES, ENVIRONMENTS)
        for item in estate.store.items(PREFIX + table.name)
    )


@pytest.mark.parametrize("moment", range(5))
@pytest.mark.parametrize("side", ["before", "after"])
def test_the_next_run_converges_and_the_ledger_has_no_gap_and_no_double(
    side: str, moment: int
) -> None:
    estate = Estate()
    estate.wants(
        *(service(f"s{n:03}") for n in range(80)), *(environment(f"c{n:02}") for n in range(20))
    )
    estate.worker().takes().applies()
    estate.wants(
        *(service(f"s{n:03}", 40001) for n in range(60)),
        *(environment(f"c{n:02}") for n in range(10, 30)),
    )
    tries = 0

    def die(*_: object) -> None:
        nonlocal tries
        tries += 1
        if tries > moment:
            raise Killed

    setattr(estate.store, side, die)
    with suppress(Killed):
        estate.worker("worker-a").takes().applies()
    estate.store.before = estate.store.after = lambda *_: None

    estate.converges()

    assert estate.plans() == ()
    wanted = [*(f"s{n:03}" for n in range(60)), *(f"c{n:02}" for n in range(10, 30))]
    assert life(estate) == sorted(wanted)
    estate.check_ledger()
