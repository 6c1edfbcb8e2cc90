"""Seeds a running sandbox with the accounts a fleet lives in."""

from dataclasses import dataclass
from pathlib import Path

from controller.sandbox.account_needs import (
    CHILD_ROLE,
    MASTER_ACCOUNT,
    AccountNeeds,
    RegionNeeds,
    read_fleet,
)
from controller.sandbox.controls import SandboxControls

REGION = "eu-west-1"


@dataclass(frozen=True, slots=True)
class SeededAws:
    """Which accounts there are now: numbers with twelve digits."""

    master: str
    children: tuple[str, ...]


def seed(address: str, *, fleet: Path | None = None, region: str = REGION) -> SeededAws:
    """Furnish the master and the children that the YAML in ``fleet`` names; the same fleet gives the same ids.

    Without a fleet there are two children with a role and a network each. May be repeated: what exists stays. Roles of
    the children can be assumed by the master alone from then on. Raises InvalidDesiredState if the YAML is wrong.
    """
    accounts = read_fleet(fleet, region) if fleet is not None else _two_children(region)
    SandboxControls(address).send(
        "accounts", {"accounts": [account.as_json() for account in accounts]}
    )
    return SeededAws(accounts[0].account, tuple(account.account for account in accounts[1:]))


def _two_children(region: str) -> list[AccountNeeds]:
    return [
        AccountNeeds(MASTER_ACCOUNT),
        *(
            AccountNeeds(
                number,
                role=CHILD_ROLE,
                regions={region: RegionNeeds(vpcs={f"vpc-{name}": {f"subnet-{name}a": "a"}})},
            )
            for number, name in (("012345670123", "0aaa"), ("210987654321", "0bbb"))
        ),
    ]
