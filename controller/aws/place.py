"""Where in AWS a call goes: account, region and the role it is made with."""

from typing import NamedTuple


class Place(NamedTuple):
    """``account`` is twelve digits, or empty for the account the controller itself runs in."""

    account: str
    region: str
    role: str = ""
    """ARN of the role the call is made with; empty for the controller's own credentials."""

    def __str__(self) -> str:
        """Print as errors say it: ``account 012345670123, eu-west-1``."""
        account = f"account {self.account}" if self.account else "the master account"
        return f"{account}, {self.region}" if self.region else account


NOWHERE = Place("", "")
