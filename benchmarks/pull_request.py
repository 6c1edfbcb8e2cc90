"""What a pull request waits for: a cold ``envctl validate`` of 1 000 files, and the plan of one edited file of 5 000.

    python -m benchmarks.pull_request [--files N] [--check]

Everything is CPU time of cold processes, their children's with it. The plan is made from what was seen and published, and held
against a validation of the same files, which loads them once. ``--check`` exits 1 where either limit is passed.
"""

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final

from benchmarks.corpus import generate

MOST_SECONDS: Final = 2.0
MOST_TIMES: Final = 1.5
OBJECTS_PER_FILE: Final = 5
ROUNDS: Final = 3


def write_corpus(folder: Path, files: int) -> int:
    """Write at least so many files; return how many they are."""
    objects = files * OBJECTS_PER_FILE
    texts = generate(objects, files)
    while len(texts) < files:
        objects = objects * files // len(texts) + 1
        texts = generate(objects, objects // OBJECTS_PER_FILE)
    for name, text in texts.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return len(texts)


def seconds(*arguments: str | Path) -> float:
    """Return the least CPU seconds of a command, over several rounds. Exits where it fails."""
    best = float("inf")
    for _ in range(ROUNDS):
        command = [Path(sys.executable).parent / "envctl", *arguments]
        running = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        _, status, used = os.wait4(running.pid, 0)
        running.returncode = os.waitstatus_to_exitcode(status)
        if running.returncode not in (0, 2):
            sys.exit(f"{' '.join(map(str, command))}: exit code {running.returncode}")
        best = min(best, used.ru_utime + used.ru_stime)
    return best


def edit_one(folder: Path) -> None:
    """Give one environment another description."""
    for path in sorted(folder.rglob("*.yaml")):
        text = path.read_text()
        if "kind: Environment\n" in text and "description:" in text:
            path.write_text(text.replace("description:", "description: edited", 1))
            return
    sys.exit("the corpus has no environment with a description")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--files", type=int, default=5_000, help="of the plan")
    parser.add_argument("--check", action="store_true", help="exit 1 where a limit is passed")
    given = parser.parse_args()
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    with tempfile.TemporaryDirectory() as temporary:
        place = Path(temporary)
        os.environ["ENVCTL_CONFIG"] = str(place / "envctl.yaml")
        (place / "envctl.yaml").write_text("region: eu-west-1\n")
        count = write_corpus(place / "small", 1_000)
        small = seconds("validate", place / "small")
        print(f"validate, {count:,} files, cold: {small:.2f} s of CPU (limit {MOST_SECONDS} s)")
        fleet = place / "fleet"
        count = write_corpus(fleet, given.files)
        seen = place / "seen.json"
        seconds("plan", "--source", fleet, "--base", fleet, "--save-observed", seen)
        edit_one(fleet)
        loading = seconds("validate", fleet)
        plan = seconds("plan", "--source", fleet, "--observed", seen, "--format", "markdown")
        print(
            f"plan of one edited file of {count:,} from what was seen: {plan:.2f} s of CPU,"
            f" {plan / loading:.2f} x loading them once, {loading:.2f} s (limit {MOST_TIMES} x)"
        )
    if given.check and (small > MOST_SECONDS or plan > MOST_TIMES * loading):
        sys.exit(1)


if __name__ == "__main__":
    main()
