"""Everything that makes a file irregular, each with its place and its fix. The slow twin of ``documents``."""

import codecs
from typing import Final

from controller.loading.covered_text import covered
from controller.loading.documents import MAX_BYTES
from controller.loading.encoding import find_strangers
from controller.loading.excerpts import excerpt
from controller.loading.irregularities import Finding, find_irregularities
from controller.loading.positions import dotted
from controller.model.origin import Origin
from controller.model.problem import Problem, ProblemCode, in_file_order

MAX_PROBLEMS: Final = 100
"""A file with more of them is shown these and a note."""


def find_text_problems(
    path: str, data: bytes, secret_names: frozenset[str] = frozenset()
) -> tuple[Problem, ...]:
    """Return what keeps ``data`` from being read, in file order; nothing exactly if ``parse_documents`` accepts it.

    ``path`` is the file's name in the origins. After an error of syntax the rest of the file is not looked at.
    Values of fields of ``secret_names`` are not shown.
    """
    if len(data) > MAX_BYTES:
        size = f"{len(data) / 2**20:.1f} MiB long; at most {MAX_BYTES // 2**20} MiB are read"
        return (
            Problem(
                Origin(path),
                "",
                f"the file is {size}",
                "split it into several files",
                code=ProblemCode.UNREADABLE_FILE,
            ),
        )
    plain = data.removeprefix(codecs.BOM_UTF8)
    text = plain.decode(errors="replace")
    strangers = find_strangers(plain, MAX_PROBLEMS)
    findings = [Finding(s.place, 1, (), s.message, s.fix) for s in strangers]
    if not any(stranger.fatal for stranger in strangers):
        findings += find_irregularities(plain, text, MAX_PROBLEMS, secret_names)
    shown = covered(text, secret_names)
    problems = in_file_order(
        Problem(
            Origin(path, at.place.line + 1, at.place.column + 1),
            dotted(at.path),
            at.message,
            at.fix,
            excerpt(shown, at.place, at.length),
            code=ProblemCode.SYNTAX,
        )
        for at in findings[:MAX_PROBLEMS]
    )
    if len(findings) <= MAX_PROBLEMS:
        return problems
    note = f"more than {MAX_PROBLEMS} problems; the rest of them is not shown"
    return (
        *problems,
        Problem(problems[-1].origin, "", note, "mend these first", code=ProblemCode.MORE),
    )
