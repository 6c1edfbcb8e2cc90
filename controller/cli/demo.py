"""``envctl demo``: the guided tour."""

import sys
import tempfile
from pathlib import Path

from controller.cli.process import environment_instead
from controller.cli.tour import Tour

SETTINGS = """region: eu-west-1
source:
  git: {{url: "{url}", ref: main, path: fleet}}
targets: {{groups: off, scaling-schedules: off, power: off}}   # the tour is about the tables
"""
HOW_IT_ENDS = """
That was the tour: {elapsed:.0f} s. What to try next:

  envctl sandbox                      an AWS like this one, to play with as long as you like
  envctl validate examples/fleet      break a file in it first
  envctl render Environment/c50 --source examples/fleet
  envctl new Service Payments --source examples/fleet
  docs/tutorial/first-hour.md         the same tour with explanations
"""


def demo() -> None:
    """Tell and run a guided tour on an AWS in memory: no account, no questions, under ninety seconds."""
    from controller.cli.tour_story import tell_story
    from controller.sandbox.run import EXAMPLES
    from controller.sandbox.seed import seed
    from controller.sandbox.server import embedded_aws, require_extra
    from controller.sandbox.tour import GIT_ENVIRONMENT, TourRepository

    require_extra()
    tour = Tour()
    with tempfile.TemporaryDirectory(prefix="envctl-tour-") as name:
        folder = Path(name)
        repository = TourRepository(folder / "repository")
        repository.begin()
        tour.tell("Starting an AWS in memory, with a master account and two child accounts …")
        with embedded_aws() as aws:
            seeded = seed(aws.address, fleet=EXAMPLES)
            tour.tell(
                f"It answers at {aws.address}. Master account {seeded.master}, child accounts"
                f" {' and '.join(seeded.children)}. All of it is gone when the tour ends."
            )
            settings = folder / "envctl.yaml"
            settings.write_text(
                SETTINGS.format(url=f"file://{repository.folder}"), encoding="utf-8"
            )
            with environment_instead(
                {
                    **aws.environment,
                    **GIT_ENVIRONMENT,
                    "ENVCTL_CONFIG": str(settings),
                    "ENVCTL_USER": "tour",
                    "XDG_CACHE_HOME": str(folder / "cache"),
                    "NO_PROXY": "127.0.0.1",
                }
            ):
                tell_story(tour, repository, folder)
    sys.stdout.write(HOW_IT_ENDS.format(elapsed=tour.elapsed_s))
