"""What a shell completes, from the shapes of the commands and the text of the source, where that is a folder.

Whoever presses Tab waits: no command is imported, no document is parsed, and no network is asked, but for snapshots. A folder is read
as text, so a document that is written in an uncommon way may be missing. Whatever is wrong is told by the command, not here.
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, Final, NamedTuple

from typer._click.shell_completion import CompletionItem
from typer.core import TyperCommand

from controller.cli.process import process_context

SHAPES: Final = Path(__file__).with_name("command_shapes.json")
"""Made from the commands: of each its options with what they take, its arguments, its subcommands."""
_CONFIG_SCOPE: Final = "config"
_MOST_BYTES: Final = 4 << 20
"""Of a longer file the rest is not read."""
# Blanks are never given back: hostile text would make a shell wait for all the ways of dividing them.
_KIND: Final = re.compile(r"^kind:[ \t]*+[\"']?(\w+)", re.MULTILINE)
_IN_MAP: Final = (
    r"^{}:(?:[ \t]*+\{{.*?|[ \t]*+\n(?:[ \t]++.*+\n)*?[ \t]++)\b{}:[ \t]*+[\"']?([^\s\"',}}]+)"
)
_NAME: Final = re.compile(_IN_MAP.format("metadata", "name"), re.MULTILINE)
_FIELD: Final = r"^(?:spec:[ \t]*+\{{?.*?|[ \t]++.*?)\b{}:[ \t]*+[\"']?([^\s\"',}}]+)"
_ACCOUNT, _REGION, _ENVIRONMENT = (
    re.compile(_FIELD.format(name), re.MULTILINE)
    for name in ("account", "region", "environmentName")
)
_FOLDER: Final = re.compile(_IN_MAP.format("source", "folder"), re.MULTILINE)


class Written(NamedTuple):
    """A document as its text says: its kind and key, and the scope its kind names, empty for none."""

    kind: str
    key: str
    account: str
    region: str


def written_in(folder: Path, region: str) -> Iterator[Written]:
    """Yield the documents of a folder; those that name no region have the one that is given."""
    for path in sorted(folder.rglob("*.y*ml")):
        if any(part.startswith(".") for part in path.relative_to(folder).parts):
            continue
        if path.is_symlink() or not path.is_file():
            continue
        with path.open(encoding="utf-8", errors="replace") as file:
            documents = re.split(r"^---.*$", file.read(_MOST_BYTES), flags=re.MULTILINE)
        for text in documents:
            kind, name = _KIND.search(text), _NAME.search(text)
            if kind is None or name is None:
                continue
            account, own = _ACCOUNT.search(text), _REGION.search(text)
            beneath = _ENVIRONMENT.search(text) if kind[1] == "LoadBalancerSetting" else None
            yield Written(
                kind[1],
                f"{beneath[1]}/{name[1]}" if beneath else name[1],
                account[1] if account and kind[1] == "EnvironmentType" else "",
                own[1] if own else region,
            )


@cache
def shapes() -> Mapping[str, Any]:
    """Return the shape of ``envctl``, with those of all commands, and the kinds there are."""
    found: Mapping[str, Any] = json.loads(SHAPES.read_text(encoding="utf-8"))
    return found


class ShapedCommand(TyperCommand):
    """Stands for all commands where nothing but completions is asked: no parameter is read, so nothing that reads them is imported."""

    def __init__(self, helps: Mapping[str, str]) -> None:
        """Take what commands do, by their names."""
        super().__init__("envctl", add_help_option=False)
        self.ignore_unknown_options = self.allow_extra_args = True
        self.allow_interspersed_args = False
        self._helps = helps

    def shell_complete(self, ctx: Any, incomplete: str) -> list[CompletionItem]:
        """Return what may stand in the place of the word that is typed."""
        return [
            CompletionItem(text, help=None if ctx.args else self._helps.get(text))
            for text in dict.fromkeys(offered_for(ctx, incomplete))
            if text.startswith(incomplete)
        ]


def offered_for(ctx: Any, incomplete: str) -> Iterable[str]:
    """Return what may follow the words behind ``envctl``, which are the context's ``args``."""
    shape, before, arguments = shapes(), "", 0
    for word in ctx.args:
        if shape["options"].get(before) is not None:
            ctx.params[before] = word
            before = ""
        elif word.startswith("-"):
            before = word
        elif word in shape["commands"]:
            shape, before, arguments = shape["commands"][word], "", 0
        else:
            # What is no subcommand belongs to the one that needs no name.
            shape = shape["commands"].get(shape["otherwise"], shape)
            before, arguments = "", arguments + 1
    if incomplete.startswith("-"):
        return [*shape["commands"].get(shape["otherwise"], shape)["options"]]
    takes = shape["options"].get(before)
    if takes is not None:
        return _values(takes, ctx)
    places = shape["commands"].get(shape["otherwise"], shape)["arguments"]
    values = _values(places[min(arguments, len(places) - 1)], ctx) if places else []
    return [*shape["commands"], *values]


def _values(takes: Sequence[str] | str, ctx: Any) -> Iterable[str]:
    """Return the values of an option or argument: as its shape lists them, or by the name of what completes it; none for free text."""
    if not isinstance(takes, str):
        return takes
    completer = COMPLETERS.get(takes)
    return completer(ctx) if completer is not None else ()


def kind_names(ctx: Any) -> Iterator[str]:
    """Yield the kinds of documents."""
    del ctx
    yield from map(str, shapes()["kinds"])


def object_names(ctx: Any) -> Iterator[str]:
    """Yield the objects: by their names, and with their kinds."""
    found = sorted(_written_for(ctx))
    yield from sorted({one.key for one in found})
    yield from (f"{one.kind}/{one.key}" for one in found)


def scope_names(ctx: Any) -> Iterator[str]:
    """Yield the scopes: that of the tables, accounts, and their regions."""
    found = [one for one in _written_for(ctx) if one.account]
    names = {name for one in found for name in (one.account, f"{one.account}/{one.region}")}
    yield from (_CONFIG_SCOPE, *sorted(names))


def account_names(ctx: Any) -> Iterator[str]:
    """Yield the accounts."""
    yield from sorted({one.key for one in _written_for(ctx) if one.kind == "Account"})


def team_names(ctx: Any) -> Iterator[str]:
    """Yield the teams."""
    yield from sorted({one.key for one in _written_for(ctx) if one.kind == "Cluster"})


def snapshot_ids(ctx: Any) -> Iterator[str]:
    """Yield the snapshots: they are asked of where they are, which takes as long as that takes."""
    del ctx
    from controller.cli import snapshot

    yield from snapshot.snapshot_ids("")


COMPLETERS: Final[Mapping[str, Callable[[Any], Iterator[str]]]] = {
    one.__name__: one
    for one in (kind_names, object_names, scope_names, account_names, team_names, snapshot_ids)
}
"""What completes an option or argument, by the name it has in a shape."""


def _written_for(ctx: Any) -> Iterator[Written]:
    yield from _written(ctx.params.get("--source"), ctx.params.get("--config"))


def _written(source: str | None, config: str | None) -> Iterator[Written]:
    """Yield the documents of the folder that the command or the settings name; none where it is no folder."""
    named = config or process_context().environment.get("ENVCTL_CONFIG", "")
    text, beside = "", Path()
    if named and Path(named).is_file():
        text, beside = Path(named).read_text(encoding="utf-8", errors="replace"), Path(named).parent
    folder = _FOLDER.search(text)
    region = re.search(r"^region:[ \t]*[\"']?([\w-]+)", text, re.MULTILINE)
    place = Path(source) if source else beside / folder[1] if folder else None
    if place is not None and place.is_dir():
        yield from written_in(place, region[1] if region else "eu-west-1")
