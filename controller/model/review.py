"""Who has to agree to a plan, and whether its author may make such changes at all."""

from typing import NamedTuple


class Agreement(NamedTuple):
    """One rule that a plan meets: whose word it takes, why, and for how many changes."""

    approvers: tuple[str, ...]
    """One of them, as the code host calls them: ``ada``, ``@acme/prod``; without the author."""
    because: str
    """What the rule is about: ``environment pr1, kind Account``."""
    changes: int


class Review(NamedTuple):
    """``denied`` are the rules by which the author may not make what they wrote, or nobody else could agree to it."""

    author: str = ""
    needed: tuple[Agreement, ...] = ()
    denied: tuple[Agreement, ...] = ()


NO_REVIEW = Review()
