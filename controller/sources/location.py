"""Where a source is, as a checked value: nothing that Git could take for an option or another program gets past here."""

import base64
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote, urlsplit

from controller.errors import WrongUsage
from controller.ports import Source
from controller.redactor import HIDDEN, REDACTOR

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

GIT_PROTOCOLS = ("https", "ssh", "file")
_COMMIT = re.compile(r"[0-9a-f]{40}")
_SCP = re.compile(r"[A-Za-z0-9_][\w.-]*@[A-Za-z0-9][\w.-]*:(?![-:])[^\s:]+")
_HOST = re.compile(r"(?:[A-Za-z0-9][A-Za-z0-9.-]*|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?")
_SSH_USER = re.compile(r"[A-Za-z0-9_][\w.-]*")
_BAD_IN_REF = re.compile(r"[\x00-\x20\x7f~^:?*\[\\]|\.\.|@\{|//|/\.|\.lock(?=/|$)|[/.]$|^[/.-]|^@$")
_NOT_PRINTED = re.compile(r"[\x00-\x20\x7f]")
_URL_PASSWORD = re.compile(r"(?<=://)[^/\s@:]*:[^/\s@]*@")


@dataclass(frozen=True, slots=True)
class GitCredential:
    """What a Git server asks for: over https a password or an access token, over ssh the text of a private key.

    It is carried in the child's environment, or in memory that only this user can read, never in a URL, an argument, a file or a
    message; it does not show in ``repr``.
    """

    password: str = field(repr=False)
    username: str = "x-access-token"

    def __post_init__(self) -> None:
        """Have it taken out of every text, whoever repeats it."""
        REDACTOR.tell(self.password, self._basic, *self.password.splitlines())

    def config_for(self, url: str) -> dict[str, str]:
        """Return the Git setting that sends it, bound to the host of ``url``; nothing for ssh and file."""
        parts = urlsplit(url)
        if parts.scheme != "https":
            return {}
        return {f"http.https://{parts.netloc}/.extraHeader": f"Authorization: Basic {self._basic}"}

    def key_for(self, url: str) -> str:
        """Return the private key that opens it; empty for what is not reached by ssh."""
        return self.password if url.startswith("ssh:") or looks_like_scp(url) else ""

    def redact(self, text: str) -> str:
        """Take every form of the secret out of ``text``."""
        for secret in (self._basic, self.password, quote(self.password, safe="")):
            if secret:
                text = text.replace(secret, HIDDEN)
        return text

    @property
    def _basic(self) -> str:
        return base64.b64encode(f"{self.username}:{self.password}".encode()).decode()


Credential = Callable[[], GitCredential]
"""What gives a credential, as it is now: it may be another one each time. Raises as reading it."""


def redact(text: str, credential: GitCredential | None = None) -> str:
    """Take the credential, and any user and password written inside a URL, out of a message."""
    if credential is not None:
        text = credential.redact(text)
    return _URL_PASSWORD.sub(f"{HIDDEN}@", text)


@dataclass(frozen=True, slots=True)
class GitLocation:
    """A Git repository, what to read of it, and below which of its folders.

    ``url`` is ``https://…``, ``ssh://…``, ``file:///…`` or ``user@host:path``; ``ref`` a branch, a tag, ``refs/…``, ``HEAD``
    or a commit id of 40 digits; ``path`` a folder relative to the repository's root, empty for all of it.
    Raises WrongUsage for anything else, without repeating a password.
    """

    url: str
    ref: str = "HEAD"
    path: str = ""
    is_fixed: bool = field(default=False, init=False, repr=False, compare=False)
    """True when ``ref`` is a commit id, which never means anything else later."""

    def __post_init__(self) -> None:
        _check_url(self.url)
        if not self.ref or _BAD_IN_REF.search(self.ref):
            raise WrongUsage(
                f"git ref {self.ref!r} cannot be a branch, tag or commit",
                fix="write a name as git branch and git tag print it",
            )
        path = self.path
        if path.startswith(("-", "/")) or not path.isprintable() or ".." in path.split("/"):
            raise WrongUsage(
                f"git path {path!r} is not a folder inside the repository",
                fix="write it relative to the repository's root, for example fleet/production",
            )
        pure = str(PurePosixPath(path))
        object.__setattr__(self, "path", "" if pure == "." else pure)
        object.__setattr__(self, "is_fixed", _COMMIT.fullmatch(self.ref) is not None)

    def __str__(self) -> str:
        """Write the SOURCE text that gives this location back; the short ssh form has none and prints as it is."""
        scheme, mark, rest = self.url.partition("://")
        ref = f"@{quote(self.ref, safe='/')}" if self.ref != "HEAD" else ""
        path = f"#{quote(self.path, safe='/')}" if self.path else ""
        if not mark:
            return f"{self.url}{ref}{path}"
        host, _, repository = rest.partition("/")
        return f"git+{scheme}://{host}/{repository.replace('@', '%40')}{ref}{path}"


def parse_git_location(text: str) -> GitLocation:
    """Read ``git+https://HOST/REPOSITORY@REF#FOLDER``; REF and FOLDER may be left out.

    The last ``@`` of the repository's path starts REF, so an ``@`` that belongs to the path is written ``%40``. REF and FOLDER
    are percent-decoded.  Raises WrongUsage.
    """
    url, _, folder = text.removeprefix("git+").partition("#")
    scheme, mark, rest = url.partition("://")
    host, slash, repository = rest.partition("/")
    if not mark or not slash:
        raise WrongUsage(
            f"source {redact(text)!r}: expected git+https://HOST/REPOSITORY",
            fix="write the whole URL, for a local repository git+file:///FOLDER with three slashes",
        )
    repository, at, ref = (
        repository.rpartition("@") if "@" in repository else (repository, "", "HEAD")
    )
    if at and not ref:
        raise WrongUsage(
            f"source {redact(text)!r}: nothing after '@'",
            fix="write a branch, a tag or a commit id",
        )
    return GitLocation(f"{scheme}://{host}/{repository}", unquote(ref), unquote(folder))


def looks_like_scp(text: str) -> bool:
    """Tell whether ``text`` is Git's short ssh form, ``user@host:path``."""
    return _SCP.fullmatch(text) is not None


def _check_url(url: str) -> None:
    if _SCP.fullmatch(url):
        return
    if _NOT_PRINTED.search(url) or url.startswith("-"):
        raise _wrong_url(
            url, " begins with a dash or holds white space", "write it percent-encoded"
        )
    try:
        parts = urlsplit(url)
    except ValueError as error:
        raise _wrong_url(url, f": {redact(str(error))}", "check the host") from error
    if parts.scheme not in GIT_PROTOCOLS or not url.startswith(f"{parts.scheme}://"):
        raise _wrong_url(
            url,
            ": only https, ssh and file are allowed",
            "write https://HOST/REPOSITORY, ssh://USER@HOST/REPOSITORY, file:///FOLDER or USER@HOST:REPOSITORY",
        )
    if parts.path in {"", "/"} or parts.path.lstrip("/").startswith("-"):
        raise _wrong_url(url, " names no repository", "write the repository's path after the host")
    if parts.scheme == "file":
        if parts.netloc:
            raise _wrong_url(url, " names a host", "write file:///FOLDER with three slashes")
        return
    user, at, host = parts.netloc.rpartition("@")
    if parts.query or (at and (parts.scheme == "https" or ":" in user)):
        raise WrongUsage(
            f"git url {parts.scheme}://{host}{parts.path} carries a user, a password or a query: URLs reach logs and process lists",
            fix=(
                "write the URL without it and give the credential as a reference in the settings "
                "(ssh: a user alone is fine, keys come from the ssh agent or configuration)"
            ),
        )
    if not _HOST.fullmatch(host) or (at and not _SSH_USER.fullmatch(user)):
        raise _wrong_url(
            url, ": no host in it that can be used", f"write {parts.scheme}://HOST/REPOSITORY"
        )


def _wrong_url(url: str, what: str, fix: str) -> WrongUsage:
    return WrongUsage(f"git url {redact(url)!r}{what}", fix=fix)


@dataclass(frozen=True, slots=True)
class Opening:
    """What sources may need of the process that opens them.

    ``cache_dir`` is where a source may keep what it can fetch again (made private to its user), ``credential`` what a Git server
    asks for, ``s3`` makes a client of S3 once one is needed, ``sleep`` takes seconds.
    """

    cache_dir: Path
    s3: "Callable[[], S3Client]"
    sleep: Callable[[float], object]
    credential: Credential | None = None


@dataclass(frozen=True, slots=True)
class SourceForm:
    """One form of the SOURCE text.

    ``schemes`` are what stands before the first colon (``git+https``); the empty scheme is a text without one.
    ``open`` raises WrongUsage for a text it cannot accept and reads nothing yet.
    """

    schemes: tuple[str, ...]
    accepts: str
    open: Callable[[str, Opening], Source]
