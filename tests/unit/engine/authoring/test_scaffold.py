"""A first document of each kind, as far as the fleet of the examples tells."""

from pathlib import Path

import pytest

from controller import catalog
from controller.engine.authoring.scaffold import Scaffold, scaffold
from controller.engine.desired.load_revision import RevisionLoader
from controller.errors import WrongUsage
from controller.kinds.language.kind import DEFAULT_RULES
from controller.loading.documents import parse_documents
from controller.sources.folder import FolderSource

EXAMPLES = Path(__file__).parents[4] / "examples" / "fleet"


SOURCE = FolderSource(EXAMPLES)


@pytest.fixture(scope="module")
def loader() -> RevisionLoader:
    return RevisionLoader(catalog.kinds(), DEFAULT_RULES)


def made(loader: RevisionLoader, kind: str, name: str, path: str = "new.yaml") -> Scaffold:
    return scaffold(kind, name, path, SOURCE, catalog.kinds(), loader.load)


@pytest.mark.parametrize("kind", sorted(catalog.kinds()))
def test_every_kind_has_one_that_can_be_read(loader: RevisionLoader, kind: str) -> None:
    found = made(loader, kind, "Thing1")

    (document,) = parse_documents(found.text.encode())
    assert document.value["kind"] == kind
    assert document.value["metadata"] == {"name": "Thing1"}
    assert found.text.startswith("# yaml-language-server: $schema=../../schemas/")


def test_a_service_gets_the_next_free_pair_of_ports(loader: RevisionLoader) -> None:
    found = made(loader, "Service", "Payments")

    assert "bluePort: 40000" in found.text
    assert "greenPort: 40001" in found.text
    assert (found.problems, found.open_fields) == ((), ())


@pytest.mark.parametrize(
    ("name", "wanted", "because"),
    [
        ("c51", "environmentType: Staging\n", "only Staging's pattern fits"),
        ("pr7", "environmentType: Prod\n", "only Prod's pattern fits"),
    ],
)
def test_an_environment_gets_the_type_whose_pattern_it_fits(
    loader: RevisionLoader, name: str, wanted: str, because: str
) -> None:
    assert wanted in made(loader, "Environment", name).text, because


def test_what_the_defaults_of_its_folder_give_is_left_out(loader: RevisionLoader) -> None:
    found = made(loader, "Environment", "c51", "staging/c51.yaml")

    assert "environmentType" not in found.text
    assert "$schema=../../../schemas/environment.schema.json" in found.text


def test_a_name_that_does_not_fit_is_a_problem(loader: RevisionLoader) -> None:
    found = made(loader, "Environment", "x1", "staging/x1.yaml")

    (problem,) = found.problems
    assert "does not match the naming pattern" in problem.message


def test_what_only_the_author_knows_stays_open(loader: RevisionLoader) -> None:
    found = made(loader, "Account", "dev")

    assert found.open_fields == ("spec.accountNumber",)
    assert "a quoted number of 12 digits" in found.text
    assert found.problems == ()


def test_an_upstream_takes_its_parts_from_its_name(loader: RevisionLoader) -> None:
    text = made(loader, "Upstream", "c49-Auth").text

    assert "environmentName: c49 " in text
    assert "serviceName: Auth " in text


def test_there_is_no_such_kind(loader: RevisionLoader) -> None:
    with pytest.raises(WrongUsage, match="did you mean Service"):
        made(loader, "Servce", "x")


def test_of_several_types_none_is_taken(loader: RevisionLoader, tmp_path: Path) -> None:
    """The first by its name may be production."""
    network = "{PrivateApp: {availabilityZoneA: subnet-1, availabilityZoneB: subnet-2}}"
    types = "".join(
        f"---\napiVersion: envctl/v1\nkind: EnvironmentType\nmetadata: {{name: {name}}}\n"
        f"spec: {{account: eu, vpcId: vpc-1, subnets: {network}}}\n"
        for name in ("Prod", "Staging")
    )
    (tmp_path / "types.yaml").write_text(types, encoding="utf-8")
    source = FolderSource(tmp_path)

    found = scaffold("Environment", "dev1", "dev1.yaml", source, catalog.kinds(), loader.load)

    assert "environmentType:  # name of an EnvironmentType; one of Prod, Staging\n" in found.text
    assert "owningCluster:  # name of a Cluster; there is none yet\n" in found.text
    assert "schedule:  # when its instances run: on, off, noschedule, or name of a" in found.text


def test_the_first_document_begins_a_folder(loader: RevisionLoader, tmp_path: Path) -> None:
    source = FolderSource(tmp_path)

    found = scaffold("Account", "eu", "a/eu.yaml", source, catalog.kinds(), loader.load)

    assert found.text.startswith("# yaml-language-server: $schema=../schemas/account.schema.json")
    assert (found.schemas, found.open_fields) == ("../schemas/", ("spec.accountNumber",))


def test_a_schedule_that_the_defaults_give_is_not_asked_for(loader: RevisionLoader) -> None:
    assert "spec.schedule" in made(loader, "Environment", "c51").open_fields
    assert "schedule" not in made(loader, "Environment", "c51", "staging/c51.yaml").text
