"""NotificationSettings: who is told when something fails."""

from typing import Annotated

from pydantic import Field

from controller.kinds.language.kind import Kind, NameFormat
from controller.kinds.language.spec import Spec
from controller.kinds.parts.texts import Email, Text
from controller.model.table import KeyAttribute, TableDefinition, one_item

TABLE = TableDefinition("ConfigNotificationSettings", KeyAttribute("NotificationSettingsId"))


class NotificationSettingsSpec(Spec):
    """What NotificationSettings are. What is not given is not used."""

    notification_email: Annotated[list[Email], Field(min_length=1)] | None = None
    """Mailboxes."""
    chat_channel: Annotated[list[Text], Field(min_length=1)] | None = None
    """Chat channels."""
    paging: Annotated[list[Text], Field(min_length=1)] | None = None
    """PagerDuty API ids, for checks that page."""
    ticketing: Text | None = None
    """Queue for tickets."""


KIND = Kind(
    name="NotificationSettings",
    summary="Who is told when something fails.",
    spec=NotificationSettingsSpec,
    **one_item(TABLE),
    facts=lambda _key, _spec: True,
    names=NameFormat(r"^[A-Za-z0-9_-]+$", 255, "letters, digits, '_' and '-', such as team-tango"),
)
