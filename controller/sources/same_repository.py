"""Other states of the repository that a source is of: the branch to compare with, and pull requests that are open beside."""

import re
from pathlib import Path
from typing import Final
from urllib.parse import quote

from controller.errors import WrongUsage
from controller.ports import DesiredSource, Source
from controller.sources.folder import FolderSource
from controller.sources.git import GitSource
from controller.sources.location import GitLocation

_SOURCE_OF_ITS_OWN: Final = re.compile(r"[a-z][a-z0-9+.-]*:|\.{0,2}/|\.{1,2}\Z|~", re.IGNORECASE)
"""How a text begins that names no ref: with a scheme, or as a folder that is written as one."""


def checkout_of(folder: Path) -> Path | None:
    """Return the top of the checkout that a folder is in; None for one that is in none."""
    found = folder.resolve()
    return next((at for at in (found, *found.parents) if (at / ".git").exists()), None)


def in_repository(source: Source | DesiredSource, cache_dir: Path) -> GitSource | None:
    """Return a source as a state of its repository, of a folder the commit that is checked out; None for one of no repository.

    Raises WrongUsage for a folder whose name Git could take for something else.
    """
    if isinstance(source, GitSource):
        return source
    if not isinstance(source, FolderSource):
        return None
    root = checkout_of(Path(source.name))
    if root is None:
        return None
    path = Path(source.name).resolve().relative_to(root).as_posix()
    return GitSource(GitLocation(f"file://{quote(str(root))}", "HEAD", path), cache_dir)


def state_named(text: str, source: Source | DesiredSource, cache_dir: Path) -> GitSource | None:
    """Return the state of a source's repository that a bare word names: ``main``, ``origin/main``, ``refs/pull/17/head``.

    None where the text is a source of its own: by its form, as the source is of no repository, or as it is a folder outside of what
    is judged. Raises WrongUsage for one inside, which its author could have made.
    """
    if _SOURCE_OF_ITS_OWN.match(text):
        return None
    own = in_repository(source, cache_dir)
    if own is None:
        return None
    if Path(text).is_dir():
        root = checkout_of(Path(source.name)) if isinstance(source, FolderSource) else None
        if root is not None and not Path(text).resolve().is_relative_to(root):
            return None
        raise WrongUsage(
            f"{text!r} is a folder here, and may be a branch: whoever wrote the folder would say what is compared with",
            fix=f"write refs/heads/{text} for the branch, ./{text} for the folder",
        )
    return own.at(text)
