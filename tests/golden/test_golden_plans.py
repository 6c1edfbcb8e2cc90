"""Each story's plan, byte for byte: ``make golden`` writes the files, the reviewer reads the difference.

A JSON document of more than a thousand lines is kept as a digest of all of it, and the ends of its long lists.
"""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from controller.model.plan import Plan
from controller.planning.observed_json import read_observed, write_observed
from controller.planning.plan_file import plan_schema
from controller.views.documents.plan import render_json
from controller.views.plan.markdown import Links, render_markdown
from controller.views.plan.text import text_lines
from controller.views.style import plain
from tests.golden.review_stories import (
    a_retired_environment_takes_its_groups,
    one_account_only_observes,
    values_that_would_be_read_as_something_else,
)
from tests.golden.schedule_story import fifty_nine_environments_stay_longer
from tests.golden.stories import NAMES, STORIES, Scope, desired_object, plan_of

ALL_STORIES = (
    *STORIES,
    fifty_nine_environments_stay_longer,
    a_retired_environment_takes_its_groups,
    one_account_only_observes,
    values_that_would_be_read_as_something_else,
)
HERE = Path(__file__).parent
MOST_LINES = 1000
LINKS = Links("https://github.com/acme/fleet/blob/9f1e0aa", "https://github.com/acme/fleet/actions")
ENDS = {"plan.json": 10, "desired.json": 3, "observed.json": 3}
"""So many members are kept of each end of a long list: creates stand at the beginning of a plan, deletes at its end."""


def rendered(plan: Plan) -> dict[str, str]:
    """The plan in every golden form, by file name."""
    return {
        "plan.txt": plain(text_lines(plan, names=NAMES)),
        "plan.md": render_markdown(plan, names=NAMES, links=LINKS),
        "plan.json": render_json(plan, names=NAMES, controller_version="golden").decode(),
    }


def written(value: Any) -> str:
    return json.dumps(value, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def reviewed(name: str, text: str) -> str:
    """What is kept of a file: all of it, unless nobody would read that."""
    if not name.endswith(".json") or text.count("\n") <= MOST_LINES:
        return text
    document = {
        "lines": text.count("\n"),
        "sha256": hashlib.sha256(text.encode()).hexdigest(),
        "shortened": shortened(json.loads(text), ENDS[name]),
    }
    return written(document)


def shortened(value: Any, ends: int) -> Any:
    """The value with the ends of its long lists, and how many members they have."""
    if isinstance(value, dict):
        return {key: shortened(member, ends) for key, member in value.items()}
    if not isinstance(value, list):
        return value
    if len(value) > 2 * ends:
        value = [*value[:ends], f"… {len(value) - 2 * ends} more of {len(value)}", *value[-ends:]]
    return [shortened(member, ends) for member in value]


@pytest.mark.parametrize("story", ALL_STORIES, ids=lambda story: story.__name__)
def test_golden_plan(story: Callable[[], list[Scope]], rewrite_golden: bool) -> None:
    folder, scopes = HERE / story.__name__, story()
    observed = write_observed(scope.observed for scope in scopes)
    plan = plan_of(scopes, read_observed(observed))
    files = {
        "desired.json": written([desired_object(scope) for scope in scopes]),
        "observed.json": observed.decode(),
        **rendered(plan),
    }
    kept = {name: reviewed(name, text) for name, text in files.items()}
    if rewrite_golden:
        folder.mkdir(exist_ok=True)
        for name, text in kept.items():
            (folder / name).write_text(text, encoding="utf-8", newline="\n")

    stored = {name: (folder / name).read_text(encoding="utf-8") for name in kept}
    assert stored == kept
    jsonschema.validate(json.loads(files["plan.json"]), plan_schema())


def test_every_folder_is_a_story() -> None:
    folders = {path.name for path in HERE.iterdir() if path.is_dir() and path.name[0] != "_"}

    assert folders == {story.__name__ for story in ALL_STORIES}
