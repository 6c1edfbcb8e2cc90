"""A first document of each kind, as far as the fleet of the examples tells."""

import re
from pathlib import Path

import pytest

from controller import catalog
from controller.engine.authoring.first_repository import FLEET, first_repository, stand_ins
from controller.engine.authoring.scaffold import Scaffold, scaffold
from controller.engine.desired.load_revision import RevisionLoader
from controller.errors import WrongUsage
from controller.kinds.language.kind import DEFAULT_RULES
from controller.loading.documents import parse_documents
from controller.sources.folder import FolderSource

TOLD_BY_A_PROBLEM = {"Calendar", "Permission", "Schedule"}
"""Kinds of which one of several forms is chosen: which there are is told as what is still wrong."""
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


NAMED = {"Upstream": "dev1-Auth"}

FILLED = {
    "accountNumber": '"012345670124"',
    "ami": "web",
    "deploymentMap": "web",
    "environmentName": "dev1",
    "environmentType": "Staging",
    "frontEnd": "true",
    "owningCluster": "Platform",
    "path": "/",
    "port": "443",
    "schedule": "on",
    "serverName": "[a.example]",
    "serverRoleName": "Api",
    "serviceName": "Auth",
    "shortName": "ab",
    "subnets": "{PrivateApp: {availabilityZoneA: subnet-1, availabilityZoneB: subnet-2}}",
    "text": "hello",
    "vpcId": "vpc-0f1e2d3c",
}
"""What an author writes behind a field that was left open."""


SERVES = (
    "  loadBalancers: [lb1.acme.example]\n"
    "  consul: {dataCenter: staging, servers: [10.0.0.10], securityTokenPath: {bucket: b, key: c.json}}\n"
)
"""What a type needs by which routes are served."""


@pytest.mark.parametrize("kind", sorted(catalog.kinds()))
def test_what_is_named_is_all_that_there_is_to_fill_in(
    loader: RevisionLoader, tmp_path: Path, kind: str
) -> None:
    for path, text in first_repository(stand_ins(), ci="none").items():
        served = text.replace("  subnets:\n", f"{SERVES}  subnets:\n")
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(served, encoding="utf-8")
    service = "apiVersion: envctl/v1\nkind: Service\nmetadata: {name: Auth}\nspec: {owningCluster: Platform, bluePort: 40000, greenPort: 40001}\n"  # fmt: skip
    (tmp_path / FLEET / "auth.yaml").write_text(service, encoding="utf-8")
    source = FolderSource(tmp_path / FLEET)
    found = scaffold(
        kind, NAMED.get(kind, "x9"), "new/x9.yaml", source, catalog.kinds(), loader.load
    )
    if kind in TOLD_BY_A_PROBLEM:
        (problem,) = found.remaining
        assert problem.fix
        assert found.open_fields == ()
        return

    text = found.text
    for field in found.open_fields:
        name = field.rpartition(".")[2]
        text, count = re.subn(rf"\b{name}:  #", f"{name}: {FILLED[name]}  #", text)
        assert count == 1, field
    assert "$schema=../../schemas/" in text
    (tmp_path / FLEET / "new").mkdir()
    (tmp_path / FLEET / "new/x9.yaml").write_text(text, encoding="utf-8")

    assert list(map(str, loader.load(source).problems)) == []


def test_of_several_accounts_none_is_taken(loader: RevisionLoader) -> None:
    assert "account:  # name of an Account; one of " in made(loader, "EnvironmentType", "New").text


def test_defaults_begin_with_nothing(loader: RevisionLoader, tmp_path: Path) -> None:
    source = FolderSource(tmp_path)

    found = scaffold("Defaults", "eu", "eu/defaults.yaml", source, catalog.kinds(), loader.load)

    assert found.text.startswith("# yaml-language-server: $schema=../schemas/defaults.schema.json")
    (tmp_path / "defaults.yaml").write_text(found.text, encoding="utf-8")
    assert list(loader.load(source).problems) == []
