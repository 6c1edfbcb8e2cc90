"""Settings as people read them: each with its value, and where that came from. Pure."""

from collections.abc import Iterable, Iterator

from controller.engine.installation.installation import SettingLine
from controller.model.canonical import Json
from controller.planning.wording import value_text
from controller.views.style import Line, Span, aligned


def settings_lines(settings: Iterable[SettingLine]) -> Iterator[Line]:
    """Yield every setting with its value and where that came from."""
    rows = [(setting.path, _setting(setting.value), setting.origin) for setting in settings]
    for row, line in zip(rows, aligned(rows), strict=True):
        yield (Span(line, "dim" if row[2] == "default" else "plain"),)


def _setting(value: Json) -> str:
    if value in (None, "", [], {}):
        return "-"
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return value_text(value)
