"""The README of the benchmarks names every command there is."""

from pathlib import Path

FOLDER = Path(__file__).parents[3] / "benchmarks"


def test_every_benchmark_has_its_command() -> None:
    text = (FOLDER / "README.md").read_text(encoding="utf-8")
    measured = [
        path.stem
        for path in FOLDER.glob("*.py")
        if 'if __name__ == "__main__":' in path.read_text(encoding="utf-8")
        and not path.stem.endswith("_client")
    ]

    assert [name for name in measured if f"python -m benchmarks.{name}" not in text] == []
