"""Whose changes a plan holds: rules of the settings by file, kind and environment say who agrees, and who may write.

Settings are not of the pull request, so nothing in it changes who must agree to it; who belongs to a team they say as well.
"""

from collections.abc import Iterable, Iterator, Mapping
from fnmatch import fnmatchcase
from typing import NamedTuple, Self

from pydantic import Field, model_validator

from controller.kinds.language.documented import Names, SettingsPart
from controller.kinds.language.spec import unfit
from controller.model.observed import CONFIG_SCOPE
from controller.model.plan import Change, Plan
from controller.model.review import Agreement, Review
from controller.planning.edits import OF_NO_EDIT
from controller.planning.wording import number

_ENVIRONMENT = "Environment"


class OwnerRule(SettingsPart):
    """Changes that fit every list that is not empty need one of the approvers. In a pattern ``*`` stands for anything, ``/`` too."""

    paths: Names = ()
    """Files in which the edit is: ``prod/*``."""
    kinds: Names = ()
    """Kinds of what changes: ``Account``, ``Group``."""
    environments: Names = ()
    """Environments that are changed, or whose groups are, also by an edit of what many share: ``pr*``."""
    approvers: Names
    """Who agrees, one of them, as the code host calls them: ``ada``, ``@acme/prod``."""
    authors: Names = ()
    """Who may write such a change; empty: anybody. Anybody else's plan ends with exit code 3."""

    @model_validator(mode="after")
    def _of_somebody(self) -> Self:
        if not self.approvers:
            raise unfit("a rule of review.owners names no approvers", "name who agrees")
        return self

    def fits(self, facts: "ChangeFacts") -> bool:
        """Tell whether a change is one of those the rule is about."""
        return (
            _fits(self.paths, (facts.path,))
            and (not self.kinds or facts.kind in self.kinds)
            and _fits(self.environments, facts.environments)
        )

    def __str__(self) -> str:
        """Return what it is about: ``environment pr1, kind Account``; ``any change``."""
        lists = (
            ("file", self.paths),
            ("kind", self.kinds),
            ("environment", self.environments),
        )
        about = (f"{word} {' or '.join(patterns)}" for word, patterns in lists if patterns)
        return ", ".join(about) or "any change"


class ReviewSettings(SettingsPart):
    """Who agrees to what in a pull request."""

    owners: tuple[OwnerRule, ...] = ()
    """Each rule that a plan's edits meet asks for one of its approvers."""
    teams: dict[str, Names] = Field(default_factory=dict)
    """Who belongs to a team that rules name: ``"@acme/prod": [ada, ben]``. Of a team that is not here nobody is known to belong to it."""

    @model_validator(mode="before")
    @classmethod
    def _listed(cls, value: object) -> object:
        if isinstance(value, dict) and isinstance(value.get("owners"), list):
            return {**value, "owners": tuple(value["owners"])}
        return value


class ChangeFacts(NamedTuple):
    """What rules ask of a change."""

    path: str
    kind: str
    environments: tuple[str, ...]


def review_of(plan: Plan, settings: ReviewSettings, author: str = "") -> Review:
    """Return who must agree to a plan's edits; what nobody edited needs nobody.

    ``author`` is not asked to agree to their own change, nor is a team that is nobody but them; empty: not known, and then nobody
    is denied. Names are the same in upper and lower case, as code hosts take them.
    """
    edits = list(_edits(plan))
    own = author.casefold()
    teams = {
        team.casefold(): frozenset(name.casefold() for name in members)
        for team, members in settings.teams.items()
    }
    needed: list[Agreement] = []
    denied: list[Agreement] = []
    for rule in settings.owners:
        count = sum(rule.fits(facts) for facts in edits)
        if not count:
            continue
        others = tuple(name for name in rule.approvers if _people(name, teams) != {own})
        writers = set().union(*(_people(name, teams) for name in rule.authors))
        may_write = not author or not rule.authors or own in writers
        agreement = Agreement(others, str(rule), count)
        (needed if may_write and others else denied).append(agreement)
    return Review(author, tuple(needed), tuple(denied))


def _people(name: str, teams: Mapping[str, frozenset[str]]) -> frozenset[str]:
    """Return who is meant by a name of a rule: the members of a team that is known, else whoever is called so."""
    folded = name.casefold()
    return teams.get(folded, frozenset({folded}))


def review_lines(review: Review) -> Iterator[str]:
    """Yield a line for each rule: ``ada or @acme/prod: environment pr1 (3 changes)``."""
    for agreement in review.denied:
        yield f"{review.author} may not: {_about(agreement)}"
    for agreement in review.needed:
        yield f"{' or '.join(agreement.approvers)}: {_about(agreement)}"


def _about(agreement: Agreement) -> str:
    noun = "change" if agreement.changes == 1 else "changes"
    return f"{agreement.because} ({number(agreement.changes)} {noun})"


def _edits(plan: Plan) -> Iterator[ChangeFacts]:
    for scope in plan.scopes:
        for change in scope.changes:
            if change.cause not in OF_NO_EDIT:
                place = change.edit.origin if change.edit is not None else change.origin
                environments = tuple(_environments(change, scope.scope))
                yield ChangeFacts(place.path if place else "", change.ref.kind, environments)


def _environments(change: Change, scope: str) -> Iterator[str]:
    """Yield the environments a change is of: itself, one it refers to, or the one a live name begins with."""
    kind, key = change.ref
    if scope != CONFIG_SCOPE:
        # <account>/<region>/<environment>-<cluster>-<role>; a name of an environment has no hyphen.
        yield key.rpartition("/")[2].partition("-")[0]
        return
    if kind == _ENVIRONMENT:
        yield key
    elif "/" in key:
        yield key.partition("/")[0]
    yield from (needed.key for needed in change.depends_on if needed.kind == _ENVIRONMENT)


def _fits(patterns: Iterable[str], values: Iterable[str]) -> bool:
    """Tell whether a value fits a pattern, or nothing is asked for."""
    asked = tuple(patterns)
    return not asked or any(fnmatchcase(value, one) for value in values for one in asked)
