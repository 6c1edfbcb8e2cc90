"""YAML files to one checked desired state, doing again only what changed since the last time.

Three steps, each remembered: a file is parsed (by content), its documents are validated (after their folder's
defaults), and valid ones are resolved against each other. A later load starts from an earlier one's memory.
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from controller.kinds.language.fields import Named
from controller.kinds.language.kind import (
    DEFAULT_RULES,
    DEFAULTS,
    Finding,
    Kinds,
    RuleSettings,
)
from controller.loading.envelope import (
    FolderDefaults,
    ParsedDocument,
    ParsedFile,
    folder_of,
    parse_file,
)
from controller.loading.issues import PlacedIssue, placed
from controller.loading.resolve import ALL, Resolved, TracingWorld, clashes, resolve
from controller.loading.validated import (
    ValidatedDocument,
    defaults_issues,
    defined_twice,
    validate_document,
    written_references,
)
from controller.model.canonical import digest, parse_canonical
from controller.model.ref import Origin, Problem, ResourceRef
from controller.model.resource import Projection, Resource
from controller.model.source_bounds import MAX_DOCUMENTS, MAX_FINDINGS, TOO_MANY, UNCHECKED

SourceIds = tuple[str, str]
"""Content id of a file and id of the Defaults over it: what it gives depends on nothing else."""


@dataclass(frozen=True, slots=True)
class WrittenReference:
    """A reference with the document it stands in."""

    origin: Origin
    index: int
    named: Named


@dataclass(slots=True)
class LoadedFile:
    """What one file gave: the objects it holds and what is wrong with the rest of it. Never changed after it was made.

    ``broken_refs`` are objects it does hold, but whose documents are not valid.
    """

    ids: SourceIds
    refs: list[ResourceRef] = field(default_factory=list)
    issues: list[PlacedIssue] = field(default_factory=list)
    broken_refs: list[ResourceRef] = field(default_factory=list)
    references: list[WrittenReference] = field(default_factory=list)
    """What documents name that are not valid."""


@dataclass(slots=True)
class DocumentChanges:
    """The difference to the load before. ``touched`` are names whose facts are not what they were."""

    files: dict[str, LoadedFile]
    wrong: dict[str, LoadedFile]
    """Those of the files that have issues."""
    facts: Mapping[ResourceRef, Any]
    valid: dict[ResourceRef, ValidatedDocument] = field(default_factory=dict)
    gone: set[ResourceRef] = field(default_factory=set)
    touched: set[ResourceRef] = field(default_factory=set)
    broken_refs: frozenset[ResourceRef] = frozenset()
    duplicates: bool = False
    is_partial: bool = False
    """Whether documents were left unchecked, as enough is wrong with the others."""


@dataclass(frozen=True, slots=True)
class ChangedDocuments:
    """Validates the documents of one revision that are not what they were."""

    files: Mapping[str, str]
    """Path -> content id."""
    parsed: Mapping[str, ParsedFile]
    """What each content says."""
    defaults: FolderDefaults
    kinds: Kinds

    def again(self, resource: Resource) -> ValidatedDocument:
        """Validate an object's unchanged document a second time."""
        document = self.parsed[self.files[resource.origin.path]].documents[resource.place]
        again = self._validate(document, resource.origin, resource.place)
        assert isinstance(again, ValidatedDocument), f"{resource.ref} has not changed: {again}"
        return again

    def since(self, before: "Memory") -> DocumentChanges:
        """Validate what is new or different since ``before``."""
        facts = before.facts
        result = DocumentChanges(dict(before.files), dict(before.wrong), facts)
        defaults_ids: dict[str, str] = {}
        redo: dict[str, SourceIds] = {}
        for path, content_id in self.files.items():
            folder = folder_of(path)
            if folder not in defaults_ids:
                # A text that changes whenever a Defaults document over the folder changes.
                over = [document.body for document in self.defaults.over(folder)]
                defaults_ids[folder] = digest(b"\n".join(over)) if over else ""
            old = before.files.get(path)
            if old is None or old.ids != (content_id, defaults_ids[folder]):
                redo[path] = (content_id, defaults_ids[folder])
        for path in [*(path for path in before.files if path not in self.files), *redo]:
            old = result.files.pop(path, None)
            result.wrong.pop(path, None)
            result.gone.update(old.refs if old is not None else ())
        known = (issue for file in result.wrong.values() for issue in file.issues)
        left = MAX_FINDINGS - sum(not found.issue.warning for found in known)
        for path, ids in redo.items():
            if left < 0:
                result.is_partial = True
                break
            file = result.files[path] = self._file(path, ids, result)
            left -= sum(not found.issue.warning for found in file.issues)
            if file.issues:
                result.wrong[path] = file
        result.gone -= result.valid.keys()
        new = {ref: one.facts for ref, one in result.valid.items() if facts.get(ref) != one.facts}
        result.touched = new.keys() | result.gone
        if result.touched:
            result.facts = {**facts, **new}
            for ref in result.gone:
                del result.facts[ref]
        come = {ref.kind for ref in result.valid if ref not in facts}
        come_or_gone = come.union(ref.kind for ref in result.gone)
        result.touched |= {ResourceRef(kind, ALL) for kind in come_or_gone}
        result.broken_refs, were_broken = (
            frozenset(ref for file in files.values() for ref in file.broken_refs)
            for files in (result.wrong, before.wrong)
        )
        result.touched |= result.broken_refs ^ were_broken
        return result

    def _file(self, path: str, ids: SourceIds, result: DocumentChanges) -> LoadedFile:
        file = LoadedFile(ids)
        for index, document in enumerate(self.parsed[ids[0]].documents):
            if document.kind == DEFAULTS and not document.issues:
                continue
            origin = Origin(path, document.line)
            made = self._validate(document, origin, index)
            if not isinstance(made, ValidatedDocument):
                file.issues += placed(made, origin, index)
                file.broken_refs += _refs_named(document)
                if not document.issues:
                    kind = self.kinds[document.kind]
                    defaults = self.defaults.for_kind(folder_of(path), document.kind)
                    told = {issue.path for issue in made}
                    file.references += [
                        WrittenReference(origin, index, named)
                        for named in written_references(kind, document.body, defaults)
                        if ("spec", *named.path) not in told
                    ]
            elif made.ref in result.valid or (
                made.ref in result.facts and made.ref not in result.gone
            ):
                result.duplicates = True
                first = result.valid.get(made.ref)
                file.issues += placed([defined_twice(made.ref, first)], origin, index)
            else:
                file.refs.append(made.ref)
                result.valid[made.ref] = made
        return file

    def _validate(
        self, document: ParsedDocument, origin: Origin, index: int
    ) -> ValidatedDocument | tuple[Finding, ...]:
        if document.issues:
            return document.issues
        defaults: Mapping[str, Any] = {}
        if self.defaults.documents:
            defaults = self.defaults.for_kind(folder_of(origin.path), document.kind)
        return validate_document(self.kinds[document.kind], document.body, origin, index, defaults)


def _refs_named(document: ParsedDocument) -> list[ResourceRef]:
    """Name the object an invalid document is about, where it says so much."""
    body = parse_canonical(document.body)
    name = body.get("metadata", {}).get("name")
    owner = body.get("spec", {}).get("environmentName")
    keys = [name, f"{owner}/{name}"] if isinstance(owner, str) else [name]
    return [ResourceRef(document.kind, key) for key in keys] if isinstance(name, str) else []


Content = tuple[str, bytes]
"""Content id and text of a file."""
Parsed = tuple[str, ParsedFile]
"""Content id of a file and what it says."""
Read = Callable[[Collection[str]], Iterable[Content]]
"""Content ids -> (content id, bytes), each once."""
Parse = Callable[[Iterable[Content], Collection[str]], Iterable[Parsed]]
"""(contents, names of kinds) -> what each content says."""


def parse_one_by_one(contents: Iterable[Content], kinds: Collection[str]) -> Iterable[Parsed]:
    """Parse files where they are asked for."""
    return ((content_id, parse_file(data, kinds)) for content_id, data in contents)


@dataclass(frozen=True, slots=True)
class Memory:
    """What a load keeps for the next one. All maps are never changed after they were made."""

    parsed: Mapping[str, ParsedFile] = field(default_factory=dict)
    files: Mapping[str, LoadedFile] = field(default_factory=dict)
    wrong: Mapping[str, LoadedFile] = field(default_factory=dict)
    """Those of the files that have issues."""
    facts: Mapping[ResourceRef, Any] = field(default_factory=dict)
    noted: Mapping[ResourceRef, Resolved] = field(default_factory=dict)
    """Those of the objects that have issues, or asked about more than they depend on."""
    resources: Mapping[ResourceRef, Resource] = field(default_factory=dict)
    projections: Mapping[ResourceRef, Projection] = field(default_factory=dict)
    clashes: Mapping[str, tuple[PlacedIssue, ...]] = field(default_factory=dict)
    """Kind -> issues of values that two of its objects have."""
    settings: RuleSettings = DEFAULT_RULES
    duplicates: bool = False
    """Some object was defined twice, so what one document gave depended on another."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """The objects of one revision, whatever is wrong with them, and the memory for the next load."""

    resources: Mapping[ResourceRef, Resource]
    issues: tuple[PlacedIssue, ...]
    broken: Mapping[str, bytes]
    """Files that are not entirely regular YAML: path -> text."""
    memory: Memory
    exceeded: tuple[Problem, ...] = ()
    """Bounds of the source that were exceeded: then this is not all of it."""
    projections: Mapping[ResourceRef, Projection] = field(default_factory=dict)
    """What the resources ask of the tables: kept from load to load, so that a plan does not gather it from each."""


def load(
    files: Mapping[str, str],
    read: Read,
    kinds: Kinds,
    *,
    settings: RuleSettings = DEFAULT_RULES,
    memory: Memory | None = None,
    parse: Parse = parse_one_by_one,
) -> Loaded:
    """Load the files of one revision (path -> content id). ``read`` is asked only for content never seen before.

    ``parse`` may do its work elsewhere, as files say what they say whatever the others say. Of files with more documents
    altogether than ``MAX_DOCUMENTS`` nothing is loaded.
    """
    before = memory or Memory()
    if before.settings != settings or before.duplicates:
        before = Memory(parsed=before.parsed, settings=settings)
    parsed = _parsed(files, before.parsed, lambda missing: parse(read(missing), frozenset(kinds)))
    if parsed is None:
        return Loaded({}, (), {}, Memory(settings=settings), (TOO_MANY,))
    defaults = FolderDefaults(files, parsed)
    documents = ChangedDocuments(files, parsed, defaults, kinds)
    changes = documents.since(before)
    if changes.duplicates:
        # Which of two documents is the second must not depend on which was seen first: all are looked at again.
        before = Memory(parsed=parsed, settings=settings)
        changes = documents.since(before)
    world = TracingWorld(changes.facts, *settings)
    noted, resources, projections = _resolved(before, changes, documents, world, kinds)
    found_clashes = _clashes(before.clashes, changes, kinds, resources)
    issues = [issue for file in changes.wrong.values() for issue in file.issues]
    if changes.wrong and not changes.is_partial:
        issues += _dangling(changes, world)
    if defaults.documents:
        issues += defaults_issues(defaults.documents, kinds)
    for found in noted.values():
        issues += placed(found.issues, found.resource.origin, found.resource.place)
    issues += [issue for of_kind in found_clashes.values() for issue in of_kind]
    broken = {path: text for path, cid in files.items() if (text := parsed[cid].broken) is not None}
    marks = changes.files, changes.wrong, changes.facts
    kept = Memory(parsed, *marks, noted, resources, projections, found_clashes, settings)
    if changes.is_partial:
        # What was not looked at is looked at next time.
        kept = Memory(parsed, settings=settings)
        return Loaded(resources, tuple(issues), broken, kept, (UNCHECKED,), projections)
    kept = replace(kept, duplicates=changes.duplicates)
    return Loaded(resources, tuple(issues), broken, kept, projections=projections)


def _parsed(
    files: Mapping[str, str],
    known: Mapping[str, ParsedFile],
    parse: Callable[[Collection[str]], Iterable[Parsed]],
) -> Mapping[str, ParsedFile] | None:
    """Return what every file says, parsing only unknown content, or None if there are too many documents in all files."""
    wanted = Counter(files.values())
    missing = [content_id for content_id in wanted if content_id not in known]
    parsed = {content_id: known[content_id] for content_id in wanted if content_id in known}
    documents = sum(len(file.documents) * wanted[name] for name, file in parsed.items())
    for content_id, file in parse(missing) if missing else ():
        parsed[content_id] = file
        documents += len(file.documents) * wanted[content_id]
        if documents > MAX_DOCUMENTS:
            break
    if documents > MAX_DOCUMENTS:
        return None
    return parsed if missing or len(known) != len(wanted) else known


def _resolved(
    before: Memory,
    changes: DocumentChanges,
    documents: ChangedDocuments,
    world: TracingWorld,
    kinds: Kinds,
) -> tuple[
    Mapping[ResourceRef, Resolved],
    Mapping[ResourceRef, Resource],
    Mapping[ResourceRef, Projection],
]:
    """Resolve the new documents, and those kept objects that asked about something that is different now.

    What is left as enough is wrong makes the changes partial, as does a file that was left: what others name may be there.
    Valid documents are taken out of ``changes`` one by one: the memory of each serves what is made of the next.
    """
    valid, touched = changes.valid, changes.touched
    if changes.is_partial:
        return {}, {}, {}
    if not touched and not valid:
        return before.noted, before.resources, before.projections
    noted = dict(before.noted)
    resources, projections = dict(before.resources), dict(before.projections)
    for ref in changes.gone:
        for known in (noted, resources, projections):
            known.pop(ref, None)
    if touched:
        again = [ref for ref, one in projections.items() if not touched.isdisjoint(one.depends_on)]
        again += [ref for ref, found in noted.items() if not touched.isdisjoint(found.asked)]
        valid |= {ref: documents.again(resources[ref]) for ref in again if ref not in valid}
    findings_left = MAX_FINDINGS
    for ref in list(valid):
        if findings_left < 0:
            changes.is_partial = True
            break
        kind = kinds[ref.kind]
        made = resolve(valid.pop(ref), kind, world, changes.broken_refs)
        resources[ref], projections[ref] = made.resource, made.resource.projection
        if made.issues or len(made.asked) > len(made.resource.projection.depends_on):
            noted[ref] = made
            findings_left -= sum(not issue.warning for issue in made.issues)
        else:
            noted.pop(ref, None)
    return noted, resources, projections


def _dangling(changes: DocumentChanges, world: TracingWorld) -> Iterator[PlacedIssue]:
    """Find references to nothing in documents that are not valid; those of the others are resolved."""
    for file in changes.wrong.values():
        for reference in file.references:
            named = reference.named
            if world.facts(named.kind, named.name) is None and named[1:] not in changes.broken_refs:
                issue = world.no_such(named)
                yield from placed([issue], reference.origin, reference.index)


def _clashes(
    before: Mapping[str, tuple[PlacedIssue, ...]],
    changes: DocumentChanges,
    kinds: Kinds,
    resources: Mapping[ResourceRef, Resource],
) -> Mapping[str, tuple[PlacedIssue, ...]]:
    """Look for values two objects have: among the kinds whose facts have changed, or that had some before."""
    touched = {ref.kind for ref in changes.touched}
    among: dict[str, list[tuple[ResourceRef, Any]]] = {
        name: []
        for name, kind in kinds.items()
        if kind.unique and (name in touched or before.get(name)) and not changes.is_partial
    }
    for pair in changes.facts.items() if among else ():
        if pair[0][0] in among:
            among[pair[0][0]].append(pair)
    found = {}
    for name, mine in among.items():
        mine.sort(key=lambda pair: resources[pair[0]].origin)
        found[name] = tuple(
            issue
            for ref, clash in clashes(kinds[name], mine)
            for issue in placed([clash], resources[ref].origin, resources[ref].place)
        )
    return found
