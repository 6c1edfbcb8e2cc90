"""Documents become files: what a folder's documents share in its Defaults, each document with what was odd about it."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from controller.kinds.language.json_schema import file_name
from controller.kinds.language.kind import Kind
from controller.loading.authoring.folders import Folders, schema_line
from controller.loading.authoring.found import LeftOut, Oddity, Written
from controller.loading.authoring.lifting import OWN, lift, lift_roles
from controller.loading.authoring.polish import polished
from controller.loading.compiled import CompiledKinds
from controller.loading.envelope import API_VERSION, DEFAULTS
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


def compose(
    written: Iterable[Written], left_out: Sequence[LeftOut], kinds: CompiledKinds
) -> Composed:
    """Write documents that are right together, and beside them those that are not, under names that are not loaded."""
    documents = sorted(written, key=lambda one: one.ref)
    unfinished = [one.written for one in left_out if one.written is not None]
    folders = Folders(
        {one.ref.key: one for one in (*unfinished, *documents) if one.ref.kind == "Environment"}
    )
    specs = {document.ref: _spec(document, kinds) for document in documents}
    shared = _shared(documents, specs, folders)
    files: dict[str, str] = {}
    paths: dict[ResourceRef, str] = {}
    for document in documents:
        path = paths[document.ref] = folders.path_of(document)
        files[path] = _text(
            document, specs[document.ref], path, _remarks(document.oddities, document.comments)
        )
    for folder, by_kind in shared.items():
        path = f"{folder}/defaults.yaml"
        files[path] = _document(path, DEFAULTS, {"name": folder}, by_kind, ())
    reasons = {one.ref: one for one in left_out}
    for one in unfinished:
        path = folders.path_of(one)
        paths[one.ref] = path + LEFT_OUT
        left = reasons[one.ref]
        why = [f"left out: {left.reason}", f"to do: {left.decide}"]
        remarks = [*why, *_remarks(one.oddities, ())]
        files[path + LEFT_OUT] = _text(one, _spec(one, kinds), path, remarks)
    return Composed(dict(sorted(files.items())), paths)


def _spec(one: Written, kinds: CompiledKinds) -> dict[str, Json]:
    spec = polished(_kind(one, kinds), one.spec)
    return lift_roles(spec) if one.ref.kind == "DeploymentMap" else spec


def _kind(one: Written, kinds: CompiledKinds) -> Kind[Any]:
    return kinds.by_name[one.ref.kind].kind


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
        lifted, rest = lift([specs[ref] for ref in refs], OWN[kind])
        if lifted:
            shared.setdefault(folder, {})[kind] = lifted
            specs.update(zip(refs, rest, strict=True))
    return shared


def _text(one: Written, spec: dict[str, Json], path: str, remarks: Iterable[str]) -> str:
    metadata = {"name": one.name, **one.metadata}
    return _document(path, one.ref.kind, metadata, spec, remarks)


def _document(
    path: str, kind: str, metadata: dict[str, Json], spec: dict[str, Json], remarks: Iterable[str]
) -> str:
    body = {"apiVersion": API_VERSION, "kind": kind, "metadata": metadata}
    # A spec has its fields one to a line, however short it is: that is where people go on writing.
    lines = ["spec:", *yaml_lines(spec, 1)] if spec else ["spec: {}"]
    comments = [f"# {_printable(remark)}".rstrip() for remark in remarks]
    first = schema_line(path, file_name(kind))
    return "\n".join([first, *comments, *yaml_lines(body), *lines]) + "\n"


def _remarks(oddities: Iterable[Oddity], comments: Iterable[str]) -> Iterator[str]:
    yield from comments
    for odd in oddities:
        yield f"found: {odd.found}"
        yield f"  written: {odd.written}"
        if odd.decide:
            yield f"  to decide: {odd.decide}"


def _printable(text: str) -> str:
    return "".join(letter if letter.isprintable() else " " for letter in text)
