"""What plan.sh left in its folder: the exit code, the comment, and which lines of which files it is about."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, NamedTuple

MARKER: Final = "<!-- envctl plan -->"
"""First line of a comment of ours."""
MOST_ANNOTATIONS: Final = 200
LONGEST_SAID: Final = 20_000
OUTCOMES: Final = {
    0: ("success", "Nothing to change"),
    1: ("failure", "The desired state is wrong"),
    2: ("success", "Changes to apply"),
    3: ("failure", "Refused"),
}
"""Exit code of envctl plan -> how a check ends, and its title."""
_ENDS: Final = ("ended", "replaced", "stopped")


class Annotation(NamedTuple):
    """Something to say beside a line. ``level`` is ``notice``, ``warning`` or ``failure``."""

    path: str
    line: int
    level: str
    message: str


@dataclass(frozen=True)
class Reports:
    """One plan's reports. ``prefix`` is where the planned folder is in the repository: ``fleet/``, or empty."""

    folder: Path
    prefix: str = ""

    @property
    def exit_code(self) -> int:
        """What envctl plan ended with; 70 where it did not get so far as to say."""
        text = self._text("exit-code").strip()
        return int(text) if text.isdecimal() else 70

    @property
    def is_bad(self) -> bool:
        """Whether a pipeline is to fail: there is no plan, or it is refused."""
        return self.outcome[0] != "success"

    @property
    def outcome(self) -> tuple[str, str]:
        """How a check ends, and its title."""
        return OUTCOMES.get(self.exit_code, ("failure", f"No plan (exit code {self.exit_code})"))

    @property
    def comment(self) -> str:
        """The comment: the report, or what was said instead of one."""
        report = self._text("report.md")
        if report.startswith(MARKER):
            return report
        said = self._text("said.txt")[-LONGEST_SAID:].strip()
        fence = "`" * max(3, 1 + max(map(len, re.findall("`+", said)), default=0))
        return f"{MARKER}\n### {self.outcome[1]}\n\n{fence}\n{said}\n{fence}\n"

    def annotations(self) -> list[Annotation]:
        """Return what to say beside lines, the worst first, one for each line, at most ``MOST_ANNOTATIONS``."""
        worst = ("failure", "warning", "notice")
        by_line: dict[tuple[str, int], list[Annotation]] = {}
        for one in (*self._problems(), *self._changes()):
            by_line.setdefault((one.path, one.line), []).append(one)
        joined = [
            Annotation(
                path, line, min((one.level for one in found), key=worst.index), _joined(found)
            )
            for (path, line), found in by_line.items()
        ]
        joined.sort(key=lambda one: (worst.index(one.level), one.path, one.line))
        return joined[:MOST_ANNOTATIONS]

    def _problems(self) -> Iterator[Annotation]:
        found = self._json("problems.json")
        for problem in found.get("problems", ()) or found.get("error", {}).get("problems", ()):
            level = "failure" if problem["level"] == "error" else "warning"
            fix = f"\n{problem['fix']}" if problem.get("fix") else ""
            # Each of two documents may be the one that a pull request changes, so it is said beside both.
            places = [problem, *problem.get("related", ())]
            for place in places:
                others = [f"\nsee {self._named(other)}" for other in places if other is not place]
                message = "".join((problem["message"], *others, fix))
                yield self._placed(place["path"], place["line"], level, message)

    def _changes(self) -> Iterator[Annotation]:
        for scope in self._json("plan.json").get("scopes", ()):
            for change in scope["changes"]:
                place = change.get("edit", {}).get("origin") or change["origin"]
                path, _, line = place.rpartition(":")
                if "edit" not in change or not path or not line.isdecimal():
                    continue
                effects = change.get("effects", {})
                ends = [f"{effects[name]} instances {name}" for name in _ENDS if effects.get(name)]
                level = "warning" if ends or change["action"] == "delete" else "notice"
                what = f"{change['action']} {change['kind']} {change['key']}"
                yield self._placed(path, int(line), level, ", ".join((what, *ends)))

    def _named(self, place: Mapping[str, Any]) -> str:
        found = (f"{self.prefix}{place['path']}:{place['line']}", place.get("document"))
        return ": ".join(filter(None, (*found, place["field"])))

    def _placed(self, path: str, line: int, level: str, message: str) -> Annotation:
        return Annotation(f"{self.prefix}{path}", max(1, line), level, message)

    def _text(self, name: str) -> str:
        path = self.folder / name
        return path.read_text(encoding="utf-8", errors="replace") if path.is_file() else ""

    def _json(self, name: str) -> dict[str, Any]:
        text = self._text(name)
        found = json.loads(text) if text else {}
        return found if isinstance(found, dict) else {}


def _joined(found: list[Annotation], most: int = 10) -> str:
    more = [f"and {len(found) - most} more"] if len(found) > most else []
    return "\n".join([*(one.message for one in found[:most]), *more])
