"""Settings of where the desired state is read from."""

from typing import Annotated, Self

from pydantic import Field, model_validator

from controller.kinds.language.documented import SettingsPart
from controller.kinds.language.spec import HiddenWhereWrong, unfit


class GitSource(SettingsPart):
    """A repository that holds the desired state."""

    url: Annotated[str, HiddenWhereWrong()]
    """https://, ssh://, file:// or git@host:path. Never with a password in it."""
    ref: str = "HEAD"
    """Branch, tag or commit."""
    path: str = ""
    """Folder inside the repository; empty for its top."""
    credentials: Annotated[str | None, HiddenWhereWrong()] = None
    """Where the token (for https) or the private key (for ssh) is: env://NAME, s3://BUCKET/KEY or secretsmanager://NAME#KEY. Never itself. Read again every minute."""


class S3Source(SettingsPart):
    """Objects of a bucket that hold the desired state."""

    bucket: str
    """The bucket."""
    prefix: str = ""
    """What their keys begin with, whole names; empty for all of the bucket."""
    region: str = ""
    """Region of the bucket; empty for that of the tables."""
    settle_seconds: Annotated[float, Field(ge=0, le=60)] = 5
    """So long none of the objects must have been written before they count; a bucket has no commits, so this keeps halves of one from being read."""


class SourceSettings(SettingsPart):
    """Where the desired state is read from: exactly one of the fields."""

    git: GitSource | None = None
    """A Git repository."""
    s3: S3Source | None = None
    """Objects of a bucket."""
    folder: str | None = None
    """A folder of this machine; a relative one is looked for beside the settings file."""

    @property
    def is_named(self) -> bool:
        """Tell whether there is one."""
        return not (self.git is None and self.s3 is None and self.folder is None)

    @model_validator(mode="after")
    def _one_of_them(self) -> Self:
        named = [name for name in type(self).model_fields if getattr(self, name) is not None]
        if len(named) > 1:
            raise unfit(f"expected one source, found {' and '.join(named)}", "leave one")
        return self
