"""A sandbox that is used all day holds what is there, not what was: however much is asked of it, its memory stays."""

import pytest

from controller.sandbox.run import EXAMPLES
from controller.sandbox.seed import seed
from controller.sandbox.server import embedded_aws
from tests.support.sandbox_load import resident_mb, rounds_of

MOST_MB = 400
WARM, MEASURED = 30, 120
MOST_GROWTH_MB = 6
"""What is kept of streams, tokens and sessions still grows to its bound, by less than one; what moto alone would keep is eleven."""


@pytest.mark.slow
def test_its_memory_is_the_same_after_thousands_of_calls() -> None:
    with embedded_aws() as aws:
        seed(aws.address, EXAMPLES)
        ask = rounds_of(aws)
        for _ in range(WARM):
            ask()
        warm_mb = resident_mb(aws)
        for _ in range(MEASURED):
            ask()
        end_mb = resident_mb(aws)

    assert end_mb - warm_mb < MOST_GROWTH_MB
    assert end_mb < MOST_MB
