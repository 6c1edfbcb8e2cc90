"""Each setting says where its value came from."""

import pytest

from controller.engine.installation.installation import setting_lines
from controller.settings import Settings, read_settings, setting_paths

TEXT = b"""region: eu-central-1
guards:
  maxDeletes: 60
  fromObjects: 20
targets: {groups: enforce}
"""
ENVIRONMENT = {"ENVCTL_GUARDS_MAX_DELETES": "70", "ENVCTL_LIVE_PARALLEL_SCOPES": "4"}


@pytest.mark.parametrize(
    ("path", "value", "origin", "because"),
    [
        ("region", "eu-central-1", "envctl.yaml:1", "the file gives it"),
        ("guards.fromObjects", 20, "envctl.yaml:4", "the file gives it, in a part"),
        ("targets.groups", "enforce", "envctl.yaml:5", "the file gives it, in flow style"),
        ("guards.maxDeletes", 70, "ENVCTL_GUARDS_MAX_DELETES", "a variable wins over the file"),
        ("live.parallelScopes", 4, "ENVCTL_LIVE_PARALLEL_SCOPES", "a variable alone"),
        ("resourcePrefix", "", "default", "nobody gives it"),
        ("source.git.url", None, "default", "the part is not there"),
    ],
)
def test_a_value_and_its_origin(path: str, value: object, origin: str, because: str) -> None:
    settings = read_settings("envctl.yaml", TEXT, ENVIRONMENT)
    found = {one.path: one for one in setting_lines("envctl.yaml", TEXT, settings, ENVIRONMENT)}

    assert (found[path].value, found[path].origin) == (value, origin), because


def test_every_setting_is_there_also_without_a_file() -> None:
    found = list(setting_lines("", b"", Settings(), {}))

    assert [one.path for one in found] == [".".join(path) for path in setting_paths(Settings)]
    assert {one.origin for one in found} == {"default"}
