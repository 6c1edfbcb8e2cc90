"""The pages of docs/reference on events and errors, made from the code."""

from collections.abc import Iterator
from dataclasses import fields

from controller import errors, events
from controller.aws import errors as aws_errors
from controller.errors import ERROR_CLASSES, Consequence, EnvctlError
from controller.events import Event

NOTE = "<!-- Made from the code by `make golden`; edit the code. -->"


def event_pages() -> dict[str, str]:
    """Return file name -> text."""
    return {
        "events.md": "\n".join(_events()),
        "errors.md": "\n".join(_errors()),
    }


def _events() -> Iterator[str]:
    yield f"{NOTE}\n# Events\n"
    yield (
        "`envctl --events FILE COMMAND` appends one line of JSON for each event; `-` is standard error. Every line has `at` (ISO 8601, "
        "UTC), `event` and `level`, and the facts below. `error`: somebody must act; `warning`: degraded, but it converges; `info`: "
        "something changed. No secret is ever a fact. Events and facts may be added; none changes its meaning.\n"
    )
    yield "| event | level | when | facts |\n|---|---|---|---|"
    known = [one for one in vars(events).values() if _is(one, Event)]
    for one in sorted(known, key=lambda event: str(event.name)):
        facts = ", ".join(f"`{field.name}`" for field in fields(one))
        yield f"| `{one.name}` | {one.level} | {_first(one)} | {facts} |"
    yield ""


def _errors() -> Iterator[str]:
    yield f"{NOTE}\n# Errors\n"
    yield (
        "Every message says what failed, where, and after `fix:` what to do. With `--format json` the error is the one document on "
        "standard output, and its `code` is the second column ([JSON](json.md)). Errors are classed by who must act; what is narrower shares the row of "
        "what it narrows. [Exit codes](exit-codes.md) says what happens when several occur.\n"
    )
    yield "| error | class | exit code | another try may help | who acts | meaning |\n|---|---|---|---|---|---|"
    for one, consequence in ERROR_CLASSES.items():
        if one is not EnvctlError:
            yield _error(one, consequence)
            for narrower in _narrower(one):
                yield _error(narrower, consequence)
    bug = ERROR_CLASSES[EnvctlError]
    yield f"| anything else | {bug.condition} | {bug.exit_code} | {bug.retry} | {bug.who_acts} | A defect of this program; the message says where the traceback is. |"
    yield ""


def _narrower(wide: type[EnvctlError]) -> list[type[EnvctlError]]:
    """Return the errors of AWS that share a row."""
    found = [one for one in vars(aws_errors).values() if _is(one, EnvctlError)]
    return [
        one
        for one in found
        if one.__module__ != errors.__name__
        and next(base for base in one.__mro__ if base in ERROR_CLASSES) is wide
    ]


def _error(one: type[EnvctlError], row: Consequence) -> str:
    cells = (one.__name__, row.condition, row.exit_code, row.retry, row.who_acts, _first(one))
    return f"| {' | '.join(map(str, cells))} |"


def _is(one: object, of: type) -> bool:
    return isinstance(one, type) and issubclass(one, of) and one is not of


def _first(one: type) -> str:
    """Return the first paragraph of a docstring in one line."""
    text = (one.__doc__ or "").partition("\n\n")[0]
    return " ".join(text.split()).replace("``", "`").replace("|", "\\|")
