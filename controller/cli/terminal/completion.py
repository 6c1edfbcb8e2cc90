"""What a shell completes: kinds, and the objects and scopes of a source that is a folder.

A repository or a bucket is not asked: whoever presses Tab waits for no network. Whatever is wrong is told by the command, not here.
"""

import json
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from controller import catalog
from controller.engine.desired.load_revision import LoadedRevision
from controller.errors import EnvctlError
from controller.model.observed import CONFIG_SCOPE


def kind_names(incomplete: str) -> Iterator[str]:
    """Yield the kinds of documents that begin so."""
    yield from (name for name in catalog.kinds() if name.startswith(incomplete))


def object_names(ctx: Any, incomplete: str) -> Iterator[str]:
    """Yield the objects that begin so: by their names, and with their kinds once a kind is being typed."""
    revision = _revision(ctx)
    if revision is None:
        return
    refs = sorted(revision.loaded.resources)
    texts = [*(ref.key for ref in refs), *map(str, refs)]
    yield from (text for text in dict.fromkeys(texts) if text.startswith(incomplete))


def scope_names(ctx: Any, incomplete: str) -> Iterator[str]:
    """Yield the scopes that begin so: that of the tables, accounts, and their regions."""
    found, revision = [CONFIG_SCOPE], _revision(ctx)
    for ref, resource in revision.loaded.resources.items() if revision is not None else ():
        if ref.kind == "EnvironmentType":
            spec = json.loads(resource.document)["spec"]
            region = spec.get("region") or _invocation(ctx).settings.region
            found += [spec["account"], f"{spec['account']}/{region}"]
    yield from (name for name in sorted(set(found)) if name.startswith(incomplete))


def _invocation(ctx: Any) -> Any:
    # Commands that are completed import this module, and that one them.
    from controller.cli.invocation import Invocation

    return Invocation(ctx.find_root().params.get("config"), None)


def _revision(ctx: Any) -> LoadedRevision | None:
    """Load the folder that the command or the settings name; None where it is none, or cannot be read."""
    with suppress(EnvctlError):
        call = _invocation(ctx)
        folder = ctx.params.get("source") or call.settings.source.folder
        if folder is not None and Path(folder).is_dir():
            revision: LoadedRevision = call.planner(str(folder)).load()
            return revision
    return None
