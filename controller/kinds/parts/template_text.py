"""Texts with variables, ``{{ environment }}``: what a Template may name, and how it is filled in.

Only ``{{ name }}`` with a plain name is a variable; all else, such as ``${HOME}`` or ``{{.ID}}``, is text, so that shell
and PowerShell scripts can be written as they are.
"""

import re
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Final

VARIABLES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "environment": "name of the environment: c50",
        "environmentType": "name of its type: Staging",
        "account": "name of the account: staging-eu",
        "accountNumber": "number of the account, twelve digits",
        "region": "region of the group: eu-west-1",
        "group": "name of the auto-scaling group: c50-ta-Web-blue",
        "role": "server role: Web",
        "runtimeRole": "server role with its slice, as in the Role tag: Web-blue",
        "slice": "blue, green, or nothing for a fleet of all slices",
        "owningCluster": "cluster that owns the role: Tango",
        "clusterShortName": "its short name: ta",
        "securityZone": "security zone of the role: Other",
        "contactEmail": "whom to ask about the instances",
        "projectCode": "projectCodeTag of the role, or nothing",
        "removalDate": "removalDateTag of the role, or nothing",
        "puppetRole": "puppetRole of the role, or nothing",
        "puppetBranch": "puppetBranch of the environment's type, or nothing",
        "consulDataCenter": "Consul data centre of the environment's type, or nothing",
        "consulServers": "its servers with commas between them, or nothing",
    }
)
"""What a template may name, and what it stands for."""

LONGEST_USER_DATA: Final = 16384
"""Bytes of user data before they are encoded (limit of EC2)."""

_VARIABLE = re.compile(r"\{\{[ \t]*([A-Za-z][A-Za-z0-9_]*)[ \t]*\}\}")


def variables_in(text: str) -> Iterator[str]:
    """Yield the names of the variables of a text, each once, in order, known or not."""
    yield from dict.fromkeys(match[1] for match in _VARIABLE.finditer(text))


def filled_in(text: str, values: Mapping[str, str]) -> str:
    """Return the text with its variables filled in. Raises KeyError for one that has no value."""
    return _VARIABLE.sub(lambda match: values[match[1]], text)
