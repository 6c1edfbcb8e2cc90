"""Who has to agree to a plan, whether its author may make such changes at all, what else is open that changes the same, and what is otherwise since an earlier plan."""

from typing import NamedTuple

from controller.model.ref import ResourceRef


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


class Conflict(NamedTuple):
    """One place that two open changes want otherwise. Without a ``field`` it is the object: ``deleted`` here, ``updated`` there."""

    ref: ResourceRef
    field: str
    here: str
    there: str


class OpenRequest(NamedTuple):
    """Another change that waits to be merged. ``unknown`` says why it could not be compared with; empty if it was."""

    name: str
    conflicts: tuple[Conflict, ...] = ()
    unknown: str = ""


class Otherwise(NamedTuple):
    """One place where two plans of one request differ. ``then`` and ``now`` are empty where the one or the other has nothing there.

    Without a ``field`` it is what is done to the object (``update``); without a ``kind`` the scope and its state, or what the
    plans were made from: the source's ``revision``, the scope's last ``record``.
    """

    scope: str
    kind: str = ""
    key: str = ""
    field: str = ""
    then: str = ""
    now: str = ""


class Since(NamedTuple):
    """A plan compared with an earlier one, which had the ``digest`` (as its file says); ``unchanged`` counts objects planned alike."""

    digest: str
    unchanged: int
    differences: tuple[Otherwise, ...] = ()
