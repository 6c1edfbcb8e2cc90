"""Changes are asked for in bursts, and then at a pace."""

import pytest

from controller.api.problems import Refused
from controller.api.rate_limit import BURST, EVERY_S, RateLimit


def test_a_burst_is_served_and_then_one_by_one() -> None:
    now = [1000.0]
    limit = RateLimit(lambda: now[0])
    for _ in range(BURST):
        limit.take("ada")
    with pytest.raises(Refused) as caught:
        limit.take("ada")
    limit.take("bob")

    assert caught.value.status == 429
    assert 0 < int(caught.value.headers["Retry-After"]) <= EVERY_S + 1
    now[0] += EVERY_S
    limit.take("ada")
    with pytest.raises(Refused):
        limit.take("ada")
    now[0] += BURST * EVERY_S
    for _ in range(BURST):
        limit.take("ada")
