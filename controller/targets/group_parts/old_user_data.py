"""User data as the old product gave it to its images: a boot line on Linux, tags behind a script on Windows. Both ways, pure.

Linux: one call of ``machine_boot -t`` with ``key=value`` between commas, then the Puppet role. Windows: lines ``##Key:value``.
What is not set is the empty text. (Data contract: images of that time read these.)
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal, NamedTuple

from controller.kinds.parts.texts import PLAIN_FORM
from controller.kinds.template import filled_in

ON_LINUX: Final = (
    "#!/bin/bash -xe\n"
    "/etc/puppet/tools/machine_boot -t name=,environmenttype={{ environmentType }},environment={{ environment }},"
    "securityzone={{ securityZone }},owningcluster={{ owningCluster }},role={{ runtimeRole }},"
    "contactemail={{ contactEmail }},projectcode={{ projectCode }} {{ puppetRole }} > /tmp/machine_boot.log"
)
ON_WINDOWS: Final = r"""<powershell>
$boot = 'C:\TTLApps\ttl-appbootstrapper\configure.ps1'
if (-not (Test-Path $boot)) { $boot = 'C:\TTLApps\initial-boot.ps1' }
powershell.exe -ExecutionPolicy RemoteSigned -File $boot
</powershell>
##Creator:{{ contactEmail }}
##Environment:{{ environment }}
##Owner:{{ owningCluster }}
##Role:{{ runtimeRole }}
##PuppetRole:{{ puppetRole }}
##DeploymentMaps:[]
##OwningCluster:{{ owningCluster }}
##EnvironmentType:{{ environmentType }}
##SecurityZone:{{ securityZone }}
##ContactEmail:{{ contactEmail }}
##ProjectCode:{{ projectCode }}
##RemovalDate:{{ removalDate }}"""

_VARIABLES: Final = {
    "environmenttype": "environmentType",
    "environment": "environment",
    "securityzone": "securityZone",
    "owningcluster": "owningCluster",
    "owner": "owningCluster",
    "role": "runtimeRole",
    "contactemail": "contactEmail",
    "creator": "contactEmail",
    "projectcode": "projectCode",
    "removaldate": "removalDate",
    "puppetrole": "puppetRole",
}
"""What stands before a value, in lower case, and the variable that it is of."""
FIELDS: Final = {
    "projectCode": "projectCodeTag",
    "removalDate": "removalDateTag",
    "puppetRole": "puppetRole",
}
"""Variables whose value a role says itself, for nothing but user data, and its field."""
_PLAIN: Final = re.compile(PLAIN_FORM)
_PUPPET_ROLE: Final = re.compile(r"[A-Za-z0-9_-]+")

_BOOT_LINE: Final = re.compile(
    r"^(?P<call>[^\n#]*machine_boot[ ]+-t[ ]+)(?P<pairs>[^\s]+)(?:(?P<gap> (?:-r )?)(?P<puppet>[A-Za-z0-9_-]*)(?= >))?",
    re.MULTILINE,
)
_PAIR: Final = re.compile(r"(?P<before>(?:^|(?<=[,\"']))(?P<key>[a-z]+)=)(?P<value>[^,\"']*)")
_TAG: Final = re.compile(r"^(?P<before>##(?P<key>[A-Za-z]+):)(?P<value>[^\r\n]*)", re.MULTILINE)


class OldUserData(NamedTuple):
    """User data of the old product's: for which platform, its text with variables, and what its role has to say for it."""

    platform: Literal["linux", "windows"]
    text: str
    fields: Mapping[str, str]
    """Fields of the role, where the values that were filled in are others than the role's."""


def recognised(text: str, values: Mapping[str, str]) -> OldUserData | None:
    """Return user data of the old product's with variables for what was filled in; None for any other text.

    ``values`` are what variables stand for in the group. A value that is another's, and that no role can say for its user
    data alone, stays as it is. Filled in, the text is the very text that was found.
    """
    reading = _Reading(values)
    boot = _BOOT_LINE.search(text)
    if boot is not None and {"environment", "role"} <= _keys(_PAIR, boot["pairs"]):
        platform: Literal["linux", "windows"] = "linux"
        written = text[: boot.start()] + reading.boot_line(boot) + text[boot.end() :]
    elif {"environment", "role"} <= _keys(_TAG, text):
        platform, written = "windows", _TAG.sub(reading.pair, text)
    else:
        return None
    said = {name: value for name, value in reading.others.items() if value != values[name]}
    if filled_in(written, {**values, **said}) != text:
        return None
    return OldUserData(platform, written, {FIELDS[name]: value for name, value in said.items()})


def _keys(form: re.Pattern[str], text: str) -> set[str]:
    return {match["key"].lower() for match in form.finditer(text)}


@dataclass(frozen=True, slots=True)
class _Reading:
    """One text; ``others`` are values that its role is to say."""

    values: Mapping[str, str]
    others: dict[str, str] = field(default_factory=dict)

    def boot_line(self, boot: re.Match[str]) -> str:
        written = boot["call"] + _PAIR.sub(self.pair, boot["pairs"])
        if boot["gap"] is None:
            return written
        return f"{written}{boot['gap']}{self._expressed('puppetRole', boot['puppet'])}"

    def pair(self, match: re.Match[str]) -> str:
        variable = _VARIABLES.get(match["key"].lower())
        if variable is None:
            return match[0]
        return f"{match['before']}{self._expressed(variable, match['value'])}"

    def _expressed(self, variable: str, value: str) -> str:
        """Return a variable for the value where it can stand for it, else the value."""
        can_be_said = variable in FIELDS and bool(value)
        if can_be_said and variable == "puppetRole":
            can_be_said = _PUPPET_ROLE.fullmatch(value) is not None
        known = self.others.get(variable, value if can_be_said else self.values[variable])
        if value != known or _PLAIN.fullmatch(value) is None:
            return value
        if can_be_said:
            self.others[variable] = value
        return f"{{{{ {variable} }}}}"
