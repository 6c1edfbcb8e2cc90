"""A credential for Git over https: carried in the child's environment, never in a URL, an argument or a message."""

import base64
import re
from dataclasses import dataclass, field
from urllib.parse import quote, urlsplit

_URL_PASSWORD = re.compile(r"(?<=://)[^/\s@:]*:[^/\s@]*@")
HIDDEN = "***"


@dataclass(frozen=True, slots=True)
class GitCredential:
    """What a Git server asks for. ``password`` may be an access token; it does not show in ``repr``."""

    password: str = field(repr=False)
    username: str = "x-access-token"

    def config_for(self, url: str) -> dict[str, str]:
        """Return the Git setting that sends it, bound to the host of ``url``; nothing for ssh and file."""
        parts = urlsplit(url)
        if parts.scheme != "https":
            return {}
        return {f"http.https://{parts.netloc}/.extraHeader": f"Authorization: Basic {self._basic}"}

    def redact(self, text: str) -> str:
        """Take every form of the secret out of ``text``."""
        for secret in (self._basic, self.password, quote(self.password, safe="")):
            if secret:
                text = text.replace(secret, HIDDEN)
        return text

    @property
    def _basic(self) -> str:
        return base64.b64encode(f"{self.username}:{self.password}".encode()).decode()


def redact(text: str, credential: GitCredential | None) -> str:
    """Take the credential, and any user and password written inside a URL, out of a message."""
    if credential is not None:
        text = credential.redact(text)
    return _URL_PASSWORD.sub(f"{HIDDEN}@", text)
