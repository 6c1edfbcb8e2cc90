"""What overrides hold as files of the source: whole files, others' documents to the byte, and what such files cannot say."""

from collections.abc import Mapping
from datetime import UTC, datetime

import pytest

from controller.engine.authoring.override_files import OverrideFiles, OverrideFilesWriter
from controller.engine.config.observe import ObservedConfig
from controller.engine.config.planner import Planner
from controller.engine.desired.load_revision import RevisionLoader
from controller.errors import Unreachable
from controller.kinds.language.kind import DEFAULT_RULES
from controller.model.canonical import parse_canonical
from controller.model.observed import Mark, Observation, ObservedState, Ownership, ScopeState
from controller.model.override import Override
from controller.model.ref import Reason, ResourceRef
from controller.settings import Settings
from tests.support.text_source import TextSource
from tests.support.yaml_fleet import CLUSTER, KINDS, SERVICE

NOW = datetime(2026, 11, 24, 10, tzinfo=UTC)
SEARCH = ResourceRef("Service", "Search")
EDITED = SERVICE.replace("Tango,", "Tango, description: an accident,")


def held(
    texts: Mapping[str, str], tables: Mapping[str, str], state: ScopeState = ScopeState.OK
) -> OverrideFiles:
    """Write down what is held of the service, where Git has some texts and the tables what others made."""
    objects = {}
    for ref, resource in (
        RevisionLoader(KINDS, DEFAULT_RULES).load(TextSource(tables)).desired.resources.items()
    ):
        made, origin = resource.projection, resource.origin
        mark = Mark(
            "acme", "id", "r0", origin.path, origin.line, made.digest, parse_canonical(made.extra)
        )
        objects[ref] = Observation(
            ref, made.attributes, made.digest, mark, Ownership.OURS, b'"base"'
        )
    found = ObservedState("config", state, objects, Reason("out of reach"))
    seen = ObservedConfig((found,), lambda *_: True, lambda *_: False)
    own = Planner(lambda: TextSource(texts), Settings(), KINDS)
    override = Override("HELD01", SEARCH, "restored", "ada", NOW, until_git=True)
    return OverrideFilesWriter(own, KINDS, DEFAULT_RULES).files([override], seen)


def test_a_document_that_changes_is_written_anew_and_the_others_stay_to_the_byte() -> None:
    others = f"# ours\n{CLUSTER}---\n"

    made = held({"all.yaml": others + EDITED}, {"a.yaml": CLUSTER, "b.yaml": SERVICE})

    ((path, content),) = made.files.items()
    assert path == "all.yaml"
    assert content.startswith(others.encode())
    assert b"an accident" not in content
    assert (made.removed, made.by_hand) == ((), ())
    assert held({path: content.decode()}, {"a.yaml": CLUSTER, "b.yaml": SERVICE}).files == {}


def test_a_file_in_which_nothing_is_left_is_named() -> None:
    made = held({"a.yaml": CLUSTER, "b.yaml": SERVICE}, {"a.yaml": CLUSTER})

    assert (made.files, made.removed, made.by_hand) == ({}, ("b.yaml",), ())


def test_what_git_lost_gets_a_file_of_a_name_that_is_free() -> None:
    other = SERVICE.replace("Search", "Pay").replace("400", "401")
    git = {"a.yaml": CLUSTER, "services/search.yaml": other}

    made = held(git, {"a.yaml": CLUSTER, "b.yaml": SERVICE})

    assert list(made.files) == ["services/Search-2.yaml"]
    assert made.by_hand == ()


def test_what_shared_defaults_would_add_again_is_left_to_a_person() -> None:
    defaults = "apiVersion: envctl/v1\nkind: Defaults\nmetadata: {name: d}\nspec:\n  Service: {description: old}\n"

    made = held(
        {"a.yaml": CLUSTER, "b.yaml": SERVICE, "defaults.yaml": defaults},
        {"a.yaml": CLUSTER, "b.yaml": SERVICE},
    )

    assert made.by_hand == ("Service/Search",)


def test_tables_that_cannot_be_read_are_told() -> None:
    with pytest.raises(Unreachable, match="the tables cannot be read: out of reach"):
        held({"a.yaml": CLUSTER}, {"a.yaml": CLUSTER}, ScopeState.UNKNOWN)
