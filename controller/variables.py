"""Variables of the environment that begin as envctl's do: which there are besides those of settings, and what any other is."""

import re
from collections.abc import Collection, Iterable, Mapping
from types import MappingProxyType
from typing import Final

from controller.model.closest import closest
from controller.model.ref import Origin, Problem

CONFIG_VARIABLE: Final = "ENVCTL_CONFIG"
SERVER_VARIABLE: Final = "ENVCTL_SERVER"
TOKEN_VARIABLE: Final = "ENVCTL_TOKEN"  # noqa: S105 - the variable's name
USER_VARIABLE: Final = "ENVCTL_USER"
WHEEL_VARIABLE: Final = "ENVCTL_WHEEL"

ENVIRONMENT: Final = "the environment"
"""How messages call a setting's origin where it is an ``ENVCTL_…`` variable."""
BEGIN: Final = "ENVCTL_"
"""What the names of all begin with."""

NOT_SETTINGS: Final[Mapping[str, str]] = MappingProxyType(
    {
        CONFIG_VARIABLE: "Where the settings are, where `--config` does not say it: a path or `s3://BUCKET/KEY`.",
        SERVER_VARIABLE: "URL of a daemon's HTTP interface, which answers instead of AWS.",
        TOKEN_VARIABLE: "The token for that interface.",
        USER_VARIABLE: "Who is at work, in the ledger and beside overrides; without it who is signed in to the machine.",
        WHEEL_VARIABLE: "Where the CI check of a new repository finds the wheel; envctl itself does not read it.",
    }
)
"""Variable -> what it is for, of those that are no setting's."""

_REFERRED: Final = re.compile(r"env://(\w+)")
_OF_KUBERNETES: Final = re.compile(
    r"\w+_SERVICE_(HOST|PORT\w*)=.*|\w+_PORT_\d+_\w+=.*|\w+_PORT=\w+://.*", re.DOTALL
)
"""What a pod has of each Service of its namespace, one of which may be called ``envctl`` (as its documentation of Services has it)."""


def strangers(
    names: Iterable[str], known: Collection[str], environment: Mapping[str, str], settings: bytes
) -> list[Problem]:
    """Return a problem for each variable of ``names`` that is none of ``known``, and that nobody else has a use for.

    One may hold a secret that ``settings``, their text, or another variable refers to; and Kubernetes makes some of its own.
    """
    given = [environment[name] for name in sorted(environment) if name.startswith(BEGIN)]
    texts = (settings.decode(errors="replace"), *given)
    referred = {found for text in texts for found in _REFERRED.findall(text)}
    # What all begin with would make any two alike.
    endings = [name.removeprefix(BEGIN) for name in known]
    return [
        Problem(
            Origin(ENVIRONMENT),
            name,
            "unknown variable",
            f"did you mean {BEGIN}{meant}?"
            if (meant := closest(name.removeprefix(BEGIN), endings))
            else f"unset it, or give it a name that does not begin with {BEGIN}, as envctl's own do",
        )
        for name in names
        if name not in known
        and name not in referred
        and not _OF_KUBERNETES.fullmatch(f"{name}={environment[name]}")
    ]
