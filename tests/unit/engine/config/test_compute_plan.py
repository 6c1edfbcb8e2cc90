"""From a revision and what the tables hold to changes that lead to the line that caused each of them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from controller.catalog import kinds
from controller.engine.config.compute_plan import PlanRules, plan_config, schedule_barriers
from controller.engine.config.observe import ObservedConfig
from controller.engine.desired import find_edits
from controller.engine.desired.find_edits import (
    field_path,
    with_edits,
    yaml_field_names,
)
from controller.engine.desired.load_revision import LoadedRevision, RevisionLoader
from controller.errors import InvalidDesiredState
from controller.kinds.language.kind import DEFAULT_RULES
from controller.model.canonical import ABSENT, canonical_bytes, parse_canonical
from controller.model.observed import Mark, Observation, ObservedState, Ownership, ScopeState
from controller.model.override import Override
from controller.model.plan import Cause, Change, PlanOptions, ScopePlan
from controller.model.ref import Authorship, DocumentPlace, Origin, Reason, ResourceRef
from controller.model.resource import Projection
from controller.planning.fields import EXTRA, Difference, field_changes
from tests.support.text_source import TextSource
from tests.support.yaml_fleet import CLUSTER, KINDS, SERVICE, examples

NOW = datetime(2026, 11, 24, 10, tzinfo=UTC)
ADA = Authorship("c1", "ada")
DEFAULTS = """apiVersion: envctl/v1
kind: Defaults
metadata: {name: services}
spec:
  Service: {description: old}
"""
FLEET = {"cluster.yaml": CLUSTER, "services/search.yaml": SERVICE, "services/d.yaml": DEFAULTS}


def loaded(texts: Mapping[str, str]) -> LoadedRevision:
    return RevisionLoader(KINDS, DEFAULT_RULES).load(TextSource(texts))


def applied(texts: Mapping[str, str], state: ScopeState = ScopeState.OK) -> ObservedState:
    """Return what is found after these texts were applied."""
    objects = {}
    for ref, resource in loaded(texts).desired.resources.items():
        made, origin = resource.projection, resource.origin
        extra = parse_canonical(made.extra)
        mark = Mark("acme", "id", "r0", origin.path, origin.line, made.digest, extra)
        objects[ref] = Observation(
            ref, made.attributes, made.digest, mark, Ownership.OURS, b'"base"'
        )
    return ObservedState("config", state, objects, Reason("why"))


def planned(
    before: Mapping[str, str],
    after: Mapping[str, str],
    *,
    recorded: bool = True,
    missed: bool = False,
    asked: list[Sequence[DocumentPlace]] | None = None,
    state: ScopeState = ScopeState.OK,
) -> ScopePlan:
    revision = loaded(after)

    def authors(places: Iterable[DocumentPlace]) -> Mapping[DocumentPlace, Authorship]:
        found = tuple(places)
        if asked is not None:
            asked.append(found)
        return dict.fromkeys(found, ADA)

    return plan_config(
        revision,
        ObservedConfig((), lambda _ref, _items: recorded, lambda _ref, _items: missed),
        applied(before, state),
        PlanOptions(now=NOW),
        PlanRules(kinds()),
        authors=authors,
    )


def edits(plan: ScopePlan) -> list[str]:
    """Return each change with the place and the name of the edit it comes from."""
    return [
        f"{one.action} {one.ref}: {one.edit.origin} {one.edit.what}".rstrip() if one.edit else ""
        for one in plan.changes
    ]


def put(path: str, text: str, by: str) -> dict[str, str]:
    assert text in FLEET[path]
    return {**FLEET, path: FLEET[path].replace(text, by)}


@pytest.mark.parametrize(
    ("after", "wanted", "because"),
    [
        (FLEET, [], "nothing has changed"),
        (put("services/d.yaml", "old", "new"),
         ["update Service/Search: services/d.yaml:5 Service.description"],
         "a field of a Defaults leads to the Defaults"),
        (put("services/search.yaml", "Tango,", "Tango, description: own,"),
         ["update Service/Search: services/search.yaml:4 Service/Search description"],
         "a field of the document"),
        (put("services/search.yaml", "Tango,", "Tango, description: own, primaryContact: me,"),
         ["update Service/Search: services/search.yaml:1 Service/Search"],
         "several fields lead to the document"),
        (put("cluster.yaml", "{name: Tango}", "{name: Tango, labels: {a: b}}"),
         ["update Cluster/Tango: cluster.yaml:3 Cluster/Tango metadata.labels"],
         "a label"),
        ({**FLEET, "new.yaml": SERVICE.replace("Search", "Pay").replace("400", "401")},
         ["create Service/Pay: new.yaml added"], "a create leads to its file"),
    ],
)  # fmt: skip
def test_the_edit_behind_a_change(
    after: Mapping[str, str], wanted: list[str], because: str
) -> None:
    assert edits(planned(FLEET, after)) == wanted, because


def test_a_role_of_a_map_leads_to_its_own_line_or_to_the_defaults_of_the_roles() -> None:
    path = "maps/maps.yaml"
    text = examples()[path]
    own = text.replace("desiredCapacity: 2", "desiredCapacity: 3", 1)
    assert own != text

    (change,) = planned(examples(), {**examples(), path: own}).changes

    assert change.edit is not None
    assert change.edit.origin.line == next(
        number for number, line in enumerate(own.splitlines(), 1) if "desiredCapacity: 3" in line
    )


def test_who_touched_the_documents_is_asked_once_and_only_for_what_changes() -> None:
    asked: list[Sequence[DocumentPlace]] = []

    plan = planned(FLEET, put("services/d.yaml", "old", "new"), asked=asked)
    planned(FLEET, FLEET, asked=asked)

    # The value comes from the folder's defaults: whoever edited those changed the service.
    assert [[place.path for place in places] for places in asked] == [["services/d.yaml"]]
    assert plan.changes[0].authorship == ADA


@pytest.mark.parametrize(("recorded", "wanted"), [(True, ["Service/Search"]), (False, [])])
def test_what_nobody_recorded_is_not_pruned(recorded: bool, wanted: list[str]) -> None:
    plan = planned(FLEET, {"cluster.yaml": CLUSTER}, recorded=recorded)

    assert [str(one.ref) for one in plan.changes] == wanted
    assert bool(plan.notes) is not recorded


@pytest.mark.parametrize(("missed", "cause"), [(True, Cause.DRIFTED), (False, Cause.EDITED)])
def test_what_was_deleted_behind_our_back_is_drift(missed: bool, cause: Cause) -> None:
    (change,) = planned({"cluster.yaml": CLUSTER}, FLEET, missed=missed).changes

    assert (change.action, change.cause) == ("create", cause)


def test_a_value_that_must_stay_is_a_problem_at_its_place() -> None:
    with pytest.raises(InvalidDesiredState) as caught:
        planned(FLEET, put("services/search.yaml", "40012", "40016"))

    (problem,) = caught.value.problems
    assert "40012, which stays for good" in problem.message
    assert problem.origin.path == "services/search.yaml"
    assert problem.origin.column > 1
    assert problem.excerpt is not None
    assert "bluePort: 40016" in problem.excerpt.text


def test_in_a_scope_that_is_not_known_nothing_is_planned() -> None:
    after = put("services/search.yaml", "40012", "40016")

    plan = planned(FLEET, after, state=ScopeState.UNKNOWN)

    assert (plan.changes, plan.state, plan.reason) == ((), ScopeState.UNKNOWN, "why")


def test_of_very_many_changes_single_places_are_not_looked_up() -> None:
    revision = loaded(FLEET)
    (one,) = planned(FLEET, put("services/d.yaml", "old", "new")).changes
    many = (one,) * (find_edits.MAX_LOOKED_UP + 1)

    assert with_edits(many, revision.desired.resources, revision.origins) is many


@pytest.mark.parametrize(
    ("shown", "path"),
    [
        ("bluePort", ("spec", "bluePort")),
        ("metadata.labels.a", ("metadata", "labels", "a")),
        ("roles.Web.ami", ("spec", "roles", 0, "ami")),
        ("roles[1].ami", ("spec", "roles", 1, "ami")),
        ("roles.Gone.ami", ("spec", "roles", "Gone", "ami")),
        ("roles[9].ami", ("spec", "roles", 9, "ami")),
    ],
)
def test_a_field_of_a_plan_is_found_in_the_document(shown: str, path: tuple[Any, ...]) -> None:
    resources = loaded(examples()).desired.resources
    a_map = next(
        one
        for ref, one in resources.items()
        if ref.kind == "DeploymentMap"
        and parse_canonical(one.document)["spec"]["roles"][0]["serverRoleName"] == "Web"
    )

    assert field_path(shown, a_map) == path


@pytest.mark.parametrize(
    ("ref", "path", "name", "sensitive"),
    [
        ("Service/Search", ("InfraConfigServices", "Value", "BluePort"), "bluePort", False),
        ("Cluster/Tango", ("InfraConfigClusters", "ClusterName"), "metadata.name", False),
        ("Service/Search", (EXTRA, "metadata", "labels", "a"), "metadata.labels.a", False),
        ("Environment/c50", (EXTRA, "spec", "lifecycle"), "lifecycle", False),
        ("EnvironmentType/S", ("ConfigEnvironmentTypes", "Value", "LicenseKeys", "NewRelicKey"),
         "licenseKeys.newRelicKey", True),
        ("Gadget/x", ("T", "A"), "T.A", False),
        ("Service/Search", ("InfraConfigServices",), "InfraConfigServices", False),
    ],
)  # fmt: skip
def test_fields_go_by_the_names_of_the_yaml(
    ref: str, path: tuple[Any, ...], name: str, sensitive: bool
) -> None:
    names, of = yaml_field_names(kinds()), ResourceRef.parse(ref)

    assert names.name_path(of, path) == name
    assert names.is_sensitive(of, path) is sensitive


@pytest.mark.parametrize(
    ("ref", "path", "value", "shown"),
    [
        ("Account/a", ("InfraConfigAccounts", "AccountNumber"), 12345670123, "accountNumber 012345670123"),
        ("Account/a", ("InfraConfigAccounts", "AccountNumber"), "odd", "accountNumber odd"),
        ("Account/a", ("InfraConfigAccounts", "AccountName"), "a", "metadata.name a"),
        ("EnvironmentType/S", ("ConfigEnvironmentTypes", "Value", "AWSAccountNumber"), "012345670123",
         "account (AWSAccountNumber) 012345670123"),
        ("EnvironmentType/S", ("ConfigEnvironmentTypes", "Value", "AWSAccountName"), "a", "account a"),
        ("Upstream/u", ("LoadBalancerUpstreams", "AccountId"), "012345670123",
         "environmentName (AccountId) 012345670123"),
        ("Gadget/x", ("T", "A"), 1, "T.A 1"),
        ("Service/Search", (EXTRA, "metadata", "labels", "a"), "b", "metadata.labels.a b"),
    ],
)  # fmt: skip
def test_what_comes_is_told_as_the_yaml_writes_it(
    ref: str, path: tuple[Any, ...], value: Any, shown: str
) -> None:
    difference = Difference(path, ABSENT, value)
    names = yaml_field_names(kinds())
    (field,) = field_changes(ResourceRef.parse(ref), [difference], names, whole=True)
    assert f"{field.path} {field.after}" == shown
    (edited,) = field_changes(ResourceRef.parse(ref), [difference], names)
    assert "(" not in edited.path


def test_a_loader_does_again_only_what_changed() -> None:
    loader = RevisionLoader(KINDS, DEFAULT_RULES)
    first = loader.load(TextSource(FLEET))

    second = loader.load(TextSource(put("services/d.yaml", "old", "new")))

    tango = ResourceRef("Cluster", "Tango")
    assert second.loaded.resources[tango] is first.loaded.resources[tango]
    assert first.origins.origin("services/search.yaml", 0, ("spec", "description")) == Origin(
        "services/d.yaml", 5, 26
    )


def test_what_is_wrong_is_raised_when_the_desired_state_is_asked_for_and_warnings_are_not() -> None:
    broken = loaded({"a.yaml": SERVICE, "b.yaml": CLUSTER.replace("ta}", "TA}")})

    with pytest.raises(InvalidDesiredState) as caught:
        _ = broken.desired

    assert len(caught.value.problems) == sum(not problem.warning for problem in broken.problems)
    assert loaded(FLEET).desired.label == "texts"


def change_of(plan: ScopePlan) -> Change:
    (one,) = plan.changes
    return one


def test_the_changes_of_a_plan_are_the_same_each_time() -> None:
    after = put("services/d.yaml", "old", "new")

    assert change_of(planned(FLEET, after)) == change_of(planned(FLEET, after))


@pytest.mark.parametrize(
    ("actions", "held"),
    [(5, True), ("SCHEDULE_ENVIRONMENT", True), ({}, True), (None, False), (["BULK_PATCH_AMI"], False)],
)  # fmt: skip
def test_protected_actions_that_somebody_damaged_go_on_protecting(actions: Any, held: bool) -> None:
    """What they were is not known, so the schedule stays until the type is put back."""
    kind, environment = ResourceRef("EnvironmentType", "Staging"), ResourceRef("Environment", "c50")
    items = {"ConfigEnvironmentTypes": {"Value": {"ProtectedActions": actions}}}

    def environments(schedule: str) -> bytes:
        flags = {"ManualScheduleUp": schedule == "on", "ScheduleAutomatically": False}
        return canonical_bytes(
            {
                "ConfigEnvironments": {"Value": {"EnvironmentType": "Staging"}},
                "InfraOpsEnvironment": {"Value": flags},
            }
        )

    wanted = Projection(environment, environments("on"), b"{}", "new")
    objects = {
        kind: Observation(kind, canonical_bytes(items), "d", None, Ownership.OURS, b"{}"),
        environment: Observation(environment, environments("off"), "old", None, Ownership.OURS, b"{}"),
    }  # fmt: skip
    found = ObservedState("config", ScopeState.OK, objects)
    barriers = list(schedule_barriers({environment: wanted}, found))
    assert [barrier.guard for barrier in barriers] == (["protectedActions"] if held else [])


def test_the_ledger_is_not_asked_of_what_overrides_leave_as_it_is() -> None:
    asked: list[ResourceRef] = []

    def ask(ref: ResourceRef, _items: bytes) -> bool:
        asked.append(ref)
        return True

    before, after = (
        {**FLEET, "pay.yaml": SERVICE.replace("Search", "Pay").replace("400", "401")},
        FLEET,
    )
    held = Override("H", ResourceRef("Service", "Pay"), "restored", "ada", NOW, until_git=True)
    missing = replace(held, id="M", ref=ResourceRef("Service", "Search"))
    state = applied(before)
    there = {ref: found for ref, found in state.objects.items() if ref != missing.ref}

    plan = plan_config(
        loaded(after),
        ObservedConfig((), ask, ask),
        replace(state, objects=there),
        PlanOptions(now=NOW),
        PlanRules(kinds()),
        overrides=(held, missing),
        authors=None,
    )

    assert asked == []
    assert plan.changes == ()


def test_the_ledger_is_asked_once_of_each_that_leaves_and_never_again_of_a_tombstone() -> None:
    removed = 1_000
    asked: list[ResourceRef] = []

    def ask(ref: ResourceRef, _items: bytes) -> bool:
        asked.append(ref)
        return True

    def made(found: ObservedState) -> ScopePlan:
        asked.clear()
        answers = ObservedConfig((), ask, ask)
        return plan_config(
            after, answers, found, PlanOptions(now=NOW), PlanRules(kinds()), authors=None
        )

    texts, state = {"cluster.yaml": CLUSTER}, applied(FLEET)
    after, search = loaded(texts), state.objects[ResourceRef("Service", "Search")]
    there = [search._replace(ref=ResourceRef("Service", f"s{one}")) for one in range(removed)]
    objects = {**applied(texts).objects, **{one.ref: one for one in there}}

    first = made(replace(state, objects=objects))

    assert len(asked) == len(first.changes) == removed
    for change in first.changes:
        assert change.after is not None
        extra = parse_canonical(change.extra)
        mark = Mark("acme", "id", "r1", "services/search.yaml", 1, change.digest, extra)
        objects[change.ref] = search._replace(
            ref=change.ref, attributes=change.after, digest=change.digest, mark=mark
        )

    second = made(replace(state, objects=objects))

    assert asked == []
    assert second.changes == ()
