"""Settings of what is kept where: snapshots, old records of the ledger, what was seen last."""

from typing import Annotated, Self

from pydantic import AfterValidator, Field, model_validator

from controller.kinds.language.documented import SettingsPart
from controller.kinds.language.spec import unfit
from controller.scheduling.grammar import parse_schedule
from controller.scheduling.schedule import InvalidSchedule


def _is_crontab(text: str) -> str:
    try:
        parse_schedule(f"start: {text}")
    except InvalidSchedule as error:
        raise unfit(f"{text!r} is no crontab line", 'write "0 2 * * *" for every night') from error
    return text


class CopySettings(SettingsPart):
    """Where each snapshot is copied to besides."""

    bucket: str | None = None
    """S3 bucket of the copies; without it there are none."""
    region: str = ""
    """Region of that bucket; empty for that of the tables."""
    prefix: str = "snapshots"
    """Put before the keys of its objects."""


class SnapshotSettings(SettingsPart):
    """Where snapshots are kept, and how many; and what is too large for a table."""

    bucket: str | None = None
    """S3 bucket. Records of changes whose old and new item do not fit one keep them there, too."""
    folder: str | None = None
    """A folder of this machine instead, where there is no S3; a relative one is looked for beside the settings file."""
    prefix: str = "snapshots"
    """Put before the keys of the bucket's objects."""
    cron: Annotated[str, AfterValidator(_is_crontab)] = "0 2 * * *"
    """When the daemon takes one: minute, hour, day, month, weekday, in UTC."""
    keep_days: Annotated[int, Field(ge=0)] = 35
    """All snapshots of so many days are kept. The last good one is always kept."""
    daily: Annotated[int, Field(ge=0)] = 0
    """Of older ones the newest of each day is kept, for so many days that have any."""
    weekly: Annotated[int, Field(ge=0)] = 0
    """The newest of each week, for so many weeks that have any."""
    monthly: Annotated[int, Field(ge=0)] = 0
    """The newest of each month, for so many months that have any."""
    megabytes_per_second: Annotated[float, Field(ge=0)] = 0
    """How fast tables are read for a snapshot at most; 0 is no limit."""
    environment_manager_names: bool = False
    """Whether each table is also kept as ``<date>_environmentmanager_<table>.json``, as the old product's programs look for it."""
    copy_to: CopySettings = CopySettings()
    """Where each snapshot is copied to besides."""

    @property
    def is_placed(self) -> bool:
        """Tell whether a place for snapshots is named."""
        return self.bucket is not None or self.folder is not None

    @model_validator(mode="after")
    def _one_of_them(self) -> Self:
        if self.bucket is not None and self.folder is not None:
            raise unfit("expected one place, found two: bucket and folder", "leave one out")
        return self


class LedgerSettings(SettingsPart):
    """Where records of the ledger stay."""

    keep_days: Annotated[int | None, Field(ge=30)] = None
    """Records of months that ended longer ago than this are moved from the table to the snapshots' store. Without it none is ever moved."""


class ObservedSettings(SettingsPart):
    """Where each scope is published as it was last seen, for plans of those who may not look. Without a place it is not."""

    bucket: str | None = None
    """S3 bucket. Whoever may read it sees what is configured and running, but no secret."""
    folder: str | None = None
    """A folder of this machine instead, where there is no S3; a relative one is looked for beside the settings file."""
    region: str = ""
    """Region of the bucket; empty for that of the tables."""
    prefix: str = "observed"
    """Put before the keys of the bucket's objects."""
    max_age_seconds: Annotated[int, Field(ge=60)] = 86400
    """What was seen longer ago is not planned from: its scope is unknown."""

    @model_validator(mode="after")
    def _one_of_them(self) -> Self:
        if self.bucket is not None and self.folder is not None:
            raise unfit("expected one place, found two: bucket and folder", "leave one out")
        return self
