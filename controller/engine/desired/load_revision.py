"""One revision of a source as checked desired state, and overrides laid over it: what planning then takes for the desired state.

Many new files are parsed by several processes at once; what comes out is what one process would make of them.
"""

import contextlib
import os
import pickle
import threading
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from multiprocessing import get_context
from multiprocessing.process import BaseProcess
from tempfile import TemporaryFile
from typing import IO, Any, Final

from controller.errors import InvalidDesiredState, SourceUnavailable, WrongUsage
from controller.gc_tuning import NEVER, relaxed_gc
from controller.kinds.language.kind import Kind, Kinds, RuleSettings
from controller.loading.documents import Document, parse_documents
from controller.loading.envelope import parse_file
from controller.loading.ignored_files import IGNORE_FILE, without_ignored
from controller.loading.issues import placed, secret_names_of
from controller.loading.load import Content, Loaded, Memory, Parsed, load, parse_one_by_one
from controller.loading.parse_lines import parse_lines
from controller.loading.positions import FieldOrigins
from controller.loading.resolve import resolve_all
from controller.loading.text_problems import problems_of
from controller.loading.validated import ValidatedDocument, validate_document
from controller.model.canonical import canonical_bytes, parse_canonical, projection_digest
from controller.model.observed import BENEATH
from controller.model.override import Override
from controller.model.ref import Problem, ProblemCode, ResourceRef
from controller.model.resource import DesiredState, Resource
from controller.model.source_bounds import first_problems
from controller.planning.overrides import base_fields, by_object, patch
from controller.ports import Revision, Source, SourceTree

MANY_BYTES: Final = 64 * 1024
"""In less, some two hundred objects, few lines come twice."""
MIN_BYTES: Final = 1024 * 1024
"""Less than some three thousand objects, a fifth of a second, is not worth a process."""
MAX_PROCESSES: Final = 4


def parse_side_by_side(contents: Iterable[Content], kinds: Collection[str]) -> Iterable[Parsed]:
    """Parse files, in order, by as many processes as pay, and many by what their lines say.

    A process is forked, so that it has the texts without their being sent. That is safe only while no other thread
    could hold a lock at that moment: a program of several threads parses by itself.
    """
    waiting = list(contents)
    size = sum(len(data) for _, data in waiting)
    if size < MANY_BYTES:
        return parse_one_by_one(waiting, kinds)
    if size >= MIN_BYTES and threading.active_count() == 1 and hasattr(os, "sched_getaffinity"):
        processes = min(len(os.sched_getaffinity(0)), MAX_PROCESSES)
        return _parse(_parts(waiting, processes), kinds)
    return parse_many(waiting, kinds)


def parse_many(contents: Iterable[Content], kinds: Collection[str]) -> Iterable[Parsed]:
    """Parse files where they are asked for, by what their lines say where that is all they say."""
    return ((content_id, parse_file(data, kinds, _read)) for content_id, data in contents)


def _read(data: bytes) -> tuple[Document, ...]:
    return parse_lines(data) or parse_documents(data)


def _parts(contents: Sequence[Content], count: int) -> list[Sequence[Content]]:
    """Cut a list of files into parts of about the same number of bytes."""
    share = sum(len(data) for _, data in contents) / count
    parts: list[list[Content]] = [[]]
    size = 0
    for content in contents:
        if len(parts) < count and size >= share * len(parts):
            parts.append([])
        parts[-1].append(content)
        size += len(content[1])
    return list(parts)


def _parse(parts: Sequence[Sequence[Content]], kinds: Collection[str]) -> Iterator[Parsed]:
    """Parse the first part here, each other in a process of its own meanwhile."""
    first, *others = parts
    running = [(part, *_start(part, kinds)) for part in others]
    with contextlib.ExitStack() as at_the_end:
        for _, process, answer in running:
            at_the_end.callback(answer.close)
            at_the_end.callback(process.join)
            at_the_end.callback(process.terminate)
        yield from parse_many(first, kinds)
        for part, process, answer in running:
            process.join()
            if process.exitcode:  # it was ended from outside, or there was no room for its answer
                yield from parse_many(part, kinds)
            else:
                answer.seek(0)
                for content_id, _ in part:
                    yield content_id, pickle.load(answer)  # noqa: S301 - our own process wrote it
            answer.close()


def _start(part: Sequence[Content], kinds: Collection[str]) -> tuple[BaseProcess, IO[bytes]]:
    # A file, not a pipe: nobody reads yet. And file by file, as one large answer, read back at once, leaves the
    # process a sixth more memory, in pieces.
    answer = TemporaryFile(prefix="envctl-parsed-")  # noqa: SIM115 - closed by whoever reads it
    process = get_context("fork").Process(
        target=_parse_into, args=(answer, part, kinds), daemon=True
    )
    process.start()
    return process, answer


def _parse_into(answer: IO[bytes], part: Sequence[Content], kinds: Collection[str]) -> None:
    for _, parsed in parse_many(part, kinds):
        pickle.dump(parsed, answer)
    answer.flush()


@dataclass(frozen=True, slots=True)
class LoadedRevision:
    """A revision with everything that is right and wrong with it.

    ``origins`` finds the place of single fields; it reads files again, and only those it is asked about.
    """

    tree: SourceTree
    loaded: Loaded
    problems: tuple[Problem, ...]
    origins: FieldOrigins
    is_yaml: bool = True
    """Whether it was read from files: else nothing in it has a line, and nothing is known of what Git has."""
    beneath: Mapping[ResourceRef, Resource] = field(default_factory=dict)
    """What overrides that are laid over it make otherwise, as it is without them."""

    @property
    def desired(self) -> DesiredState:
        """The desired state. Raises InvalidDesiredState with every problem if there is one."""
        wrong = [problem for problem in self.problems if not problem.warning]
        if wrong:
            raise InvalidDesiredState(wrong)
        revision = self.tree.revision
        return DesiredState(
            revision.id, revision.label, revision.author, revision.message, self.loaded.resources
        )


def revision_of(desired: DesiredState, kinds: Kinds, settings: RuleSettings) -> LoadedRevision:
    """Take desired state that is not YAML, and was checked where it comes from, for a revision.

    ``settings`` are what rules depend on.
    """
    documents = {
        ref: made
        for ref, resource in desired.resources.items()
        if isinstance(
            made := validate_document(
                kinds[ref.kind], resource.document, resource.origin, resource.place
            ),
            ValidatedDocument,
        )
    }
    memory = Memory(
        facts={ref: document.facts for ref, document in documents.items()},
        resources=desired.resources,
        settings=settings,
    )
    revision = Revision(desired.revision, desired.label, desired.author, desired.message)
    projections = {ref: resource.projection for ref, resource in desired.resources.items()}
    return LoadedRevision(
        SourceTree(revision, {}),
        Loaded(desired.resources, (), {}, memory, projections=projections),
        (),
        FieldOrigins({}, {}, lambda _: b""),
        is_yaml=False,
    )


@dataclass(slots=True)
class RevisionLoader:
    """Loads revisions of one source, doing again only what changed since the one before.

    ``rules`` are the settings that rules depend on.
    """

    kinds: Kinds
    rules: RuleSettings
    _memory: Memory | None = field(default=None, init=False)

    def load(self, source: Source) -> LoadedRevision:
        """Fetch and load the source's current revision. What is wrong with it is in the result, not raised.

        Raises SourceUnavailable or AccessDenied.
        """
        tree = _without_ignored(source)
        files = dict(sorted(tree.files.items()))
        with relaxed_gc(NEVER):
            loaded = load(
                files,
                source.read,
                self.kinds,
                settings=self.rules,
                memory=self._memory,
                parse=parse_side_by_side,
            )
        self._memory = loaded.memory
        origins = FieldOrigins(
            files if loaded.memory.parsed else {},
            loaded.memory.parsed,
            lambda content_id: next(data for _, data in source.read([content_id])),
            lambda: secret_names_of(self.kinds),
        )
        found = tree.problems
        if loaded.exceeded or loaded.broken or loaded.issues:
            found = (*found, *problems_of(loaded, origins, self.kinds))
        return LoadedRevision(tree, loaded, first_problems(found) if found else (), origins)


def _without_ignored(source: Source) -> SourceTree:
    """Fetch a source's tree without what its ``.envctlignore`` names."""
    tree = source.fetch()
    named = tree.files.get(IGNORE_FILE)
    if named is None:
        return tree
    [(_, data)] = source.read([named])
    remaining = without_ignored(tree.files, tree.problems, data.decode(errors="replace"))
    if not remaining.files and not remaining.problems:
        raise SourceUnavailable(
            f"{source.name}: {IGNORE_FILE} leaves no YAML file; an empty source is an error, not an empty fleet",
            fix=f"name less in {IGNORE_FILE}",
        )
    return replace(tree, files=remaining.files, problems=remaining.problems)


def apply_overrides(
    revision: LoadedRevision, overrides: Sequence[Override], kinds: Kinds
) -> LoadedRevision:
    """Return the revision with the values of the overrides (those that hold) in its documents, checked again.

    Raises InvalidDesiredState if that makes something wrong that was right, WrongUsage for an override whose path leads nowhere.
    """
    plain, own = revision.loaded.resources, by_object(overrides)
    documents = {
        ref: _patched(plain[ref], own[ref], kinds[ref.kind])
        for ref in sorted({made.ref for made in overrides if made.puts_value} & plain.keys())
    }
    if not documents:
        return revision
    loaded = overlay_documents(revision.loaded, documents, kinds)
    problems = problems_of(loaded, revision.origins, kinds)
    known = set(revision.problems)
    fresh = [
        problem
        for problem in problems
        if problem not in known and not problem.warning and problem.code is not ProblemCode.MORE
    ]
    if fresh:
        raise InvalidDesiredState([*fresh, *_blamed(overrides, documents.keys(), revision)])
    resources = dict(loaded.resources)
    for ref in documents:
        kind, asked = kinds[ref.kind], resources[ref].projection
        found = _as_read_back(plain[ref].document, kind)
        fields = base_fields(found, _as_read_back(resources[ref].document, kind))
        if fields:
            # The mark says what Git has: an override's end is then kept where Git is out of reach.
            extra = canonical_bytes({**parse_canonical(asked.extra), BENEATH: fields})
            digest = projection_digest(asked.attributes, extra)
            marked = asked._replace(extra=extra, digest=digest)
            resources[ref] = resources[ref]._replace(projection=marked)
    beneath = {ref: plain[ref] for ref, made in resources.items() if made is not plain[ref]}
    projections = {**loaded.projections, **{ref: resources[ref].projection for ref in beneath}}
    loaded = replace(loaded, resources=resources, projections=projections)
    return replace(revision, loaded=loaded, beneath=beneath)


def _patched(resource: Resource, overrides: Sequence[Override], kind: Kind[Any]) -> bytes:
    """Return a document with the values of its overrides. Raises WrongUsage where one has no place in it any more."""
    try:
        return patch(resource.document, overrides, kind.expand)
    except WrongUsage as error:
        raise WrongUsage(
            error.message,
            fix=f"let the YAML have a place for it, or end what holds of it: envctl override release {resource.ref}",
        ) from error


def _as_read_back(document: bytes, kind: Kind[Any]) -> bytes:
    """Return a document without the fields that only the YAML has (roleDefaults): read back from the tables it has none."""
    if not kind.authored_fields:
        return document
    value = parse_canonical(document)
    return canonical_bytes({**value, "spec": kind.expand(value["spec"])})


def _blamed(
    overrides: Sequence[Override], refs: Collection[ResourceRef], revision: LoadedRevision
) -> list[Problem]:
    """Say which overrides the problems come from: the files alone are right."""
    return [
        Problem(
            revision.loaded.resources[override.ref].origin,
            override.path,
            f"an override of {override.actor} puts {override.value!r} here ({override.reason})",
            f"release override {override.id}, or let the YAML fit it",
            warning=True,
            code=ProblemCode.OVERRIDE,
        )
        for override in overrides
        if override.ref in refs
    ]


def overlay_documents(
    loaded: Loaded, documents: Mapping[ResourceRef, bytes], kinds: Kinds
) -> Loaded:
    """Return the load as it would be if these objects' effective documents were the given ones.

    Everything is validated again as far as it depends on them. The memory stays that of the files, so the next load
    starts from what the source says. A name that is not in the load is passed over.
    """
    present = sorted(documents.keys() & loaded.resources.keys())
    if not present:
        return loaded
    memory, issues = loaded.memory, list(loaded.issues)
    valid: dict[ResourceRef, ValidatedDocument] = {}

    def add(ref: ResourceRef, body: bytes) -> None:
        origin, index = loaded.resources[ref].origin, loaded.resources[ref].place
        made = validate_document(kinds[ref.kind], body, origin, index)
        if isinstance(made, ValidatedDocument):
            valid[ref] = made
        else:
            issues.extend(placed(made, origin, index))

    for ref in present:
        add(ref, documents[ref])
    touched = frozenset(valid)
    for ref, before in memory.resources.items():
        if ref not in valid and not touched.isdisjoint(before.projection.depends_on):
            add(ref, before.document)
    resources, projections = dict(loaded.resources), dict(loaded.projections)
    facts = {**memory.facts, **{ref: document.facts for ref, document in valid.items()}}
    for ref, found in resolve_all(valid, kinds, memory.settings, facts).items():
        resources[ref], projections[ref] = found.resource, found.resource.projection
        issues += placed(found.issues, found.resource.origin, found.resource.place)
    return replace(
        loaded,
        resources=resources,
        projections=projections,
        issues=tuple(dict.fromkeys(issues)),
    )
