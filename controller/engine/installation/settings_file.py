"""Where settings come from, and the source they name."""

from pathlib import Path

from controller.aws.blob_store import parse_s3_uri, read_object
from controller.aws.sessions import MASTER, AwsAccess
from controller.engine.installation.process_context import ProcessContext
from controller.errors import WrongUsage
from controller.ports import Source
from controller.settings import ENVIRONMENT, GitSource, Settings, read_settings
from controller.sources.git_credential import GitCredential
from controller.sources.location import FolderLocation, GitLocation, parse_git_location
from controller.sources.open_source import open_location, open_source

CONFIG_VARIABLE = "ENVCTL_CONFIG"
_REFERENCE = "env://"


def open_settings(name: str | None, process: ProcessContext) -> Settings:
    """Read the settings: those named, else those of ENVCTL_CONFIG, else the defaults. Raises as ``read_settings``."""
    name = name or process.environment.get(CONFIG_VARIABLE)
    if not name:
        return read_settings(ENVIRONMENT, b"", process.environment)
    settings = read_settings(name, read_named(name, "settings", process), process.environment)
    folder = settings.source.folder
    if folder is None or name.startswith(S3):
        return settings
    beside = str(Path(name).resolve().parent / folder)
    source = settings.source.model_copy(update={"folder": beside})
    return settings.model_copy(update={"source": source})


def open_desired(text: str | None, settings: Settings, process: ProcessContext) -> Source:
    """Return the source a command names, else that of the settings; nothing is read yet.

    Raises WrongUsage if there is neither, or none that can be read.
    """
    cache = process.cache_dir
    git, folder = settings.source.git, settings.source.folder
    if text is not None:
        return open_source(text, cache_dir=cache, credential=_of_same_host(text, git, process))
    if git is not None:
        location = GitLocation(git.url, git.ref, git.path)
        return open_location(location, cache_dir=cache, credential=_credential(git, process))
    if folder is not None:
        return open_location(FolderLocation(Path(folder)), cache_dir=cache)
    raise WrongUsage(
        "no source: neither the command nor the settings say where the desired state is",
        fix="add --source FOLDER or --source git+https://HOST/REPOSITORY, or source: to the settings",
    )


def _of_same_host(
    text: str, git: GitSource | None, process: ProcessContext
) -> GitCredential | None:
    """Return the settings' credential for a source on the settings' own host: no other host is to see it."""
    if git is None or git.credentials is None or not text.startswith("git+https:"):
        return None
    asked = parse_git_location(text).url.split("/")[2]
    return _credential(git, process) if git.url.split("/")[2:3] == [asked] else None


def _credential(git: GitSource, process: ProcessContext) -> GitCredential | None:
    reference = git.credentials
    if reference is None:
        return None
    name = reference.removeprefix(_REFERENCE)
    if not reference.startswith(_REFERENCE) or not name:
        raise WrongUsage(
            "settings: source.git.credentials is no reference",
            fix="write env://NAME, and put the token into that variable; never the token itself",
        )
    token = process.environment.get(name)
    if not token:
        raise WrongUsage(
            f"settings: source.git.credentials names the variable {name}, which is not set",
            fix=f"export {name}, or take credentials out of the settings",
        )
    return GitCredential(token)


S3 = "s3://"


def read_named(name: str, what: str, process: ProcessContext) -> bytes:
    """Return the bytes of a path or of ``s3://bucket/key``; ``what`` is how messages call it: ``settings``.

    Raises WrongUsage for a path that cannot be read, and as any call.
    """
    if name.startswith(S3):
        place = parse_s3_uri(name)
        access = AwsAccess(
            region=process.region,
            installation="reader",
            instance=process.instance,
            allowed_role_names=(),
        )
        return read_object(access.client("s3", MASTER), place)
    try:
        return Path(name).read_bytes()
    except OSError as error:
        raise WrongUsage(
            f"{what} {name}: cannot be read: {error.strerror}",
            fix="name a file that exists, or s3://BUCKET/KEY",
        ) from error
