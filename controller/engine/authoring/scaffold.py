"""A first document of a kind: what is required filled in as far as the rest of the fleet tells."""

import posixpath
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from controller.engine.desired.load_revision import LoadedRevision
from controller.errors import WrongUsage
from controller.kinds.language.fields import Shape, fields_of
from controller.kinds.language.json_schema import file_name, model_schema
from controller.kinds.language.kind import API_VERSION, DEFAULTS, Kind
from controller.kinds.language.spec import Spec
from controller.kinds.parts.naming_pattern import matches
from controller.loading.issues import PlacedIssue
from controller.loading.positions import dotted
from controller.loading.text_problems import ProblemPlacer
from controller.loading.yaml_text import scalar_text
from controller.model.canonical import digest
from controller.model.closest import did_you_mean
from controller.model.ref import Authorship, DocumentPlace, Problem, ResourceRef, in_file_order
from controller.ports import Revision, Source, SourceTree
from controller.sources.folder import EmptyFolder

PORTS = range(40_000, 41_000)
"""Domain rule: the even port of a free pair is blue's, the odd one green's."""
MAX_STEPS = 60
_SCHEMA_LINE = re.compile(rb"^# yaml-language-server: \$schema=(\S*/)?[\w.-]+\s*$", re.MULTILINE)
_CONTENT_ID = "file not written yet"
_CHOICES_SHOWN = 6
_MAY_BE_PRODUCTION = ("Account", "EnvironmentType")
_SCHEDULE = ("spec", "schedule")

Json = Any
Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Scaffold:
    """``schemas`` is where its first line says that the schemas are, seen from it; ``open_fields`` are those nobody but the author knows.

    ``problems`` are about the name, ``remaining`` what is wrong until the author has gone on from here.
    """

    text: str
    open_fields: tuple[str, ...]
    problems: tuple[Problem, ...]
    remaining: tuple[Problem, ...]
    schemas: str


def scaffold(
    kind_name: str,
    name: str,
    path: str,
    source: Source,
    kinds: Mapping[str, Kind[Any]],
    load: Callable[[Source], LoadedRevision],
) -> Scaffold:
    """Make the document as it would stand in the file ``path`` of a source. ``load`` keeps its memory between calls.

    A folder without a file is a beginning. Raises WrongUsage for a kind that is none or an object that exists, and as reading
    the source.
    """
    with_file = _SourceWithFile(source, path)
    if kind_name == DEFAULTS:
        return _defaults(name, _schemas(with_file, path))
    kind = kinds.get(kind_name)
    if kind is None:
        known = [*kinds, DEFAULTS]
        hint = did_you_mean(kind_name, known, f"kinds: {', '.join(known)}", quoted=False)
        raise WrongUsage(f"there is no kind {kind_name!r}", fix=hint)
    return _Draft(kind, name, path, with_file, load, _schemas(with_file, path)).finished()


def _defaults(name: str, schemas: str) -> Scaffold:
    """Return a Defaults that gives nothing yet: what it may give is of any kind."""
    remark = "fields that every Environment of this folder, and of those in it, has unless it says otherwise"
    spec = ["spec:", f"  Environment: {{}}  # {remark}; other kinds beside it", ""]
    return Scaffold("\n".join([*_head(schemas, DEFAULTS, name), *spec]), (), (), (), schemas)


def _head(schemas: str, kind: str, name: str) -> list[str]:
    return [
        f"# yaml-language-server: $schema={schemas}{file_name(kind)}",
        f"apiVersion: {API_VERSION}",
        f"kind: {kind}",
        f"metadata: {{name: {scalar_text(name)}}}",
    ]


@dataclass(slots=True)
class _Draft:
    """One document, loaded again after each field that turned out to be missing."""

    _kind: Kind[Any]
    _name: str
    _path: str
    _source: "_SourceWithFile"
    _load: Callable[[Source], LoadedRevision]
    _schema_folder: str
    _spec: dict[str, Json] = field(default_factory=dict)
    _open: dict[Path, str] = field(default_factory=dict)
    _remarks: dict[Path, str] = field(default_factory=dict)

    def finished(self) -> Scaffold:
        revision = self._loaded()
        if self._kind.name == "Service":
            self._take_ports(revision)
            revision = self._loaded()
        for _ in range(MAX_STEPS):
            missing = next(self._missing(revision), None)
            if missing is None:
                break
            self._fill(missing, revision)
            revision = self._loaded()
        blank = {dotted(path) for path in self._open}
        placer = ProblemPlacer(revision.origins, revision.loaded.resources)
        wrong = [
            problem
            for placed in self._issues(revision)
            for problem in [placer.place(placed)]
            if problem.origin.path == self._path
            and blank.isdisjoint({problem.path, f"{problem.path}.{problem.field}"})
        ]
        if self._kind.name == "Environment" and not self._says_when(revision):
            blank.add(self._ask_when(revision))
        shown = in_file_order(dict.fromkeys(wrong))
        of_name = tuple(problem for problem in shown if problem.path.startswith("metadata"))
        rest = tuple(problem for problem in shown if problem not in of_name)
        return Scaffold(self._text(), tuple(sorted(blank)), of_name, rest, self._schema_folder)

    def _loaded(self) -> LoadedRevision:
        self._source.put(self._text().encode())
        return self._load(self._source)

    def _issues(self, revision: LoadedRevision) -> Iterator[PlacedIssue]:
        for placed in revision.loaded.issues:
            if placed.path == self._path and not placed.issue.warning:
                yield placed

    def _missing(self, revision: LoadedRevision) -> Iterator[Path]:
        for placed in self._issues(revision):
            path = (*placed.issue.path, placed.issue.field)
            if path[-1] and path[0] == "spec" and path not in self._open:
                yield path

    def _fill(self, path: Path, revision: LoadedRevision) -> None:
        shape, field = _shape_at(self._kind.spec, path[1:])
        value: Json = None
        if shape.reference is not None:
            value = self._refer(path, shape.reference.kind, revision)
        elif shape.members is not None and shape.members.model is not None:
            value = [{}]
        elif shape.model is not None:
            value = {}
        elif field.get("enum"):
            value = field["enum"][0]
            self._remarks[path] = _choices(list(map(str, field["enum"])))
        if value is None:
            expected = field.get("x-expected") or field.get("description")
            self._open.setdefault(path, str(expected or "required"))
        _put(self._spec, path[1:], value)

    def _refer(self, path: Path, kind: str, revision: LoadedRevision) -> str | None:
        """Return an object that can be meant, first one that the name names; None where there is none.

        Of several accounts or types none is taken: one may be production.
        """
        known = sorted(ref.key for ref in revision.loaded.resources if ref.kind == kind)
        names = self._types_for_name(known, revision) if kind == "EnvironmentType" else known
        parts = self._name.split("-")
        names.sort(key=lambda known: known not in parts)
        if not names or (kind in _MAY_BE_PRODUCTION and len(names) > 1):
            article = "an" if kind[0] in "AEIOU" else "a"
            there = _choices(names) if names else "there is none yet"
            self._open[path] = f"name of {article} {kind}; {there}"
            return None
        only = f"the only {kind} there is" if len(known) == 1 else ""
        self._remarks[path] = _choices(names) if len(names) > 1 else only
        return names[0]

    def _types_for_name(self, names: list[str], revision: LoadedRevision) -> list[str]:
        """Return the types whose naming pattern the name fits, else those without a pattern, else all."""
        facts = revision.loaded.memory.facts
        patterns = {
            name: getattr(facts.get(ResourceRef("EnvironmentType", name)), "naming_pattern", None)
            for name in names
        }
        fitting = [
            name for name in names if (pattern := patterns[name]) and matches(pattern, self._name)
        ]
        return fitting or [name for name in names if not patterns[name]] or names

    def _says_when(self, revision: LoadedRevision) -> bool:
        """Tell whether Defaults give the environment a schedule."""
        return revision.origins.written(self._path, 0, _SCHEDULE).path != self._path

    def _ask_when(self, revision: LoadedRevision) -> str:
        """Leave the schedule to the author, as an environment without one is off for good; return the field."""
        names = sorted(ref.key for ref in revision.loaded.resources if ref.kind == "Schedule")
        known = (
            f"{', '.join(names[:_CHOICES_SHOWN])} (Schedules)" if names else "name of a Schedule"
        )
        self._open[_SCHEDULE] = f"when its instances run: on, off, noschedule, or {known}"
        self._spec["schedule"] = None
        return dotted(_SCHEDULE)

    def _take_ports(self, revision: LoadedRevision) -> None:
        facts = revision.loaded.memory.facts
        services = [known for ref, known in facts.items() if ref.kind == "Service"]
        taken = {port for service in services for port in service}
        free = next((p for p in PORTS if p not in taken and p + 1 not in taken), None)
        if free is None:
            raise WrongUsage(
                "no two neighbouring ports from 40000 to 41000 are free",
                fix="write bluePort and greenPort by hand",
            )
        blue, green = (free, free + 1) if free % 2 == 0 else (free + 1, free)
        self._spec |= {"bluePort": blue, "greenPort": green}
        self._remarks["spec", "bluePort"] = "the next free pair; kept for good once applied"

    def _text(self) -> str:
        lines = _head(self._schema_folder, self._kind.name, self._name)
        if not self._spec:
            return "\n".join([*lines, "spec: {}", ""])
        return "\n".join([*lines, "spec:", *self._lines(self._spec, ("spec",), 1), ""])

    def _lines(self, value: Json, path: Path, depth: int) -> Iterator[str]:
        indent = "  " * depth
        for step, part in value.items():
            here = (*path, step)
            remark = self._open.get(here) or self._remarks.get(here)
            comment = f"  # {remark}" if remark else ""
            if isinstance(part, dict) and part:
                yield f"{indent}{step}:{comment}"
                yield from self._lines(part, here, depth + 1)
            elif isinstance(part, list):
                yield f"{indent}{step}:{comment}"
                for position, member in enumerate(part):
                    inner = list(self._lines(member, (*here, position), depth + 2))
                    first = inner[0].strip() if inner else "{}"
                    yield f"{indent}  - {first}"
                    yield from inner[1:]
            else:
                shown = "" if part is None else f" {scalar_text(part)}"
                yield f"{indent}{step}:{shown}{comment}"


def _schemas(source: Source, new: str) -> str:
    """Return where files beside the new one say the schemas are, seen from the new one."""
    here, tree = posixpath.dirname(new), source.fetch().files
    beside = ((posixpath.dirname(path) != here, path) for path in tree if path != new)
    _, path = min(beside, default=(False, ""))
    for _, content in source.read([tree[path]]) if path else ():
        found = _SCHEMA_LINE.search(content)
        if found and found[1]:
            folder = posixpath.join(posixpath.dirname(path), found[1].decode())
            return posixpath.relpath(folder, here or ".") + "/"
    return "../" * new.count("/") + "schemas/"


class _SourceWithFile:
    """The tree of another source, and a file on top. Each content has an id of its own."""

    def __init__(self, source: Source, path: str) -> None:
        """Take the source and the file's path in it; the file is empty of documents until ``content`` is set."""
        self.name, self._source, self._path = source.name, source, path
        self._tree: SourceTree | None = None
        self.put(b"")

    def put(self, content: bytes) -> None:
        """Set what is in the file from the next fetch on."""
        self._content, self._id = content, f"{_CONTENT_ID} {digest(content)}"

    def changed_since(self, revision_id: str | None) -> bool:
        """Tell that it did: the file may have."""
        return True

    def fetch(self) -> SourceTree:
        """Return the tree of the source, fetched once, with the file as it is now; that alone where its folder has none yet."""
        if self._tree is None:
            try:
                self._tree = self._source.fetch()
            except EmptyFolder:
                self._tree = SourceTree(Revision("", "working tree"), {})
        files = {**self._tree.files, self._path: self._id}
        return replace(self._tree, files=files)

    def follows(self, revision_id: str) -> bool:
        """Ask the source."""
        return self._source.follows(revision_id)

    def read(self, content_ids: Iterable[str]) -> Iterator[tuple[str, bytes]]:
        """Yield contents, in the order asked."""
        for wanted in content_ids:
            if wanted == self._id:
                yield wanted, self._content
            else:
                yield from self._source.read([wanted])

    def authorship(self, places: Iterable[DocumentPlace]) -> Mapping[DocumentPlace, Authorship]:
        """Ask the source."""
        return self._source.authorship(places)


def _choices(names: list[str]) -> str:
    more = ", …" if len(names) > _CHOICES_SHOWN else ""
    return f"one of {', '.join(names[:_CHOICES_SHOWN])}{more}"


def _shape_at(model: type[Spec], path: Path) -> tuple[Shape, dict[str, Any]]:
    """Return the shape of a field, and what its schema says."""
    shape, owner, name = Shape(model=model), model, ""
    for step in path:
        if isinstance(step, int):
            shape = shape.members or Shape()
        elif shape.model is not None and step in fields_of(shape.model).by_yaml:
            owner, name = shape.model, step
            shape = fields_of(shape.model).by_yaml[step].shape
        else:
            shape, name = shape.values or Shape(), ""
    return shape, model_schema(owner).get("properties", {}).get(name, {})


def _put(value: Json, path: Path, new: Json) -> None:
    *above, last = path
    for step in above:
        if isinstance(step, str) and value.get(step) is None:
            value[step] = {}
        value = value[step]
    value[last] = new
