"""The memory of a process, as Linux counts it."""

from pathlib import Path


def status_kb(name: str) -> int:
    """Return one of the sizes Linux counts for this process, in KB."""
    line = next(
        line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith(name)
    )
    return int(line.split()[1])
