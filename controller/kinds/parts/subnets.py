"""Subnets of an environment type, and which of them a server role gets."""

from typing import Annotated, NamedTuple

from pydantic import Field

from controller.kinds.language.spec import Says, Spec

ZONE_LETTERS = "ABCDEF"

SubnetId = Annotated[
    str,
    Field(pattern=r"^[^\s]+$", max_length=255),
    Says("the id of a subnet, such as subnet-0f1e2d3c"),
]
SubnetType = Annotated[
    str,
    Field(pattern=r"^[^\s].*$", max_length=50),
    Says("the name of a subnet type of at most 50 characters, such as PrivateApp"),
]


class Subnets(Spec):
    """The subnets of one type, one per availability zone."""

    availability_zone_a: SubnetId
    availability_zone_b: SubnetId
    availability_zone_c: SubnetId | None = None
    availability_zone_d: SubnetId | None = None
    availability_zone_e: SubnetId | None = None
    availability_zone_f: SubnetId | None = None
    secure: bool | None = None
    """Whether roles of the security zone Secure may run here."""

    def facts(self) -> "SubnetFacts":
        """Say what roles ask."""
        zones = (
            zone for zone in ZONE_LETTERS if getattr(self, f"availability_zone_{zone.lower()}")
        )
        return SubnetFacts("".join(zones), bool(self.secure))


class SubnetFacts(NamedTuple):
    """What a subnet type offers."""

    zones: str
    """Letters of the zones that have a subnet: ``AB``."""
    secure: bool


def zones_of(wanted: str | list[str] | None, offered: str) -> str:
    """Return the letters of the zones a role runs in, in the order given.

    Absent or ``*`` means every zone with a subnet; a letter without a subnet is left out (domain rule of the tables'
    other readers).
    """
    letters = "".join(wanted or ()).upper()
    if letters in {"", "*"}:
        return offered
    return "".join(letter for letter in dict.fromkeys(letters) if letter in offered)
