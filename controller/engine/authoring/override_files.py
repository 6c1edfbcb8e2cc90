"""What overrides make otherwise, as the files of the settings' own source that say the same: committed, they make them unneeded."""

from collections.abc import Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from controller.engine.config.observe import ObservedConfig
from controller.engine.config.planner import Planner
from controller.engine.desired.load_revision import LoadedRevision
from controller.engine.desired.stored_objects import stored_objects
from controller.errors import Unreachable
from controller.kinds.language.kind import Kinds, RuleSettings
from controller.loading.authoring.compose import Folders, document_text
from controller.loading.authoring.found import FoundObject, Written
from controller.loading.authoring.reading import read_objects
from controller.loading.authoring.reverted_file import DocumentName, reverted_file
from controller.loading.load import Loaded, load
from controller.loading.validated import StoredObject
from controller.model.canonical import parse_canonical
from controller.model.observed import BENEATH, CONFIG_SCOPE, ScopeState
from controller.model.override import Override
from controller.model.ref import ResourceRef
from controller.ports import DesiredSource, Source
from controller.sources.folder import content_id

_COMMENT = b"#"
_Contents = Mapping[str, bytes | None]
"""Files by path; None for one that goes."""


@dataclass(frozen=True, slots=True)
class OverrideFiles:
    """``files`` by path below the source's root, whole; ``removed`` are paths of files in which nothing is left.

    ``by_hand`` are objects of which these files do not make what the tables hold: shared defaults say otherwise, for one.
    """

    files: Mapping[str, bytes]
    removed: tuple[str, ...]
    by_hand: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class OverrideFilesWriter:
    """Writes down what the tables hold of objects. ``own`` reads the settings' own source; ``rules`` are what rules depend on."""

    own: Planner
    kinds: Kinds
    rules: RuleSettings

    def files(self, overrides: Iterable[Override], seen: ObservedConfig) -> OverrideFiles:
        """Return the files that say what the tables hold of what overrides are of; other documents in them stay, to the byte.

        Raises Unreachable for tables that could not be read, and as loading the source.
        """
        refs = frozenset(override.ref for override in overrides)
        state = next(found for found in seen.scopes if found.scope == CONFIG_SCOPE)
        if state.state is not ScopeState.OK:
            raise Unreachable(f"the tables cannot be read: {state.reason}")
        held = stored_objects(state, self.kinds)
        there = {ref: held[ref] for ref in sorted(refs) if ref in held}
        git, source = self.own.load(), self.own.source
        assert not isinstance(source, DesiredSource), "the settings' own source is of files"
        contents = dict(self._contents(_documents(there, self.kinds), git, source, refs))
        made = self._loaded(contents, git, source)
        files = {path: content for path, content in contents.items() if content is not None}
        return OverrideFiles(
            files,
            tuple(sorted(contents.keys() - files.keys())),
            tuple(str(ref) for ref in sorted(refs) if not _says(made, ref, there.get(ref))),
        )

    def _contents(
        self,
        written: Mapping[ResourceRef, Written],
        git: LoadedRevision,
        source: Source,
        refs: AbstractSet[ResourceRef],
    ) -> Iterator[tuple[str, bytes | None]]:
        """Yield each file that changes, with what becomes of it."""
        resources, tree = git.loaded.resources, git.tree.files
        by_path: dict[str, list[ResourceRef]] = {}
        for ref in sorted(refs & resources.keys()):
            by_path.setdefault(resources[ref].origin.path, []).append(ref)
        found = dict(source.read({tree[path] for path in by_path if path in tree}))
        for path, inside in by_path.items():
            if path not in tree:
                continue
            now, names = found[tree[path]], set[DocumentName]()
            for ref in inside:
                names |= _names(ref.kind, resources[ref].document)
            texts = [document_text(written[ref], self.kinds) for ref in inside if ref in written]
            wanted = "---\n".join(texts).encode() if texts else None
            becomes = reverted_file(now, wanted, names.__contains__)
            if becomes != now:
                yield path, None if becomes is None else _headed(now, becomes)
        new = [written[ref] for ref in sorted(written.keys() - resources.keys())]
        folders, taken = Folders(new), {path.lower() for path in tree}
        for document in new:
            path = folders.path_of(document)
            while path.lower() in taken:
                path = folders.path_of(document)
            yield path, document_text(document, self.kinds).encode()

    def _loaded(self, contents: _Contents, git: LoadedRevision, source: Source) -> Loaded:
        """Return what the source would hold with these files."""
        own = {content_id(content): content for content in contents.values() if content is not None}
        files = {path: id_ for path, id_ in git.tree.files.items() if path not in contents}
        files |= {path: content_id(made) for path, made in contents.items() if made is not None}

        def read(ids: Iterable[str]) -> Iterator[tuple[str, bytes]]:
            for id_ in ids:
                yield from [(id_, own[id_])] if id_ in own else source.read([id_])

        memory = git.loaded.memory
        return load(
            dict(sorted(files.items())), read, self.kinds, settings=self.rules, memory=memory
        )


def _documents(
    there: Mapping[ResourceRef, StoredObject], kinds: Kinds
) -> Mapping[ResourceRef, Written]:
    """Return objects as documents, with the values that overrides put there."""
    found = []
    for ref, stored in there.items():
        extra = {name: value for name, value in stored.extra.items() if name != BENEATH}
        items = parse_canonical(stored.attributes)
        found.append(FoundObject(ref, items, items, extra, ours=True))
    return read_objects(found, kinds).written


def _names(kind: str, document: bytes) -> set[DocumentName]:
    """Return what a document may say it is: its environment may be said by the defaults of its folder."""
    value = parse_canonical(document)
    name, environment = value["metadata"]["name"], value["spec"].get("environmentName")
    return {DocumentName(kind, name), DocumentName(kind, name, str(environment or ""))}


def _headed(now: bytes, becomes: bytes) -> bytes:
    """Return a file with the comments that it begins with now."""
    lines = now.splitlines(keepends=True)
    count = next((place for place, line in enumerate(lines) if not line.startswith(_COMMENT)), 0)
    header = b"".join(lines[:count])
    return becomes if becomes.startswith(header) else header + becomes


def _says(made: Loaded, ref: ResourceRef, stored: StoredObject | None) -> bool:
    """Tell whether the documents make of an object what the tables hold of it."""
    resource = made.resources.get(ref)
    if resource is None or stored is None:
        return resource is None and stored is None
    extra = {name: value for name, value in stored.extra.items() if name != BENEATH}
    wanted = parse_canonical(resource.projection.extra)
    same = wanted.get("spec") == extra.get("spec") and wanted.get("metadata") == extra.get(
        "metadata"
    )
    return same and resource.projection.attributes == stored.attributes
