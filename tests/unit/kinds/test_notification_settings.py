"""Notification settings."""

from typing import Any

import pytest

from tests.unit.kinds.small_fleet import complaints, items


def test_their_item() -> None:
    spec = {
        "notificationEmail": ["tango@acme.example"],
        "chatChannel": ["#tango"],
        "paging": ["P1"],
        "ticketing": "TANGO",
    }
    assert items("NotificationSettings", "team-tango", spec) == {
        "ConfigNotificationSettings": {
            "NotificationSettingsId": "team-tango",
            "Value": {
                "NotificationEmail": ["tango@acme.example"],
                "ChatChannel": ["#tango"],
                "Paging": ["P1"],
                "Ticketing": "TANGO",
            },
        }
    }


@pytest.mark.parametrize(
    ("name", "spec", "words"),
    [
        ("team tango", {}, "is no name for this kind"),
        ("x", {"notificationEmail": ["tango"]}, "e-mail address"),
        ("x", {"notificationEmail": []}, "at least 1"),
        ("x", {"chatChannel": "#tango"}, "valid list"),
    ],
)
def test_what_is_refused(name: str, spec: dict[str, Any], words: str) -> None:
    (found,) = complaints("NotificationSettings", name, spec)
    assert words in found
