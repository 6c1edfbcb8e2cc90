"""``envctl demo``: the guided tour. What it needs is made here; its chapters are told in ``story``."""

import sys
import tempfile
import time
from pathlib import Path
from shutil import which

from controller.cli.process import environment_instead, movable_clock, print_as_is, utc_now
from controller.cli.tour.story import CHAPTERS, EVENING_AFTER, Story
from controller.cli.tour.telling import Tour
from controller.sandbox.ending import sigterm_ends_in_order
from controller.sandbox.run import EXAMPLES
from controller.sandbox.seed import seed
from controller.sandbox.server import embedded_aws, require_extra
from controller.sandbox.tour import GIT_ENVIRONMENT, TourRepository
from controller.variables import CONFIG_VARIABLE, USER_VARIABLE

SETTINGS = """region: eu-west-1
source:
  git: {{url: "{url}", ref: main, path: fleet}}
snapshots: {{folder: "{snapshots}"}}
targets: {{groups: enforce, scaling-schedules: enforce, power: enforce}}
guards: {{maxInstancesLaunched: 30}}   # all of them begin at once
intervals: {{resyncSeconds: 300}}   # looks at accounts that are close enough for a tour
"""
HOW_IT_ENDS = """
That was the tour: {elapsed} s. What to try next:

  envctl sandbox                      an AWS like this one, to play with as long as you like
  envctl run                          the daemon, with settings that point there
  cp -r {examples} fleet              files to break and to mend
  envctl validate fleet
  envctl render Environment/c50 --source fleet
  envctl new Service Payments --source fleet
  docs/tutorial/first-hour.md         the first steps again, with explanations
"""


def demo() -> None:
    """Tell and run a guided tour on an AWS in memory: no account, no questions, under ninety seconds."""
    require_extra()
    began = time.monotonic()
    with (
        sigterm_ends_in_order(),
        movable_clock() as move,
        tempfile.TemporaryDirectory(prefix="envctl-tour-") as name,
    ):
        tour, folder = Tour(len(CHAPTERS), move), Path(name)
        repository = TourRepository(folder / "repository")
        repository.begin((utc_now() + EVENING_AFTER).replace(second=0, microsecond=0))
        tour.tell("Starting an AWS in memory, with a master account and two child accounts …")
        with embedded_aws() as aws:
            seeded = seed(aws.address, fleet=EXAMPLES)
            tour.tell(
                f"It answers at {aws.address}. Master account {seeded.master}, child accounts"
                f" {' and '.join(seeded.children)}. All of it is gone when the tour ends."
            )
            settings = folder / "envctl.yaml"
            settings.write_text(
                SETTINGS.format(url=f"file://{repository.folder}", snapshots=folder / "snapshots"),
                encoding="utf-8",
            )
            with (
                environment_instead(
                    {
                        **aws.environment,
                        **GIT_ENVIRONMENT,
                        CONFIG_VARIABLE: str(settings),
                        USER_VARIABLE: "tour",
                        "XDG_CACHE_HOME": str(folder / "cache"),
                        "NO_PROXY": "127.0.0.1",
                    }
                ),
                Story(tour, repository, move) as story,
            ):
                for chapter in CHAPTERS:
                    chapter(story)
    elapsed = round(time.monotonic() - began)
    print_as_is(HOW_IT_ENDS.format(elapsed=elapsed, examples=EXAMPLES))
    if which("envctl") is None:
        folder_of_it = Path(sys.executable).parent
        print_as_is(f'\nFirst, as it is on no path: export PATH="{folder_of_it}:$PATH"\n')
