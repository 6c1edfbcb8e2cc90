"""Where the rules laid over moto are kept: what is checked before a call, what follows it, what replaces moto's answer."""

from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import NamedTuple, TypeVar

from moto.core.responses import ActionResult

from controller.sandbox.call import Call

Check = Callable[[Call], None]
Answer = Callable[[Call], ActionResult]
Rule = TypeVar("Rule")


class Rules(NamedTuple):
    """The rules of one operation, in the order they were registered."""

    before: list[Check]
    after: list[Check]
    answers: list[Answer]
    """At most one: what answers in moto's place."""


_RULES: defaultdict[tuple[str, str], Rules] = defaultdict(lambda: Rules([], [], []))


def before(service: str, *operations: str) -> Callable[[Check], Check]:
    """Let a function see a call before moto does; it may raise Refused or complete the parameters."""
    return _registration(_RULES[service, operation].before for operation in operations)


def after(service: str, *operations: str) -> Callable[[Check], Check]:
    """Let a function act after moto has done what was called, unless moto refused it."""
    return _registration(_RULES[service, operation].after for operation in operations)


def answers(service: str, *operations: str) -> Callable[[Answer], Answer]:
    """Let a function answer an operation in moto's place."""
    return _registration(_RULES[service, operation].answers for operation in operations)


def replaces(owner: type, name: str) -> Callable[[Rule], Rule]:
    """Put a function, or a property, in the place of a method of moto, in this process and for good."""

    def register(replacement: Rule) -> Rule:
        setattr(owner, name, replacement)
        return replacement

    return register


def rules_of(call: Call) -> Rules:
    """Return the rules of a call's operation."""
    return _RULES[call.service, call.operation]


def _registration(places: Iterable[list[Rule]]) -> Callable[[Rule], Rule]:
    def register(rule: Rule) -> Rule:
        for place in places:
            place.append(rule)
        return rule

    return register
