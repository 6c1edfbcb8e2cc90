"""Who last touched a file, over histories with branches, merges, reverts and holes."""

from pathlib import Path

import pytest

from controller.model.ref import UNKNOWN_AUTHORSHIP, Authorship, DocumentPlace, ResourceRef
from controller.sources.git import GitSource
from controller.sources.location import GitLocation
from tests.support.git_repository import Repository

LINES = "".join(f"line{number}: x\n" for number in range(20))


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    repository = Repository.at(tmp_path / "origin")
    repository.commit({"a.yaml": LINES, "b.yaml": "b: 1\n"}, "First", author="Ada Author")
    return repository


def source_of(repository: Repository, path: str = "") -> GitSource:
    cache = repository.folder.parent / "cache"
    return GitSource(GitLocation(repository.url, "main", path), cache)


def touched(source: GitSource, *paths: str) -> dict[str, Authorship]:
    """Return who last touched files as such."""
    found = source.authorship(map(DocumentPlace, paths))
    return {place.path: author for place, author in found.items()}


def author_of(repository: Repository, path: str) -> str:
    return touched(source_of(repository), path)[path].author.partition(" <")[0]


def test_the_newest_commit_that_changed_the_file(repository: Repository) -> None:
    second = repository.commit({"a.yaml": "a: 2\n"}, "Change a\n\nbody", author="Bob Bauer")
    repository.commit({"b.yaml": "b: 2\n"}, "Change b", author="Cy Cook")

    found = touched(source_of(repository), "a.yaml")["a.yaml"]

    assert (found.commit, found.author) == (second, "Bob Bauer <bob@example.com>")
    assert found.subject == "Change a"
    assert found.date == repository.git("log", "-1", "--format=%aI", second)


def test_a_clean_merge_leaves_the_authors_commit(repository: Repository) -> None:
    repository.git("checkout", "--quiet", "-b", "topic")
    topic = repository.commit({"a.yaml": "a: 2\n"}, "On a branch", author="Bob Bauer")
    repository.git("checkout", "--quiet", "main")
    repository.commit({"b.yaml": "b: 2\n"}, "Meanwhile", author="Cy Cook")
    repository.git("merge", "--quiet", "--no-ff", "-m", "Merge", "topic")

    assert touched(source_of(repository), "a.yaml")["a.yaml"].commit == topic


def test_a_merge_of_two_changes_made_the_content_itself(repository: Repository) -> None:
    repository.git("checkout", "--quiet", "-b", "topic")
    repository.commit({"a.yaml": LINES.replace("line0: x", "line0: y")}, author="Bob Bauer")
    repository.git("checkout", "--quiet", "main")
    repository.commit({"a.yaml": LINES.replace("line19: x", "line19: y")}, author="Cy Cook")
    repository.git("merge", "--quiet", "--no-ff", "-m", "Merge both", "topic")

    assert touched(source_of(repository), "a.yaml")["a.yaml"].subject == "Merge both"


def test_a_change_dropped_in_a_merge_does_not_count(repository: Repository) -> None:
    repository.git("checkout", "--quiet", "-b", "topic")
    repository.commit({"a.yaml": "dropped: 1\n", "b.yaml": "b: 3\n"}, author="Bob Bauer")
    repository.git("checkout", "--quiet", "main")
    repository.commit({"c.yaml": "c: 1\n"}, author="Cy Cook")
    repository.git("merge", "--quiet", "-s", "ours", "-m", "Drop it", "topic")

    assert author_of(repository, "a.yaml") == "Ada Author"


def test_a_revert_is_who_reverted(repository: Repository) -> None:
    repository.commit({"a.yaml": "a: 2\n"}, author="Bob Bauer")
    repository.commit({"a.yaml": LINES}, "Back again", author="Cy Cook")

    assert author_of(repository, "a.yaml") == "Cy Cook"


def test_a_file_that_is_gone_is_who_removed_it(repository: Repository) -> None:
    repository.commit({"b.yaml": None}, "Retire b", author="Bob Bauer")
    repository.commit({"a.yaml": "a: 2\n"}, author="Cy Cook")

    assert author_of(repository, "b.yaml") == "Bob Bauer"


def test_a_moved_file_is_who_moved_it(repository: Repository) -> None:
    repository.commit({"b.yaml": None, "moved.yaml": "b: 1\n"}, author="Bob Bauer")

    assert author_of(repository, "moved.yaml") == "Bob Bauer"


def test_odd_paths_are_found(repository: Repository) -> None:
    odd = ["ünï/ç ø.yaml", "-dash.yaml", ":(glob)*.yaml", 'quo"te.yaml', "a'b.yaml", "back\\s.yaml"]
    repository.commit(dict.fromkeys(odd, "x: 1\n"), author="Bob Bauer")
    source = source_of(repository)
    assert set(odd) <= set(source.fetch().files)

    found = touched(source, *odd)

    assert {who.author for who in found.values()} == {"Bob Bauer <bob@example.com>"}


def test_paths_are_counted_from_the_sources_folder(repository: Repository) -> None:
    repository.commit({"fleet/a.yaml": "a: 1\n"}, author="Bob Bauer")
    repository.commit({"a.yaml": "a: 3\n"}, author="Cy Cook")

    found = touched(source_of(repository, "fleet"), "a.yaml")

    assert found["a.yaml"].author == "Bob Bauer <bob@example.com>"


def test_many_paths_take_one_pass(repository: Repository) -> None:
    files = {f"fleet/{number}.yaml": f"n: {number}\n" for number in range(500)}
    repository.commit(dict(files), author="Bob Bauer")
    repository.commit({"fleet/7.yaml": "n: seven\n"}, author="Cy Cook")

    found = touched(
        source_of(repository, "fleet"), *(name.removeprefix("fleet/") for name in files)
    )

    assert found["7.yaml"].author == "Cy Cook <cy@example.com>"
    assert found["499.yaml"].author == "Bob Bauer <bob@example.com>"
    assert UNKNOWN_AUTHORSHIP not in found.values()


def test_a_history_cut_off_by_the_server_is_unknown(repository: Repository, tmp_path: Path) -> None:
    repository.commit({"b.yaml": "b: 2\n"}, author="Bob Bauer")
    repository.commit({"c.yaml": "c: 1\n"}, author="Cy Cook")
    shallow = tmp_path / "shallow"
    repository.git("clone", "--quiet", "--depth=2", repository.url, str(shallow))

    found = touched(source_of(Repository(shallow)), "a.yaml", "b.yaml", "c.yaml")

    assert found["c.yaml"].author == "Cy Cook <cy@example.com>"
    assert found["a.yaml"] == found["b.yaml"] == UNKNOWN_AUTHORSHIP


def test_a_message_cannot_steer_a_terminal(repository: Repository) -> None:
    repository.commit({"a.yaml": "a: 2\n"}, "Red \x1b[31m alert\x07", author="Bob \x1b[0m")

    found = touched(source_of(repository), "a.yaml")["a.yaml"]

    assert found.subject.isprintable()
    assert found.author.isprintable()


def test_an_old_encoding_is_read(repository: Repository) -> None:
    latin = repository.folder.parent / "message"
    latin.write_bytes("Größe".encode("latin-1"))
    (repository.folder / "a.yaml").write_text("a: 2\n")
    repository.git("add", "--all")
    repository.git("-c", "i18n.commitEncoding=ISO-8859-1", "commit", "--quiet", "-F", str(latin))

    assert touched(source_of(repository), "a.yaml")["a.yaml"].subject == "Größe"


def service(name: str, port: int) -> str:
    return f"kind: Service\nmetadata: {{name: {name}}}\nspec:\n  bluePort: {port}\n"


def test_each_document_of_a_file_has_its_own_author(repository: Repository) -> None:
    pair = [service("Search", 1), service("Cart", 2)]
    repository.commit({"s.yaml": "---\n".join(pair)}, "Both", author="Ada Author")
    pair[1] = service("Cart", 3)
    repository.commit({"s.yaml": "---\n".join(pair)}, "Cart", author="Bob Bauer")
    third = "---\n".join([*pair, service("Mail", 9)])
    repository.commit({"s.yaml": third}, "Mail", author="Cy Cook")

    found = source_of(repository).authorship([DocumentPlace("s.yaml", line) for line in (1, 6, 11)])

    assert [who.author.split()[0] for who in found.values()] == ["Ada", "Bob", "Cy"]
    assert [who.subject for who in found.values()] == ["Both", "Cart", "Mail"]


def test_a_line_taken_out_is_an_edit_of_its_document(repository: Repository) -> None:
    text = service("Search", 1) + "  owner: x\n"
    repository.commit({"s.yaml": text}, author="Ada Author")
    repository.commit({"s.yaml": service("Search", 1)}, author="Bob Bauer")
    repository.commit(
        {"s.yaml": f"# of all services\n---\n{service('Search', 1)}# end\n"}, author="Cy Cook"
    )

    place = DocumentPlace("s.yaml", 3)

    assert source_of(repository).authorship([place])[place].author.startswith("Bob")


def test_a_document_taken_out_of_a_file_that_stays_is_who_took_it_out(
    repository: Repository,
) -> None:
    pair = f"{service('Search', 1)}---\n{service('Cart', 2)}"
    repository.commit({"s.yaml": pair}, author="Ada Author")
    repository.commit({"s.yaml": service("Cart", 2)}, "Retire Search", author="Bob Bauer")
    repository.commit({"s.yaml": service("Cart", 4)}, author="Cy Cook")

    gone = DocumentPlace("s.yaml", ref=ResourceRef("Service", "Search"))

    assert source_of(repository).authorship([gone])[gone].subject == "Retire Search"


FAR = "# far from the one before\n" * 20


def test_of_a_merge_of_two_documents_each_keeps_its_author_and_the_merger_is_a_hint(
    repository: Repository,
) -> None:
    repository.commit({"s.yaml": f"{service('Search', 1)}---\n{FAR}{service('Cart', 2)}"})
    repository.git("checkout", "--quiet", "-b", "topic")
    repository.commit(
        {"s.yaml": f"{service('Search', 7)}---\n{FAR}{service('Cart', 2)}"}, author="Bob Bauer"
    )
    repository.git("checkout", "--quiet", "main")
    repository.commit(
        {"s.yaml": f"{service('Search', 1)}---\n{FAR}{service('Cart', 8)}"}, author="Cy Cook"
    )
    bot = {"GIT_AUTHOR_NAME": "merge-bot", "GIT_AUTHOR_EMAIL": "bot@example.com"}
    repository.git("merge", "--quiet", "--no-ff", "-m", "Merge #7", "topic", env=bot)

    found = source_of(repository).authorship([DocumentPlace("s.yaml", line) for line in (1, 27)])

    assert [who.author.split()[0] for who in found.values()] == ["Bob", "Cy"]
    assert {who.merged_by for who in found.values()} == {"merge-bot <bot@example.com>"}


def test_versions_too_large_to_look_into_leave_a_document_unknown(
    repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository.commit({"s.yaml": service("Search", 1)}, author="Bob Bauer")
    repository.commit({"s.yaml": service("Search", 1) + "---\n" + service("Cart", 1)})
    monkeypatch.setattr("controller.sources.git_history.MAX_VERSION_BYTES", 10)
    place = DocumentPlace("s.yaml", 1)

    assert source_of(repository).authorship([place])[place] == UNKNOWN_AUTHORSHIP


def test_asked_again_of_the_same_revision_git_is_not_started(
    repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, place = source_of(repository), DocumentPlace("a.yaml", 1)
    before = source.authorship([place])
    monkeypatch.setenv("PATH", "/nowhere")

    assert source.authorship([place]) == before
