"""What the code tells people to type: the commands of ours in its texts, and how the command line takes them."""

import ast
import re
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

import typer
from typer._click.exceptions import BadParameter, MissingParameter, NoSuchOption
from typer.exceptions import TyperException

from controller.cli.main import app

ROOT: Final = Path(__file__).parents[2]
FILLED: Final = "VALUE"
"""What stands for a part of a text that only a run knows."""
_BEGIN: Final = re.compile(rf"(?<![\w/:.-])(?<!<!-- )envctl(?:{FILLED})? (?=[a-z-])")
"""Behind it a run may fill in the settings that were named; a comment of Markdown tells nobody."""
_WORD: Final = re.compile(r"'[^']*'|\"[^\"]*\"|\S+")
_ARGUMENT: Final = re.compile(
    rf"(?:\{{\}}|[A-Z][A-Z0-9]*(?:[/=|][A-Z]+)*|\S*{FILLED}\S*|\d{{8}}T\S+|latest|config|all|[a-z]+=\S+)(?:\.\.\.|…)?"
)
_BEFORE: Final = ("--config", "--events", "--version")
"""Options before the command."""
_END: Final = re.compile(r"[,;:.)`]+$")


@dataclass(frozen=True, order=True)
class Hint:
    """A command that some text tells to type: its words, up to where the sentence goes on; and the file it stands in."""

    words: tuple[str, ...]
    file: str

    @property
    def command(self) -> str:
        """The words alone, as a reader types them."""
        return " ".join(("envctl", *self.words))

    @property
    def form(self) -> str:
        """The command and its options, without what is given to them."""
        return form(self.words)


def form(words: Sequence[str]) -> str:
    """Return the command that words begin with, and the options among them: ``plan --out``."""
    command: Any = _all_commands()
    named: list[str] = []
    for word in words:
        below = None if named and not hasattr(command, "commands") else _below(command, word)
        if below is not None:
            command, named = below, [*named, word]
    options = sorted({word.partition("=")[0] for word in words if re.match(r"--[a-z]", word)})
    return " ".join((*named, *options))


def hints() -> list[Hint]:
    """Return each command that a text of the code names, once a file; docstrings are not told to anybody."""
    found = {
        Hint(words, str(path.relative_to(ROOT)))
        for path in sorted((ROOT / "controller").rglob("*.py"))
        for text in texts(ast.parse(path.read_text(encoding="utf-8")))
        for words in told_in(text)
    }
    return sorted(found)


def texts(tree: ast.AST) -> Iterator[str]:
    """Yield the texts of a module that somebody may be told; what only a run knows of them is `FILLED`."""
    told_to_nobody = {
        id(node.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    }
    within: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            within.update(map(id, node.values))
            yield "".join(
                str(part.value) if isinstance(part, ast.Constant) else FILLED
                for part in node.values
            )
        elif (
            isinstance(node, ast.Constant)
            and isinstance(node.value, str)
            and id(node) not in told_to_nobody | within
        ):
            yield node.value


def told_in(text: str) -> Iterator[tuple[str, ...]]:
    """Yield the words of each command that a text tells to type."""
    for begun in _BEGIN.finditer(text):
        rest = re.split(r"\n|`|&&| {2,}| [<>|] ", text[begun.end() :], maxsplit=1)[0]
        if words := _whole(rest) or _typed(rest):
            yield words


def _whole(rest: str) -> tuple[str, ...]:
    """Return all words to the end of a line, where the command line takes them as they are; else none."""
    try:
        words = tuple(shlex.split(_END.sub("", rest)))
    except ValueError:
        return ()
    return () if refused(Hint(words, "")) else words


def _typed(rest: str) -> tuple[str, ...]:
    """Return the words that are typed, of a sentence that begins with a command."""
    words: list[str] = []
    command: Any = _all_commands()
    takes_value = False
    for found in _WORD.findall(rest):
        bare = _END.sub("", found).strip("`")
        below = _below(command, bare)
        if takes_value:
            takes_value = False
        elif below is not None:
            command = below
        elif re.match(r"--[a-z]", bare) and (words or bare in _BEFORE):
            takes_value = "=" not in bare and _takes_value(command, bare)
        elif not words or not _ARGUMENT.fullmatch(bare.strip("'\"")):
            break
        words.append(bare.strip("'\""))
        if bare != found:
            break
    return tuple(words)


@cache
def _all_commands() -> Any:
    return typer.main.get_command(app)


@cache
def _below(command: Any, word: str) -> Any:
    if word not in {*getattr(command, "later", {}), *getattr(command, "commands", {})}:
        return None
    return command.get_command(None, word)


def _takes_value(command: Any, option: str) -> bool:
    return any(
        option in one.opts and not one.is_flag for one in command.params if hasattr(one, "is_flag")
    )


@cache
def refused(hint: Hint) -> str:
    """Return why the command line does not take a hint; empty where it does. What only a run fills in has any value."""
    try:
        context = _all_commands().make_context("envctl", list(hint.words))
        while hasattr(context.command, "resolve_command"):
            given = [*context._protected_args, *context.args]
            if not given:
                # A family of commands, which says what it has.
                return ""
            name, command, rest = context.command.resolve_command(context, given)
            context = command.make_context(name, list(rest), parent=context)
    except (MissingParameter, NoSuchOption) as error:
        return error.format_message()
    except BadParameter as error:
        return "" if FILLED in hint.command else error.format_message()
    except TyperException as error:
        return error.format_message()
    return ""
