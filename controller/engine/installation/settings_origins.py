"""Every setting with where its value came from: the default, a line of the file, a variable of the environment."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from controller.engine.installation.process_context import ProcessContext
from controller.engine.installation.settings_file import CONFIG_VARIABLE, read_named
from controller.loading.documents import parse_documents
from controller.loading.positions import Positions
from controller.model.canonical import ABSENT
from controller.settings import Settings, setting_paths, variable_of

DEFAULT = "default"


class SettingLine(NamedTuple):
    """``path`` as in the file (``guards.maxDeletes``); ``value`` plain JSON; ``origin`` ``default``, ``file:line`` or a variable."""

    path: str
    value: Any
    origin: str


def settings_with_origins(
    name: str | None, settings: Settings, process: ProcessContext
) -> tuple[SettingLine, ...]:
    """Return every setting, in the order of the reference. ``name`` is the file the command names. Raises as ``read_named``."""
    environment = process.environment
    name = name or environment.get(CONFIG_VARIABLE)
    data = read_named(name, "settings", process) if name else b""
    return tuple(setting_lines(name or "", data, settings, environment))


def setting_lines(
    name: str, data: bytes, settings: Settings, environment: Mapping[str, str]
) -> Iterator[SettingLine]:
    """Yield every setting. ``data`` is the text the settings were read from. Secrets are references, so all may be shown."""
    given = parse_documents(data)[0].value if data.strip() else {}
    positions = Positions(data)
    values = settings.model_dump(mode="json", by_alias=True)
    for path in setting_paths(Settings):
        origin = DEFAULT
        if variable_of(path) in environment:
            origin = variable_of(path)
        elif _at(given, path) is not ABSENT:
            origin = f"{name}:{positions.locate(0, path, key=True).line}"
        value = _at(values, path)
        yield SettingLine(".".join(path), None if value is ABSENT else value, origin)


def _at(values: Any, path: tuple[str, ...]) -> Any:
    """Return the value at a path; ABSENT below a part that is not given."""
    for step in path:
        if not isinstance(values, dict) or step not in values:
            return ABSENT
        values = values[step]
    return values
