"""What a kind declares: its spec, its items and how they lie in tables, names, what others may ask of it, and its rules."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache
from typing import Any, Final, Generic, NamedTuple, Protocol, TypeVar

from controller.kinds.language.spec import Spec
from controller.model.accepted import ALLOWED_ROLE_NAMES, ALLOWED_SECRETS, LiveOptions
from controller.model.ref import (
    Excerpt,
    Origin,
    Problem,
    ProblemCode,
    RelatedPlace,
    ResourceRef,
)
from controller.model.table import Items, KeyAttribute, TableDefinition

S = TypeVar("S", bound=Spec)

API_VERSION = "envctl/v1"
"""Version of the form of documents."""
DEFAULTS = "Defaults"
"""What documents call themselves that give partial specs to their folder: no kind of objects."""

Path = tuple[str | int, ...]
"""Leads into a document from its top: ``("spec", "hosts", 0, "port")``."""


class Elsewhere(NamedTuple):
    """A field of another document that a finding is about too: what is written there is half of what is wrong.

    ``document`` is the file and which of its documents is meant, where the name of the object leads to none or to another.
    """

    ref: ResourceRef | None
    path: Path
    document: tuple[str, int] | None = None

    @classmethod
    def of(cls, kind: str, key: str, *path: str | int) -> "Elsewhere":
        """Return a field of an object's spec."""
        return cls(ResourceRef(kind, key), ("spec", *path))


class Finding(NamedTuple):
    """What is wrong in one document, found by a rule or while it is read; ``path`` leads to it, empty for the document.

    ``field`` is the name of a field that is missing below ``path``. ``at_key`` points the caret at the field's name instead
    of its value. ``hidden`` values are not shown: they may be secrets. ``others`` is how many further ones this one stands for.
    ``named`` is the kind and the key of what a reference names that leads nowhere. ``elsewhere`` are the other halves of
    what is wrong between documents.
    """

    path: Path
    message: str
    fix: str | None = None
    warning: bool = False
    code: ProblemCode = ProblemCode.INVALID_VALUE
    field: str = ""
    at_key: bool = False
    hidden: bool = False
    others: int = 0
    named: tuple[str, str] = ("", "")
    elsewhere: tuple[Elsewhere, ...] = ()

    @classmethod
    def missing(
        cls, path: Path, field: str, why: str, fix: str, *, elsewhere: tuple[Elsewhere, ...] = ()
    ) -> "Finding":
        """Return that a field has to be there; ``why`` says so where its spec alone does not ask for it."""
        message, code = f"{field} is missing{why}", ProblemCode.MISSING
        return cls(path, message, fix, code=code, field=field, elsewhere=elsewhere)

    def at(
        self,
        origin: Origin,
        path: str,
        excerpt: Excerpt | None = None,
        related: tuple[RelatedPlace, ...] = (),
    ) -> Problem:
        """Return it with its places; ``path`` is how the first is called inside the document."""
        return Problem(
            origin,
            path,
            self.message,
            self.fix,
            excerpt,
            self.warning,
            self.code,
            self.field,
            related=related,
        )


Findings = Iterator[Finding]


LONGEST_NAME: Final = 255
"""Characters of a ``metadata.name``."""


class RuleSettings(NamedTuple):
    """The settings that rules may depend on besides other objects."""

    compatibility: str = "none"
    """``none`` or ``environment-manager``."""
    default_region: str = ""
    allowed_secrets: tuple[str, ...] = ALLOWED_SECRETS
    """What references of documents to secrets begin with."""
    allowed_role_names: tuple[str, ...] | None = ALLOWED_ROLE_NAMES
    """Names of roles that an Account may name; None for any."""


DEFAULT_RULES: Final = RuleSettings()
"""Of an installation that is told nothing."""


def of_rules(options: LiveOptions) -> RuleSettings:
    """Return what rules depend on where objects were accepted before, whatever the compatibility."""
    return RuleSettings(
        "none", options.default_region, options.allowed_secrets, options.allowed_role_names
    )


class World(Protocol):
    """What a rule may ask about the rest of the desired state. Every question is remembered, so that an
    object is looked at again when, and only when, something it asked about has changed.
    """

    compatibility: str
    """``none`` or ``environment-manager``."""
    default_region: str
    allowed_secrets: tuple[str, ...]
    """What references of documents to secrets begin with."""
    allowed_role_names: tuple[str, ...] | None
    """Names of roles that an Account may name; None for any."""

    def facts(self, kind: str, key: str) -> Any:
        """Return the facts of an object, None if there is none by that name."""

    def names(self, kind: str) -> Iterable[str]:
        """Return every key of a kind, for "did you mean"."""


Rule = Callable[[ResourceRef, Any, World], Iterable[Finding]]
"""(reference, facts, the rest of the desired state) -> what is wrong with the object."""


class SharedField(NamedTuple):
    """A field other programs legitimately write: owned by Git if the YAML gives it, else left as found.

    ``path`` leads from the item's top inside ``table``; ``"*"`` stands for every list member, which is
    recognised by the attributes named in ``identity``. ``default`` is written once, at creation.
    """

    table: str
    path: tuple[str, ...]
    default: Any
    identity: tuple[str, ...] = ()


class Unique(NamedTuple):
    """A value only one object of the kind may have. ``values`` yields (path, value) of one object's facts."""

    what: str
    values: Callable[[Any], Iterable[tuple[Path, str | int]]]


class Immutable(NamedTuple):
    """An attribute that keeps the value it was first applied with. ``unset`` values may still be filled in."""

    table: str
    path: tuple[str, ...]
    because: str
    unset: tuple[Any, ...] = ()


class AuthoredField(NamedTuple):
    """A field that only authored specs have. ``expand`` writes the short forms in its value out."""

    model: type[Spec]
    expand: Callable[[Any], Any]


class Leaving(StrEnum):
    """What happens to an object that the YAML no longer has."""

    DELETE = "delete"
    TOMBSTONE = "tombstone"
    """``Deleted: 'true'`` is set and the item stays (Service: its ports stay taken)."""
    MARK_THEN_DELETE = "mark then delete"
    """Marked for delete, deleted twenty minutes later (Upstream: nginx must forget it first)."""
    RETIRE_FIRST = "retire first"
    """Deleted only when what was last applied says ``lifecycle: retired`` (Environment)."""


_compiled = cache(re.compile)
"""Asked of every object: ``re.fullmatch`` takes twice as long to find what it has compiled."""


@dataclass(frozen=True, slots=True)
class NameFormat:
    """The form of ``metadata.name``. ``pattern`` is anchored and means the same in Python, Rust and JavaScript."""

    pattern: str
    max_length: int
    expected: str
    """In words, with an example: "letters and digits, beginning with a letter, such as Search"."""
    owned: bool = False
    """Whether keys of the kind are ``<owner>/<name>``."""
    old: str = ""
    """Pattern of names that only the page of the old product refused: its tables have such, so they are warned of."""

    @property
    def accepted(self) -> str:
        """The pattern of all names that are no error."""
        return self.old or self.pattern

    @property
    def longest(self) -> int:
        """Characters of the longest name that is no error."""
        return LONGEST_NAME if self.old else self.max_length

    def findings(self, name: str) -> tuple[Finding, ...]:
        """Find a ``metadata.name`` that is too long or of another form."""
        if len(name) <= self.max_length and _compiled(self.pattern).fullmatch(name):
            return ()
        is_old = len(name) <= LONGEST_NAME and bool(self.old and re.fullmatch(self.old, name))
        why = (
            "is a name that the page of the old product refused"
            if is_old
            else "is no name for this kind"
        )
        message = f"{name!r} {why}: expected at most {self.max_length} characters, {self.expected}"
        fix = "rename it, and whatever refers to it"
        code = ProblemCode.OLD_NAME if is_old else ProblemCode.INVALID_VALUE
        return (Finding(("metadata", "name"), message, fix, warning=is_old, code=code),)


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind(Generic[S]):
    """One kind of desired object.

    ``project`` gives an object's items from its key and its spec dumped under attribute names (without
    controller-only fields); ``recover`` is its inverse. ``facts`` is what the object's own rules and other
    objects may ask once the spec is dropped: small, frozen, never None. ``derive`` gives attributes that depend
    on other objects, per table, for ``merge_derived``: whole numbers for keys mean members of a list.
    """

    name: str
    summary: str
    spec: type[S]
    tables: tuple[TableDefinition, ...]
    project: Callable[[str, dict[str, Any]], Items]
    recover: Callable[[Items], tuple[str, dict[str, Any]]]
    """Items found -> (metadata.name, dumped spec without what is derived)."""
    identify: Callable[[Mapping[str, Any]], str]
    """Any item found in one of its tables -> the key of the ResourceRef, whatever else the item lacks."""
    facts: Callable[[str, S], Any]
    key: Callable[[str, S], str] = lambda name, _spec: name
    """(metadata.name, spec) -> the key of the ResourceRef. Default: the name."""
    expand: Callable[[dict[str, Any]], dict[str, Any]] = lambda spec: spec
    """Authored spec (plain, camelCase) -> spec with the kind's own inheritance and short forms written out."""
    derive: Callable[[ResourceRef, Any, World], Items] | None = None
    rules: tuple[Rule, ...] = ()
    unique: tuple[Unique, ...] = ()
    immutable: tuple[Immutable, ...] = ()
    shared: tuple[SharedField, ...] = ()
    leaving: Leaving = Leaving.DELETE
    names: NameFormat | None = None
    """What objects may be called; None: anything of 1 to 255 characters."""
    read_by_others: Callable[[Items], Any] | None = None
    """Items -> what other programs act on, in one form: hosts and their states, routes, rights, schedules, services of roles.
    Adopting an object changes nothing of it without a word of its own. None: nothing that would be missed."""
    unmanaged: frozenset[str] = frozenset()
    """Kinds of which a document may name objects that no document has (``metadata.unmanaged``): nothing is derived from them."""
    undo_derived: Callable[[dict[str, Any]], dict[str, Any]] | None = None
    """Spec recovered from items, under YAML names and with what is controller-only put back -> the same spec
    without what those fields derived."""
    authored_fields: Mapping[str, "AuthoredField"] = field(default_factory=dict)
    """Fields that only authored specs have, because ``expand`` writes them into others: YAML name -> what it holds."""
    collapse_fields: Mapping[str, Callable[[Mapping[str, Any], Mapping[str, Any]], str]] = field(
        default_factory=dict
    )
    """Fields that are several attributes and that plans tell as one: YAML name -> (items, controller-only values by their
    paths in the spec) -> the value as somebody would write it."""
    yaml_places: Mapping[tuple[str, ...], Path] = field(default_factory=dict)
    """Attributes of its items that are not where the field's name says -> where they are in the document."""
    yaml_values: Mapping[tuple[str, ...], Callable[[Any], Any]] = field(default_factory=dict)
    """Attributes of its items that the document writes otherwise -> what turns their value into that."""

    def findings(self, ref: ResourceRef, facts: Any, world: World) -> list[Finding]:
        """Find what is wrong with an object: its name, and the rules it breaks."""
        found: list[Finding] = []
        if self.names is not None:
            found += self.names.findings(ref.key.partition("/")[2] if self.names.owned else ref.key)
        for rule in self.rules:
            found += rule(ref, facts, world)
        return found


Kinds = Mapping[str, Kind[Any]]
"""All kinds by name."""

CONTROLLER_TABLE = TableDefinition("EnvctlConfig", KeyAttribute("Kind"), KeyAttribute("Name"))
"""The one table of kinds that only this controller knows; its items say which kind they are of."""


def old_product_needs(world: World, why: str, fields: Iterable[tuple[str, bool, str]]) -> Findings:
    """Find the fields (name, whether it is given, what to write) that are missing where the old product runs beside us."""
    if world.compatibility != "none":
        why = f"; with compatibility environment-manager {why}"
        for name, given, fix in fields:
            if not given:
                yield Finding.missing(("spec",), name, why, fix)
