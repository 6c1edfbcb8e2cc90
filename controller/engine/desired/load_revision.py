"""One revision of a source as checked desired state."""

from dataclasses import dataclass

from controller.engine.desired.parallel_parse import parse_side_by_side
from controller.errors import InvalidDesiredState
from controller.gc_tuning import NEVER, relaxed_gc
from controller.loading.compiled import CompiledKinds
from controller.loading.describe import problems_of
from controller.loading.field_origins import FieldOrigins
from controller.loading.load import Loaded, Memory, load
from controller.loading.resolve import resolve_all
from controller.loading.validated import ValidatedDocument, validate_document
from controller.model.ref import Problem, in_file_order
from controller.model.resource import DesiredState
from controller.ports import Revision, Source, SourceTree


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

    @property
    def warnings(self) -> tuple[Problem, ...]:
        """What is worth knowing and stops nothing."""
        return tuple(problem for problem in self.problems if problem.warning)

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


def revision_of(
    desired: DesiredState, kinds: CompiledKinds, settings: tuple[str, str]
) -> LoadedRevision:
    """Take desired state that is not YAML, and was checked where it comes from, for a revision.

    ``settings`` are what rules depend on: compatibility and default region.
    """
    documents = {
        ref: made
        for ref, resource in desired.resources.items()
        if isinstance(
            made := validate_document(
                kinds.by_name[ref.kind], resource.document, resource.origin, resource.index
            ),
            ValidatedDocument,
        )
    }
    memory = Memory(
        facts={ref: document.facts for ref, document in documents.items()},
        resolved=resolve_all(documents, kinds, settings),
        resources=desired.resources,
        settings=settings,
    )
    revision = Revision(desired.revision, desired.label, desired.author, desired.message)
    return LoadedRevision(
        SourceTree(revision, {}),
        Loaded(desired.resources, (), {}, memory),
        (),
        FieldOrigins({}, {}, lambda _: b""),
        is_yaml=False,
    )


class RevisionLoader:
    """Loads revisions of one source, doing again only what changed since the one before."""

    def __init__(self, kinds: CompiledKinds, compatibility: str, default_region: str) -> None:
        """Take the kinds and the two settings rules depend on."""
        self._kinds, self._compatibility, self._region = kinds, compatibility, default_region
        self._memory: Memory | None = None

    def load(self, source: Source) -> LoadedRevision:
        """Fetch and load the source's current revision. Raises SourceUnavailable or AccessDenied."""
        return self.load_tree(source, source.fetch())

    def load_tree(self, source: Source, tree: SourceTree) -> LoadedRevision:
        """Load a revision already fetched. What is wrong with it is in the result, not raised."""
        files = dict(sorted(tree.files.items()))
        with relaxed_gc(NEVER):
            loaded = load(
                files,
                source.read,
                self._kinds,
                compatibility=self._compatibility,
                default_region=self._region,
                memory=self._memory,
                parse=parse_side_by_side,
            )
        self._memory = loaded.memory
        origins = FieldOrigins(
            files,
            loaded.memory.parsed,
            lambda content_id: next(data for _, data in source.read([content_id])),
            self._kinds.secret_names,
        )
        problems = in_file_order((*tree.problems, *problems_of(loaded, origins, self._kinds)))
        return LoadedRevision(tree, loaded, problems, origins)
