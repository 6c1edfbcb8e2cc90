"""A plan that is only looked at, as an answer."""

from functools import partial

from controller import __version__
from controller.errors import ExitCode
from controller.model.plan import Plan
from controller.planning.fields import FieldNames
from controller.planning.plan_file import DOCUMENT
from controller.views.answer import Answer
from controller.views.documents.plan import plan_object
from controller.views.plan.text import text_lines
from controller.views.style import plain


def changes_answer(
    plan: Plan, names: FieldNames, *, expand: bool, says_next: bool = True
) -> Answer:
    """Return the changes; its exit code says whether there are any. ``says_next`` is false of what nobody is to carry out."""
    shown = partial(text_lines, plan, names=names, expand=expand, says_next=says_next)
    return Answer(
        document=DOCUMENT,
        fields=lambda: plan_object(plan, names, __version__),
        text=lambda: plain(shown()),
        styled=shown,
        exit_code=ExitCode.CHANGES if plan.changes else ExitCode.DONE,
    )
