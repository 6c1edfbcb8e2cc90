"""The mark of an instance refresh of ours: of which template version it is, and which refresh, or after which it was to begin.

It is put before the request, which takes no token: where the answer is lost, the refresh is found by looking and not begun twice.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Final, NamedTuple

_AFTER: Final = "after"
_NONE: Final = "none"


class RefreshMark(NamedTuple):
    """``id`` is empty as long as no answer told it; ``after`` is the newest refresh before, empty if there was none."""

    version: str
    id: str = ""
    after: str = ""

    def __str__(self) -> str:
        """Print as the tag holds it."""
        return f"{self.version} {self.id or f'{_AFTER} {self.after or _NONE}'}"

    @classmethod
    def parse(cls, text: str) -> "RefreshMark":
        """Read the tag, whatever it holds."""
        version, _, rest = text.partition(" ")
        if rest == _AFTER or rest.startswith(f"{_AFTER} "):
            before = rest.removeprefix(_AFTER).strip()
            return cls(version, after="" if before == _NONE else before)
        return cls(version, rest)

    def found_in(
        self, newest_first: Iterable[Mapping[str, Any]], preferences: Mapping[str, Any]
    ) -> Mapping[str, Any] | None:
        """Return of a group's refreshes, as AWS describes them, that which was to begin; None if it did not begin."""
        for refresh in newest_first:
            if refresh.get("InstanceRefreshId") == self.after:
                break
            if is_begun_with(preferences, refresh):
                return refresh
        return None


def refresh_preferences(rollout: str) -> dict[str, Any]:
    """Return with what a refresh of ours is begun, for a rollout as the group's mark says it: ``instanceRefresh 50``."""
    percent = rollout.partition(" ")[2]
    return {
        "MinHealthyPercentage": int(percent) if percent.isdecimal() else percent,
        "SkipMatching": True,
        "StandbyInstances": "Ignore",
        "ScaleInProtectedInstances": "Ignore",
    }


def is_begun_with(preferences: Mapping[str, Any], refresh: Mapping[str, Any]) -> bool:
    """Tell whether a refresh, as AWS describes it, was begun with just these preferences."""
    found = refresh.get("Preferences") or {}
    return all(found.get(name) == value for name, value in preferences.items())
