"""Settings as people and programs read them."""

from controller.engine.installation.installation import SettingLine
from controller.views.documents.status import settings_json
from controller.views.settings_text import settings_lines
from controller.views.style import plain
from tests.support.documents import printed


def test_settings_say_where_they_came_from() -> None:
    found = (
        SettingLine("region", "eu-west-1", "default"),
        SettingLine("guards.maxDeletes", 60, "envctl.yaml:3"),
        SettingLine("trustedImageOwners", ["self"], "ENVCTL_TRUSTED_IMAGE_OWNERS"),
        SettingLine("source.folder", None, "default"),
    )

    lines = plain(settings_lines(found)).splitlines()
    assert [" ".join(line.split()) for line in lines] == [
        "region eu-west-1 default",
        "guards.maxDeletes 60 envctl.yaml:3",
        "trustedImageOwners self ENVCTL_TRUSTED_IMAGE_OWNERS",
        "source.folder - default",
    ]
    assert printed("settings", settings_json(found))["settings"][1] == {
        "path": "guards.maxDeletes",
        "value": 60,
        "origin": "envctl.yaml:3",
    }
