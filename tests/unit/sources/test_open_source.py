from pathlib import Path

import pytest

from controller.errors import WrongUsage
from controller.sources.folder import FolderSource
from controller.sources.git import GitSource
from controller.sources.open_source import FORMS, open_source
from controller.sources.s3 import S3Source
from tests.support.buckets import opening


@pytest.mark.parametrize(
    ("text", "source"),
    [
        ("fleet", FolderSource),
        ("/srv/fleet", FolderSource),
        (".", FolderSource),
        ("./a:b/c", FolderSource),
        ("git+https://git.example/org/repo@main#fleet", GitSource),
        ("git+ssh://git@git.example/org/repo", GitSource),
        ("git+file:///srv/repo", GitSource),
        ("s3://acme-fleet/production", S3Source),
        ("s3://acme-fleet", S3Source),
    ],
)
def test_the_text_says_which_source(text: str, source: type, tmp_path: Path) -> None:
    opened = open_source(text, opening(tmp_path))

    assert type(opened) is source
    assert opened.name == text.removeprefix("./")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("", "FOLDER"),
        ("-x", "FOLDER"),
        ("s3://", "s3://BUCKET[/PREFIX]"),
        ("s3:acme", "s3://BUCKET[/PREFIX]"),
        ("s3://No_Bucket/x", "s3://BUCKET[/PREFIX]"),
        ("s3://acme/a/../b", "the names that the keys begin with"),
        ("s3://acme/a\nb", "the names that the keys begin with"),
        ("ftp://host/x", "git+https://HOST/REPOSITORY"),
        ("nothing:1", "git+https://HOST/REPOSITORY"),
        ("ext::whoami", "git+https://HOST/REPOSITORY"),
        ("git+ext::whoami", "git+https://HOST/REPOSITORY"),
        ("git+http://host/x", "git+https://HOST/REPOSITORY"),
        ("https://git.example/org/repo", "git+ before it"),
        ("git@git.example:org/repo.git", "git+ssh://git@git.example/org/repo.git"),
    ],
)
def test_any_other_text_is_wrong_usage_that_says_what_is_accepted(
    text: str, hint: str, tmp_path: Path
) -> None:
    with pytest.raises(WrongUsage) as refused:
        open_source(text, opening(tmp_path))

    assert hint in str(refused.value)


def test_a_refused_text_does_not_repeat_its_password(tmp_path: Path) -> None:
    for text in ("https://ada:s3cr3t@git.example/x", "git+http://ada:s3cr3t@git.example/x"):
        with pytest.raises(WrongUsage) as refused:
            open_source(text, opening(tmp_path))
        assert "s3cr3t" not in str(refused.value)


def test_no_two_forms_claim_one_scheme() -> None:
    schemes = [scheme for form in FORMS for scheme in form.schemes]

    assert len(schemes) == len(set(schemes))
