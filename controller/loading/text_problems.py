"""Issues and broken files as Problems: with file, line, column, an excerpt and the fix.

Everything that makes a file irregular is told, each with its place and its fix: the slow twin of ``documents``.
"""

import codecs
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby, islice
from typing import Final

from controller.kinds.language.kind import DEFAULTS, Elsewhere, Kinds
from controller.loading.covered import NOTHING, CoveredNames, covered
from controller.loading.documents import INVISIBLE, MAX_BYTES
from controller.loading.issues import PlacedIssue, secret_names_of
from controller.loading.load import Loaded
from controller.loading.positions import TOP, FieldOrigins, Spot, dotted, excerpt
from controller.loading.yaml_errors import TextFinding, find_yaml_errors
from controller.model.ref import (
    Excerpt,
    Origin,
    Problem,
    ProblemCode,
    RelatedPlace,
    ResourceRef,
    in_file_order,
)
from controller.model.resource import Resource
from controller.model.source_bounds import MAX_PROBLEMS, SOURCE_ROOT, first_problems

_CONTROL: Final = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What libyaml refuses to read."""

_WORD: Final = re.compile(r"""[^\s'",:\[\]{}#/]+""")
"""What may be a name in text that is no YAML."""

_UTF_16: Final = (b"\xff\xfe", b"\xfe\xff")
_LINE_ENDS: Final = ("\n", "\r", "\x85", "\u2028", "\u2029")
_AS_UTF_8: Final = "save the file as UTF-8"
_ESCAPE: Final = 'remove it, or write it as an escape in "double quotes"'

_CONFLICT_MARK: Final = re.compile(r"^<{7}(?: .*)?$", re.MULTILINE)
_CONFLICT: Final = (
    "a merge conflict that nobody has resolved",
    "keep the lines that are meant, and remove those that begin with <<<<<<<, ======= and >>>>>>>",
)

_MAX_BROKEN_BYTES: Final = 2 * MAX_BYTES
"""Of files that are no regular YAML, all is told of the first so many bytes: that takes some two seconds."""


def find_text_problems(
    path: str, data: bytes, secret_names: CoveredNames = NOTHING
) -> tuple[Problem, ...]:
    """Return what keeps ``data`` from being read, in file order; nothing exactly if ``parse_documents`` accepts it.

    ``path`` is the file's name in the origins. After an error of syntax the rest of the file is not looked at.
    Values of fields of ``secret_names`` are not shown.
    """
    if len(data) > MAX_BYTES:
        size = f"{len(data) / 2**20:.1f} MiB long; at most {MAX_BYTES // 2**20} MiB are read"
        message, fix = f"the file is {size}", "split it into several files"
        return (Problem(Origin(path), "", message, fix, code=ProblemCode.UNREADABLE_FILE),)
    plain = data.removeprefix(codecs.BOM_UTF8)
    text = plain.decode(errors="replace")
    findings, readable = _unreadable(plain)
    if readable:
        findings += find_yaml_errors(plain, text, MAX_PROBLEMS, secret_names)
    shown = covered(text, secret_names)
    problems = in_file_order(
        Problem(
            Origin(path, at.place.line + 1, at.place.column + 1),
            dotted(at.path),
            at.message,
            at.fix,
            _hidden(excerpt(shown, at.place, at.length), key=False)
            if at.hidden and secret_names.secret
            else excerpt(shown, at.place, at.length),
            code=ProblemCode.SYNTAX,
        )
        for at in findings[:MAX_PROBLEMS]
    )
    if len(findings) <= MAX_PROBLEMS:
        return problems
    note = f"more than {MAX_PROBLEMS} problems; the rest of them is not shown"
    return (*problems, _more(problems[-1].origin, note, len(findings) - MAX_PROBLEMS))


def _more(origin: Origin, message: str, others: int, *, warning: bool = False) -> Problem:
    fix, code = "mend these first", ProblemCode.MORE
    return Problem(origin, "", message, fix, warning=warning, code=code, others=others)


def _unreadable(data: bytes) -> tuple[list[TextFinding], bool]:
    """Return what of the bytes is no readable text, at most ``MAX_PROBLEMS`` of each sort, and whether the rest can be read."""
    if data.startswith(_UTF_16) or b"\0" in data[:2]:
        message = "expected UTF-8, found UTF-16, UTF-32 or binary data"
        return [TextFinding(TOP, 1, (), message, _AS_UTF_8)], False
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        before = data[: error.start].decode()
        spot = next(_spots(before, iter([len(before)])))
        message = f"byte 0x{data[error.start]:02x} is no UTF-8"
        return [TextFinding(spot, 1, (), message, _AS_UTF_8)], False
    found = {
        sort: [
            TextFinding(spot, 1, (), f"{sort} character {_code_point(text[spot.index])}", _ESCAPE)
            for spot in _spots(
                text, map(re.Match.start, islice(pattern.finditer(text), MAX_PROBLEMS))
            )
        ]
        for sort, pattern in (("control", _CONTROL), ("invisible", INVISIBLE))
    }
    if conflict := _CONFLICT_MARK.search(text):
        # Nothing that is said of the rest of such a file would help.
        spot = next(_spots(text, iter([conflict.start()])))
        return [TextFinding(spot, None, (), *_CONFLICT)], False
    # libyaml stops at control characters.
    return [*found["control"], *found["invisible"]], not found["control"]


def _code_point(character: str) -> str:
    return "NUL" if character == "\0" else f"U+{ord(character):04X}"


def _spots(text: str, indexes: Iterator[int]) -> Iterator[Spot]:
    """Yield the places of ascending indexes, counting lines as libyaml does, reading the text once."""
    ends = _LINE_ENDS[:2] if text.isascii() else _LINE_ENDS
    line = start = done = 0
    for index in indexes:
        line += sum(text.count(end, done, index) for end in ends) - text.count("\r\n", done, index)
        start = max(start, *(text.rfind(end, done, index) + 1 for end in ends))
        done = index
        yield Spot(line, index - start, index)


def problems_of(loaded: Loaded, origins: FieldOrigins, kinds: Kinds) -> tuple[Problem, ...]:
    """Return the first problems and warnings of a load, in file order, each once; the rest is counted.

    ``origins`` are those of the revision; it reads only files of which a problem is told.
    """
    if not (loaded.exceeded or loaded.broken or loaded.issues):
        return ()
    placer = ProblemPlacer(origins, loaded.resources)
    problems = [*loaded.exceeded, *_of_broken(loaded.broken, secret_names_of(kinds))]
    words = {
        word.casefold()
        for text in loaded.broken.values()
        for word in _WORD.findall(text.decode(errors="replace"))
    }
    checked = [issue for issue in loaded.issues if not _may_be_in(words, issue)]
    if len(checked) < len(loaded.issues):
        problems.append(_unchecked(min(loaded.broken), len(loaded.issues) - len(checked)))
    by_file = sorted(checked, key=lambda placed: (placed.path, placed.index))
    room, untold = {False: MAX_PROBLEMS, True: MAX_PROBLEMS}, {False: 0, True: 0}
    for _, of_file in groupby(by_file, key=lambda placed: placed.path):
        problems += _of_file(list(dict.fromkeys(of_file)), placer, room, untold)
    place = Origin(SOURCE_ROOT)
    problems += [
        _more(place, "more", count, warning=sort) for sort, count in untold.items() if count
    ]
    return first_problems(dict.fromkeys(problems))


def _may_be_in(words: Collection[str], placed: PlacedIssue) -> bool:
    """Tell whether an issue says that there is no object of a name that stands in a file which cannot be read."""
    name = placed.issue.named[1].casefold()
    return bool(name) and all(part in words for part in name.split("/"))


def _unchecked(path: str, count: int) -> Problem:
    named = "1 reference is" if count == 1 else f"{count:,} references are"
    message = f"{named} not checked: what is named may be in a file that cannot be read"
    fix, code = "mend that file first", ProblemCode.MORE
    return Problem(Origin(path), "", message, fix, warning=True, code=code, others=count)


def _of_broken(broken: Mapping[str, bytes], secret_names: CoveredNames) -> Iterator[Problem]:
    left = _MAX_BROKEN_BYTES
    for path, text in broken.items():
        if left >= 0:
            yield from find_text_problems(path, text, secret_names)
        else:
            message, fix = "the file is not entirely regular YAML", "mend the others first"
            yield Problem(Origin(path), "", message, fix, code=ProblemCode.SYNTAX)
        left -= len(text)


def _of_file(
    issues: list[PlacedIssue],
    placer: "ProblemPlacer",
    room: dict[bool, int],
    untold: dict[bool, int],
) -> Iterator[Problem]:
    """Place as many problems, and warnings, as there is ``room`` for; the others are counted, where none is told as ``untold``."""
    told: list[Problem] = []
    for warning, left in room.items():
        of_sort = [issue for issue in issues if issue.issue.warning is warning]
        single = [issue for issue in of_sort if not issue.issue.others]
        first = [placer.place(issue) for issue in single[:left]]
        told += first
        room[warning] -= len(first)
        others = len(single) - len(first) + sum(issue.issue.others for issue in of_sort)
        if others and first:
            what = "warnings" if warning else "problems"
            message = f"and {others:,} more {what} in this file"
            yield _more(in_file_order(first)[-1].origin, message, others, warning=warning)
        else:
            untold[warning] += others
    yield from told


@dataclass(frozen=True, slots=True)
class ProblemPlacer:
    """Gives issues of one revision their places: where what they are about was written, here and in other documents."""

    origins: FieldOrigins
    resources: Mapping[ResourceRef, Resource]
    """The objects of the revision."""

    def place(self, placed: PlacedIssue) -> Problem:
        """Return an issue with its places, and the line of the first."""
        issue, origins = placed.issue, self.origins
        related = tuple([place for other in issue.elsewhere for place in self._related(other)])
        if not origins.has(placed.path):
            # What is no YAML has no lines: its origin names the object.
            return issue.at(Origin(placed.path), dotted(issue.path), related=related)
        written = origins.written(placed.path, placed.index, issue.path)
        if not origins.is_cheap(written.path):
            return issue.at(Origin(placed.path, placed.line), dotted(issue.path), related=related)
        position = origins.position(written, key=issue.at_key)
        excerpt = position.excerpt
        return issue.at(
            position.origin(written.path),
            dotted(written.field),
            _hidden(excerpt, key=issue.at_key) if issue.hidden else excerpt,
            related,
        )

    def _related(self, other: Elsewhere) -> Iterator[RelatedPlace]:
        """Yield the place of another field; none where its object is not in the revision."""
        name = DEFAULTS if other.ref is None else str(other.ref)
        made = None if other.ref is None else self.resources.get(other.ref)
        if other.document is not None:
            path, index = other.document
        elif made is not None:
            path, index = made.origin.path, made.place
        else:
            return
        if not self.origins.has(path):
            yield RelatedPlace(Origin(path), name, dotted(other.path))
            return
        written = self.origins.written(path, index, other.path)
        if self.origins.is_cheap(written.path):
            origin = self.origins.position(written).origin(written.path)
        else:
            origin = Origin(path) if made is None else Origin(path, made.origin.line)
        yield RelatedPlace(origin, name, dotted(written.field))


def _hidden(shown: Excerpt, *, key: bool) -> Excerpt:
    """Cover the value and what follows it on the line: it may be a secret in the wrong place. A key is left."""
    if key:
        end = shown.start + shown.length
        return Excerpt(f"{shown.text[:end]}: ***", shown.start, shown.length)
    return Excerpt(f"{shown.text[: shown.start]}***", shown.start, 3)
