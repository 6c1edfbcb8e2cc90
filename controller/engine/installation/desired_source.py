"""The source of the desired state: the one a command names, else that of the settings."""

from collections.abc import Callable
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

from controller.aws.secrets import FORMS, SCHEMES, Secrets
from controller.aws.sessions import MASTER, AwsAccess
from controller.engine.installation.installation import reading_access
from controller.engine.installation.process_context import ProcessContext
from controller.errors import WrongUsage
from controller.ports import Source
from controller.settings import Settings, SourceSettings
from controller.sources.folder import FolderSource
from controller.sources.git import GitSource
from controller.sources.location import (
    Credential,
    GitCredential,
    GitLocation,
    Opening,
    parse_git_location,
)
from controller.sources.open_source import open_source
from controller.sources.s3 import S3Source
from controller.sources.s3_listing import S3Location

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


AT_REF: Final = "ref:"
"""Before a branch, tag or commit: the settings' own repository and folder at that ref."""


def open_desired(text: str | None, settings: Settings, process: ProcessContext) -> Source:
    """Return the source a command names, else that of the settings; nothing is read yet. ``ref:BRANCH`` is the latter elsewhere.

    Raises WrongUsage if there is neither, or none that can be read.
    """
    folder, named = process.cache_dir, settings.source
    access = cache(partial(reading_access, process, settings.region))
    pause = partial(process.interruption.pause, process.sleep)

    def s3() -> "S3Client":
        region = "" if named.s3 is None else named.s3.region
        return access().client("s3", MASTER, region)

    if text is not None and text.startswith(AT_REF):
        if named.git is None:
            raise WrongUsage(
                f"source {text!r}: the settings' source is no Git repository, so it has no branches",
                fix="name one: --source git+https://HOST/REPOSITORY@REF, or git+file:///FOLDER@REF",
            )
        named = SourceSettings(git=named.git.model_copy(update={"ref": text.removeprefix(AT_REF)}))
    elif text is not None:
        credential = None
        reference = None if named.git is None else named.git.credentials
        if named.git is not None and reference is not None and text.startswith("git+https:"):
            # No other host than the settings' own is to see their credential.
            same = named.git.url.split("/")[2:3] == parse_git_location(text).url.split("/")[2:3]
            credential = _credential(reference, access, process) if same else None
        return open_source(text, Opening(folder, s3, pause, credential))
    if named.git is not None:
        location = GitLocation(named.git.url, named.git.ref, named.git.path)
        reference = named.git.credentials
        credential = None if reference is None else _credential(reference, access, process)
        return GitSource(location, folder, credential, named.git.signers)
    if named.s3 is not None:
        return S3Source(
            S3Location(named.s3.bucket, named.s3.prefix),
            s3,
            settle_s=named.s3.settle_seconds,
            sleep=pause,
        )
    if named.folder is not None:
        return FolderSource(Path(named.folder))
    raise WrongUsage(
        "no source: neither the command nor the settings say where the desired state is",
        fix="add --source FOLDER or --source git+https://HOST/REPOSITORY, or source: to the settings",
    )


def settings_source(settings: Settings, process: ProcessContext) -> Source | None:
    """Return the source of the settings; None if they name none. Raises as ``open_desired``."""
    return open_desired(None, settings, process) if settings.source.is_named else None


def _credential(
    reference: str, access: Callable[[], AwsAccess], process: ProcessContext
) -> Credential:
    if not reference.startswith(SCHEMES):
        raise WrongUsage(
            "settings: source.git.credentials is no reference",
            fix=f"write {FORMS}, and put the token or the key there; never the token itself",
        )
    secrets = Secrets(access(), process.environment, process.clock)
    return lambda: GitCredential(secrets.value(reference))
