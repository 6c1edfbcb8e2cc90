"""What a repository begins with loads as it is, whatever was answered; what is wrong is said of its file."""

from pathlib import Path

import pytest

from controller import catalog
from controller.engine.authoring.first_repository import (
    FLEET,
    QUESTIONS,
    first_repository,
    stand_ins,
)
from controller.engine.desired.load_revision import RevisionLoader
from controller.kinds.language.kind import DEFAULT_RULES
from controller.loading.documents import parse_documents
from controller.sources.folder import FolderSource

ANSWERS = {
    **{name: question.usual for name, question in QUESTIONS.items() if question.usual},
    "account_number": "012345670123",
    "email": "platform@acme.example",
    "vpc": "vpc-0f1e2d3c",
    "subnet_a": "subnet-0aaa",
    "subnet_b": "subnet-0bbb",
    "image": "web",
    "schedule": "office-hours",
}


def problems(folder: Path, **answers: str) -> list[str]:
    for name, text in first_repository({**ANSWERS, **answers}, ci="none").items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    loader = RevisionLoader(catalog.kinds(), DEFAULT_RULES)
    return list(map(str, loader.load(FolderSource(folder / FLEET)).problems))


@pytest.mark.parametrize("schedule", ["on", "off", "noschedule", "office-hours"])
def test_it_loads_without_a_problem_or_a_warning(tmp_path: Path, schedule: str) -> None:
    assert problems(tmp_path, schedule=schedule) == []


def test_a_wrong_answer_is_told_where_it_stands(tmp_path: Path) -> None:
    found = problems(tmp_path, account_number="12")

    assert any("accounts/staging.yaml:6:" in problem for problem in found)


def test_an_answer_stays_one_text_and_leaves_the_folder_by_no_name() -> None:
    odd = "../../x: {y} # z"
    files = first_repository({**ANSWERS, "environment": odd, "account": odd}, ci="none")

    assert all(".." not in Path(name).parts for name in files)
    (text,) = (files[name] for name in files if "/environments/" in name)
    (document,) = parse_documents(text.encode())
    assert document.value["metadata"] == {"name": odd}


@pytest.mark.parametrize("ci", ["github", "gitlab", "none"])
def test_every_pipeline_is_yaml_that_validates(ci: str) -> None:
    files = first_repository(ANSWERS, ci=ci)
    pipelines = [text for name, text in files.items() if name.startswith(".")]

    assert len(pipelines) == (ci != "none")
    assert all("envctl --config envctl.yaml validate" in text for text in pipelines)


@pytest.mark.parametrize("team", ["4you", "A", "42", "Über-Team", "ta"])
def test_a_team_of_any_name_has_two_letters(tmp_path: Path, team: str) -> None:
    assert not [problem for problem in problems(tmp_path, team=team) if "shortName" in problem]


def test_each_question_has_an_answer_that_may_stand_in(tmp_path: Path) -> None:
    assert problems(tmp_path, **stand_ins()) == []
