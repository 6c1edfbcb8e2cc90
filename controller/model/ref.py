"""What a resource is called, where a value was written and by whom, and what is wrong there; and why something is as it is."""

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from enum import StrEnum
from itertools import takewhile
from typing import Final, Literal, NamedTuple, Self, get_args


class ResourceRef(NamedTuple):
    """Identity of a resource, the same in YAML, in plans, in the tables and in the ledger.

    ``key`` is ``metadata.name``; a LoadBalancerSetting's is ``<environmentName>/<vHostName>``.
    """

    kind: str
    key: str

    def __str__(self) -> str:
        """Print as people type it: ``Environment/c50``."""
        return f"{self.kind}/{self.key}"

    def is_called(self, text: str) -> bool:
        """Tell whether people mean it by a text: ``Kind/key``, the key, or the key's last part, with its kind or without."""
        name = self.key.rpartition("/")[2]
        return text in (self.key, name, str(self), f"{self.kind}/{name}")

    @classmethod
    def parse(cls, text: str) -> "ResourceRef":
        """Read ``Kind/key``; ValueError says how it should look."""
        kind, slash, key = text.partition("/")
        if not (kind and slash and key):
            raise ValueError(
                f"{text!r} is no reference: write it as Kind/name, e.g. Environment/c50"
            )
        return cls(kind, key)


def objects_called(text: str, refs: Collection[ResourceRef]) -> set[ResourceRef]:
    """Return those of ``refs`` that go by this text: by their whole reference alone, else by any of their names.

    A name is the key, or its last part (``www.acme.example`` of ``c50/www.acme.example``), with its kind or without. Of
    several an Environment goes before other kinds.
    """
    kind, _, key = text.partition("/")
    if ResourceRef(kind, key) in refs:
        return {ResourceRef(kind, key)}
    found = {ref for ref in refs if ref.is_called(text)}
    if len(found) < 2:
        return found
    return {ref for ref in found if ref.kind == "Environment"} or found


class Origin(NamedTuple):
    """A place in the source. ``line`` and ``column`` are 1-based; 0 means not known (the whole file)."""

    path: str
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        """Print as ``path:line:column``, leaving out what is not known."""
        return ":".join((self.path, *map(str, takewhile(bool, self[1:]))))


class DocumentPlace(NamedTuple):
    """A document whose author is asked for: its file and one of its lines.

    Without a line it is the object that the file no longer has; with neither, the file as such.
    """

    path: str
    line: int = 0
    ref: ResourceRef | None = None


class Authorship(NamedTuple):
    """Who made something as it is: of a document the commit that last touched it. Empty where that is not known."""

    commit: str = ""
    author: str = ""
    """Who wrote it; of an override who made it, of an override's end who ended it."""
    date: str = ""
    """ISO 8601."""
    subject: str = ""
    """Why: the first line of the commit's message, an override's reason."""
    merged_by: str = ""
    """Who merged it, where the revision is a merge of others' commits: a hint."""
    pull_request: str = ""
    """``#17`` or ``group/project!17``, as its commit or the merge names it: a hint."""


UNKNOWN_AUTHORSHIP = Authorship()


class ProblemCode(StrEnum):
    """What sort of problem: what programs decide by."""

    UNREADABLE_FILE = "unreadableFile"
    """A file, link or folder that is not read at all."""
    SYNTAX = "syntax"
    """A file that is no YAML, or YAML in a form that is not taken."""
    UNKNOWN_KIND = "unknownKind"
    UNKNOWN_FIELD = "unknownField"
    MISSING = "missing"
    """A field that has to be there; ``field`` names it."""
    INVALID_VALUE = "invalidValue"
    UNKNOWN_REFERENCE = "unknownReference"
    DUPLICATE = "duplicate"
    NAMING_PATTERN = "namingPattern"
    """A name that is not as its environment type wants names."""
    IMMUTABLE = "immutable"
    """A field that cannot be changed once it was applied."""
    OVERRIDE = "override"
    """An override that gives a value which does not fit."""
    MORE = "more"
    """Stands for others that are not told."""
    DATES_NOT_IN_TEXT = "datesNotInText"
    """Excepted dates that programs which read only the table do not see."""
    NEVER_STOPS = "neverStops"
    """A schedule that starts and has no stop."""
    NOT_FOLLOWED = "notFollowed"
    """A Schedule that is named beside a mode which does not follow it."""
    OTHER_ACCOUNT = "otherAccount"
    """Something of another account than the environment's, which its role may not look at."""
    OLD_FORM = "oldForm"
    """What only the page of the old product refused, and its tables therefore hold."""
    OLD_NAME = "oldName"
    """A name of which the same is true."""
    UNKNOWN_INSTANCE_TYPE = "unknownInstanceType"
    UNKNOWN_REGION = "unknownRegion"
    """Names that AWS did not have when this version was made."""
    ZONE_ALIAS = "zoneAlias"
    """A time zone by an abbreviation or a former name."""


Acknowledgeable = Literal[
    "datesNotInText",
    "neverStops",
    "notFollowed",
    "oldForm",
    "oldName",
    "otherAccount",
    "unknownInstanceType",
    "unknownRegion",
    "zoneAlias",
]
"""Codes of warnings that a document may say it knows of: then they are not told."""

ACKNOWLEDGEABLE: Final = frozenset(get_args(Acknowledgeable))


@dataclass(frozen=True, slots=True)
class Excerpt:
    """One line of source with the part that is meant. ``start`` is a 0-based character offset."""

    text: str
    start: int
    length: int


class RelatedPlace(NamedTuple):
    """Another place that a problem between documents is about: what is written there is half of it."""

    origin: Origin
    document: str
    """The document: ``DeploymentMap/web``, or ``Defaults``."""
    path: str
    """Dotted path inside the document."""

    def __str__(self) -> str:
        """Print as a place and what is there: ``maps/web.yaml:7:23: DeploymentMap/web: spec.roles[0].ami``."""
        return ": ".join(filter(None, (str(self.origin), self.document, self.path)))


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing the author of the YAML has to mend.

    ``path`` is the dotted path inside the document (``spec.roles.Web.ami``), empty when the whole file is meant.
    ``message`` says what is wrong and what was expected; ``fix`` says what to write.
    """

    origin: Origin
    path: str
    message: str
    fix: str | None = None
    excerpt: Excerpt | None = None
    warning: bool = False
    """A warning is shown but does not make the desired state wrong."""
    code: ProblemCode = ProblemCode.INVALID_VALUE
    field: str = ""
    """Of a problem that says something is missing: the name of the field, to be written below ``path``."""
    others: int = 0
    """How many problems it stands for that are not told."""
    related: tuple[RelatedPlace, ...] = ()
    """The other places it is about, where it is between documents."""

    def __str__(self) -> str:
        """Render as people read it: place, path and message, the excerpt with a caret, other places, the fix."""
        where = f"{self.path}: " if self.path else ""
        level = "warning: " if self.warning else ""
        lines = [f"{self.origin}: {level}{where}{self.message}"]
        if self.excerpt is not None:
            margin = f"{self.origin.line:>5} | "
            lines.append(f"{margin}{self.excerpt.text}")
            caret = "^" * max(1, self.excerpt.length)
            lines.append(f"{' ' * len(margin)}{' ' * self.excerpt.start}{caret}")
        lines += [f"  see {place}" for place in self.related]
        if self.fix:
            lines.append(f"  fix: {self.fix}")
        if self.warning and self.code in ACKNOWLEDGEABLE:
            lines.append(f"  if it is meant: metadata: {{acknowledged: [{self.code}]}}")
        return "\n".join(lines)


def in_file_order(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    """Sort problems as a reader meets them: by file, line, column, then text; what shows no line comes last."""
    return tuple(sorted(problems, key=lambda p: (*p.origin, p.excerpt is None, p.path, p.message)))


_FIX: Final = "  fix: "


class Reason(str):
    """As text all that people read: the message, details on lines of their own, and what to do.

    ``message`` is the first line alone, for where there is room for one; ``below`` the lines that follow it. An empty
    reason is false.
    """

    __slots__ = ("below", "message")
    message: str
    below: str

    def __new__(cls, message: str = "", *, detail: str = "", fix: str = "") -> Self:
        """Put a message of one line, further lines, and a fix (which may have several lines) together."""
        below = "\n".join(filter(None, (detail, f"{_FIX}{fix}" if fix else "")))
        made = super().__new__(cls, f"{message}\n{below}" if below else message)
        made.message, made.below = message, below
        return made

    def cut(self, lines: int) -> str:
        """Return at most so many lines of it."""
        return "\n".join(self.splitlines()[:lines])

    def with_fix(self, told: Callable[[str], str]) -> "Reason":
        """Return it with what to do ``told`` otherwise; what happened, and what others say of it, stays as it is."""
        said, mark, fix = self.partition(f"\n{_FIX}")
        return Reason.stored(f"{said}{mark}{told(fix)}") if mark else self

    @classmethod
    def stored(cls, text: str) -> Self:
        """Return a reason that was kept as text."""
        kept = super().__new__(cls, text)
        kept.message, _, kept.below = text.partition("\n")
        return kept


NO_REASON: Final = Reason()
