"""Documents become files: what a folder's documents share in its Defaults, each document with what was odd about it."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from controller.kinds.language.json_schema import file_name
from controller.kinds.language.kind import API_VERSION, DEFAULTS, Kinds
from controller.loading.authoring.extract_defaults import (
    OWN,
    extract_defaults,
    extract_role_defaults,
)
from controller.loading.authoring.folders import Folders, schema_line
from controller.loading.authoring.found import LeftOut, Oddity, Written
from controller.loading.authoring.tidy import tidied
from controller.loading.yaml_text import yaml_lines
from controller.model.ref import ResourceRef

LEFT_OUT = ".left-out"
"""Behind the name of a file that is not loaded, for what is in it is not right yet."""
_SHARING_FROM = {"Environment": 2, "Upstream": 2, "LoadBalancerSetting": 2}
_SHARING_FROM_ELSE = 3

Json = Any


@dataclass(frozen=True, slots=True)
class Composed:
    """Files by path, and the path each object was written to, those left out included."""

    files: Mapping[str, str]
    paths: Mapping[ResourceRef, str]


def compose(written: Iterable[Written], left_out: Sequence[LeftOut], kinds: Kinds) -> Composed:
    """Write documents that are right together, and beside them those that are not, under names that are not loaded."""
    documents = sorted(written, key=lambda document: document.ref)
    unfinished = [(left, left.written) for left in left_out if left.written is not None]
    folders = Folders([*(document for _, document in unfinished), *documents])
    specs = {document.ref: _spec(document, kinds) for document in documents}
    shared = _shared(documents, specs, folders)
    files: dict[str, str] = {}
    paths: dict[ResourceRef, str] = {}
    for document in documents:
        path = paths[document.ref] = folders.path_of(document)
        remarks = [*document.comments, *_remarks(document.oddities)]
        files[path] = _text(document, specs[document.ref], path, remarks)
    for folder, by_kind in shared.items():
        path = f"{folder}/defaults.yaml"
        files[path] = _document(path, DEFAULTS, {"name": folder}, by_kind, ())
    for left, document in unfinished:
        path = folders.path_of(document)
        paths[document.ref] = path + LEFT_OUT
        why = [f"left out: {left.reason}", f"to do: {left.decide}"]
        remarks = [*why, *_remarks(document.oddities)]
        files[path + LEFT_OUT] = _text(document, _spec(document, kinds), path, remarks)
    return Composed(dict(sorted(files.items())), paths)


def _spec(document: Written, kinds: Kinds) -> dict[str, Json]:
    spec = tidied(kinds[document.ref.kind], document.spec)
    return extract_role_defaults(spec) if document.ref.kind == "DeploymentMap" else spec


def _shared(
    documents: Sequence[Written], specs: dict[ResourceRef, dict[str, Json]], folders: Folders
) -> dict[str, dict[str, Json]]:
    """Take what a folder's documents of a kind share out of ``specs``; return it by folder and kind."""
    together: dict[tuple[str, str], list[ResourceRef]] = {}
    for document in documents:
        together.setdefault((folders.folder_of(document), document.ref.kind), []).append(
            document.ref
        )
    shared: dict[str, dict[str, Json]] = {}
    for (folder, kind), refs in sorted(together.items()):
        if kind not in OWN or len(refs) < _SHARING_FROM.get(kind, _SHARING_FROM_ELSE):
            continue
        lifted, rest = extract_defaults([specs[ref] for ref in refs], OWN[kind])
        if lifted:
            shared.setdefault(folder, {})[kind] = lifted
            specs.update(zip(refs, rest, strict=True))
    return shared


def _text(document: Written, spec: dict[str, Json], path: str, remarks: Iterable[str]) -> str:
    metadata = {"name": document.name, **document.metadata}
    return _document(path, document.ref.kind, metadata, spec, remarks)


def _document(
    path: str, kind: str, metadata: dict[str, Json], spec: dict[str, Json], remarks: Iterable[str]
) -> str:
    body = {"apiVersion": API_VERSION, "kind": kind, "metadata": metadata}
    # A spec has its fields one to a line, however short it is: that is where people go on writing.
    lines = ["spec:", *yaml_lines(spec, 1)] if spec else ["spec: {}"]
    printable = ("".join(c if c.isprintable() else " " for c in remark) for remark in remarks)
    comments = [f"# {remark}".rstrip() for remark in printable]
    first = schema_line(path, file_name(kind))
    return "\n".join([first, *comments, *yaml_lines(body), *lines]) + "\n"


def _remarks(oddities: Iterable[Oddity]) -> Iterator[str]:
    for odd in oddities:
        yield f"found: {odd.found}"
        yield f"  written: {odd.written}"
        if odd.decide:
            yield f"  to decide: {odd.decide}"
