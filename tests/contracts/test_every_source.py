"""What the engine relies on, whatever the source: the same tree gives the same paths, ids, sizes and bytes."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from benchmarks.ministack import MINISTACK, ministack
from controller.aws.clients import Clients
from controller.aws.errors import Place
from controller.errors import SourceUnavailable
from controller.loading.documents import MAX_BYTES
from controller.model.ref import UNKNOWN_AUTHORSHIP, DocumentPlace, ResourceRef
from controller.ports import Source
from controller.sources import git_objects, s3_listing, selection
from controller.sources.open_source import open_source
from tests.support.buckets import Bucket, buckets_in_process, opening
from tests.support.git_repository import Repository

FILES: Mapping[str, str | bytes] = {
    "clusters/tango.yaml": "kind: Cluster\n",
    "clusters/rhino.yml": "kind: Cluster\nmetadata: {name: Rhino}\n",
    "environments/ünïcode name.yaml": b"\xff\xfe not text at all",
    "environments/empty.yaml": b"",
    "environments/crlf.YAML": b"a: 1\r\nb: 2\r\n",
    "Copy.yaml": "kind: Cluster\n",
    "copy.yaml": "kind: Cluster\n",
    "README.md": "not read",
    ".hidden/x.yaml": "not read",
    "clusters/.draft.yaml": "not read",
}
READ = {
    "Copy.yaml",
    "clusters/rhino.yml",
    "clusters/tango.yaml",
    "copy.yaml",
    "environments/crlf.YAML",
    "environments/empty.yaml",
    "environments/ünïcode name.yaml",
}


@dataclass
class Published:
    """A tree of files and the source that reads it."""

    repository: Repository
    source: Source
    bucket: Bucket | None = None
    _kept: dict[str, bytes] = field(default_factory=dict)

    def publish(self, files: Mapping[str, str | bytes | None]) -> None:
        """Make the files what the source has to give."""
        self.repository.commit(files)
        if self.bucket is not None:
            there = dict(_below(self.repository.folder))
            gone = dict.fromkeys(self._kept.keys() - there.keys())
            self.bucket.put({**dict(there.items() - self._kept.items()), **gone})
            self._kept = there


def _below(folder: Path) -> Iterator[tuple[str, bytes]]:
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.is_file() and not name.startswith(".git/"):
            yield name, path.read_bytes()


def _folder(repository: Repository, cache: Path) -> Source:
    return open_source(str(repository.folder), opening(cache))


def _git(repository: Repository, cache: Path) -> Source:
    return open_source(f"git+{repository.url}@main", opening(cache))


@pytest.fixture(params=[_folder, _git], ids=["folder", "git"])
def checked_out(request: pytest.FixtureRequest, tmp_path: Path) -> Published:
    """A source that may hold links, submodules and names that are no text."""
    opened: Callable[[Repository, Path], Source] = request.param
    repository = Repository.at(tmp_path / "fleet")
    return Published(repository, opened(repository, tmp_path / "cache"))


@pytest.fixture(params=["folder", "git", "moto", pytest.param("ministack", marks=pytest.mark.slow)])
def published(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Published]:
    repository, cache = Repository.at(tmp_path / "fleet"), tmp_path / "cache"
    if request.param == "folder":
        yield Published(repository, _folder(repository, cache))
    elif request.param == "git":
        yield Published(repository, _git(repository, cache))
    else:
        client = request.getfixturevalue(request.param)
        bucket = Bucket.made(client)
        yield Published(
            repository, open_source(str(bucket.location), opening(cache, client)), bucket
        )


@pytest.fixture(name="moto")
def _moto() -> Iterator[object]:
    with buckets_in_process() as client:
        yield client


@pytest.fixture(name="ministack", scope="module")
def _ministack() -> Iterator[object]:
    if not MINISTACK.exists():
        pytest.skip("ministack is not installed: make servers")
    with ministack() as address, pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ENDPOINT_URL", address)
        yield Clients().client(Place("", "eu-west-1"), "s3")


def test_only_visible_yaml_files_are_read_in_file_order(published: Published) -> None:
    published.publish(FILES)

    tree = published.source.fetch()

    assert list(tree.files) == sorted(READ)
    assert tree.problems == ()
    assert tree.sizes == {path: len(_bytes(FILES[path])) for path in sorted(READ)}


def test_what_is_ignored_is_a_file_of_the_source_and_only_at_its_top(published: Published) -> None:
    published.publish({**FILES, ".envctlignore": "clusters/\n", "clusters/.envctlignore": "x\n"})

    tree = published.source.fetch()

    assert set(tree.files) == {*READ, ".envctlignore"}
    [(_, text)] = published.source.read([tree.files[".envctlignore"]])
    assert text == b"clusters/\n"


def test_a_folder_and_a_commit_of_it_give_the_same_tree(tmp_path: Path) -> None:
    repository = Repository.at(tmp_path / "fleet")
    repository.commit(FILES)

    folder, git = (opened(repository, tmp_path / "cache").fetch() for opened in (_folder, _git))

    assert dict(folder.files) == dict(git.files)
    assert dict(folder.sizes) == dict(git.sizes)


def test_equal_bytes_have_equal_ids_and_come_in_the_order_asked_each_once(
    published: Published,
) -> None:
    published.publish(FILES)
    tree = published.source.fetch()
    asked = [tree.files[path] for path in reversed(list(tree.files))] * 2

    answered = list(published.source.read(asked))

    assert [found_id for found_id, _ in answered] == list(dict.fromkeys(asked))
    contents = dict(answered)
    assert {path: contents[tree.files[path]] for path in READ} == {
        path: _bytes(FILES[path]) for path in READ
    }
    assert tree.files["copy.yaml"] == tree.files["Copy.yaml"] == tree.files["clusters/tango.yaml"]


def test_nothing_asked_nothing_read(published: Published) -> None:
    published.publish(FILES)
    published.source.fetch()

    assert list(published.source.read([])) == []


def test_the_revision_changes_with_the_content_and_only_then(published: Published) -> None:
    published.publish(FILES)
    first = published.source.fetch().revision.id

    assert published.source.changed_since(None)
    assert not published.source.changed_since(first)
    assert published.source.fetch().revision.id == first

    published.publish({"clusters/tango.yaml": "kind: Clusters\n"})

    assert published.source.changed_since(first)
    assert published.source.fetch().revision.id != first


def test_a_renamed_file_is_another_revision(published: Published) -> None:
    published.publish({"a.yaml": "x: 1", "b.yaml": "x: 2"})
    first = published.source.fetch()
    published.publish({"a.yaml": None, "c.yaml": "x: 1"})

    second = published.source.fetch()

    assert second.revision.id != first.revision.id
    assert list(second.files) == ["b.yaml", "c.yaml"]


def test_an_empty_source_is_an_error(published: Published) -> None:
    published.publish({"README.md": "nothing to read"})

    with pytest.raises(SourceUnavailable, match="an empty source is an error"):
        published.source.fetch()


def test_a_large_file_is_refused_without_being_read(published: Published) -> None:
    published.publish({"big.yaml": b"#" * (MAX_BYTES + 1), "limit.yaml": b"#" * MAX_BYTES})

    tree = published.source.fetch()

    assert list(tree.files) == ["limit.yaml"]
    (problem,) = tree.problems
    assert (problem.origin.path, str(MAX_BYTES) in problem.message) == ("big.yaml", True)


@pytest.mark.parametrize(
    ("link", "target", "refused", "because"),
    [
        (
            "a.yaml",
            "/etc/passwd",
            "leads out of the source",
            "an absolute target is never the tree",
        ),
        ("a.yaml", "../secret.yaml", "leads out of the source", "one step above the root"),
        ("x/a.yaml", "../../s.yaml", "leads out of the source", "counted from the link's folder"),
        ("x/a.yaml", "../real.yaml", "stays in the source", "the object would be read twice"),
        ("folder", "x", "stays in the source", "its author would believe it is read"),
        ("folder", "..", "leads out of the source", "a folder of somebody else"),
        ("loop", ".", "stays in the source", "a loop is not walked"),
        ("self", "self", "stays in the source", "nor is a link to itself"),
        ("dangling.yaml", "nowhere", "stays in the source", "what it will be is unknown"),
        (
            "notes.txt",
            "../notes.txt",
            "leads out of the source",
            "out of the tree is always refused",
        ),
        ("notes.txt", "README.md", None, "no reader of desired state misses it"),
        (".hidden.yaml", "/etc/passwd", None, "hidden names are not looked at"),
    ],
)
def test_symbolic_links_are_never_followed(
    checked_out: Published, link: str, target: str, refused: str | None, because: str
) -> None:
    path = checked_out.repository.folder / link
    (checked_out.repository.folder / "x").mkdir()
    path.symlink_to(target)
    checked_out.publish({"real.yaml": "x: 1", "README.md": "", "x/y.yaml": "y: 1"})

    tree = checked_out.source.fetch()

    assert list(tree.files) == ["real.yaml", "x/y.yaml"], because
    found = [(problem.origin.path, problem.message) for problem in tree.problems]
    if refused is None:
        assert found == [], because
    else:
        ((where, message),) = found
        assert where == link
        assert refused in message, because
        assert f"'{target}'" in message


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        (b"caf\xe9.yaml", "caf\\xe9.yaml"),
        (b"two\nlines.yaml", "two\\nlines.yaml"),
        (b"bell\x07/a.yaml", "bell\\x07/a.yaml"),
        ("right\u202eto left.yaml".encode(), "right\\u202eto left.yaml"),
    ],
)
def test_a_name_that_cannot_be_printed_is_refused(
    checked_out: Published, name: bytes, shown: str
) -> None:
    checked_out.publish({"good.yaml": "x: 1"})
    path = bytes(checked_out.repository.folder) + b"/" + name
    Path(path[: path.rindex(b"/")].decode(errors="surrogateescape")).mkdir(exist_ok=True)
    Path(path.decode(errors="surrogateescape")).write_bytes(b"x: 2")
    checked_out.publish({})

    tree = checked_out.source.fetch()

    assert list(tree.files) == ["good.yaml"]
    assert [problem.origin.path for problem in tree.problems] == [shown]


def test_a_submodule_is_refused(checked_out: Published, tmp_path: Path) -> None:
    other = Repository.at(tmp_path / "other")
    other.commit({"inside.yaml": "x: 1"})
    checked_out.publish({"good.yaml": "x: 1"})
    checked_out.repository.git(
        "-c", "protocol.file.allow=always", "submodule", "--quiet", "add", other.url, "shared"
    )
    checked_out.publish({})

    tree = checked_out.source.fetch()

    assert list(tree.files) == ["good.yaml"]
    assert [problem.origin.path for problem in tree.problems] == ["shared"]
    assert "submodule" in tree.problems[0].message


@pytest.mark.parametrize(
    ("bound", "value", "files", "said"),
    [
        (
            "MAX_ENTRIES",
            7,
            {f"{n // 2}/{n}.md": "" for n in range(6)},
            "more than 7 files and folders",
        ),
        ("MAX_ENTRIES", 3, {f"{n}.txt": "" for n in range(4)}, "more than 3 files and folders"),
        ("MAX_FILES", 2, {"b.yaml": "b: 1", "c.yaml": "c: 1"}, "3 YAML files, expected at most 2"),
        (
            "MAX_SOURCE_BYTES",
            11,
            {"b.yaml": "a: 1", "c.yaml": "a: 1"},
            "YAML files of 12 bytes altogether, expected at most 11",
        ),
    ],
    ids=["entries", "entries of one folder", "files", "bytes, of one content thrice"],
)
def test_more_than_a_source_may_hold_is_one_problem(
    published: Published,
    monkeypatch: pytest.MonkeyPatch,
    bound: str,
    value: int,
    files: Mapping[str, str],
    said: str,
) -> None:
    for module in (selection, git_objects, s3_listing):
        if hasattr(module, bound):
            monkeypatch.setattr(module, bound, value)
    published.publish({"a.yaml": "a: 1", **files})

    tree = published.source.fetch()

    (problem,) = tree.problems
    assert dict(tree.files) == {}
    assert (problem.origin.path, problem.warning, said in problem.message) == (".", False, True)
    assert problem.fix


def test_what_is_in_hidden_folders_counts_for_nothing(
    published: Published, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (selection, git_objects):
        monkeypatch.setattr(module, "MAX_ENTRIES", 4)
    published.publish({"a.yaml": "a: 1", **{f".github/{n}/{n}.yaml": "" for n in range(9)}})

    assert list(published.source.fetch().files) == ["a.yaml"]


def test_folders_are_entered_to_a_depth(published: Published) -> None:
    deep, deeper = "/".join("d" * 64), "/".join("e" * 65)
    published.publish({"a.yaml": "a: 1", f"{deep}/b.yaml": "b: 1", f"{deeper}/c.yaml": "c: 1"})

    tree = published.source.fetch()

    assert list(tree.files) == ["a.yaml", f"{deep}/b.yaml"]
    (problem,) = tree.problems
    assert problem.origin.path == deeper
    assert "deeper than 64 folders" in problem.message


def test_long_paths_are_refused_and_shown_short(checked_out: Published) -> None:
    folder, long = "/".join(["f" * 200] * 5), "/".join(["g" * 204] * 6)
    checked_out.publish(
        {"a.yaml": "a: 1", f"{folder}/{'n' * 50}.yaml": "b: 1", f"{long}/c.yaml": "c: 1"}
    )

    tree = checked_out.source.fetch()

    assert list(tree.files) == ["a.yaml"]
    assert ["1,060 bytes" in told.message for told in tree.problems] == [True, False]
    assert max(len(str(told)) for told in tree.problems) < 500


def test_many_problems_are_counted(checked_out: Published) -> None:
    for number in range(130):
        (checked_out.repository.folder / f"{number:03}.yaml").symlink_to("nowhere")
    checked_out.publish({"good.yaml": "a: 1"})

    tree = checked_out.source.fetch()

    assert [told.origin.path for told in tree.problems[:-1]] == [f"{n:03}.yaml" for n in range(100)]
    assert tree.problems[-1].message == "and 30 more problems in this source"


def test_authorship_answers_for_every_document_asked(published: Published) -> None:
    published.publish(FILES)
    published.source.fetch()
    never = DocumentPlace("never/was.yaml", ref=ResourceRef("Cluster", "Never"))
    asked = [DocumentPlace("clusters/tango.yaml", 1), DocumentPlace("never/was.yaml"), never]

    answer = published.source.authorship(asked)

    assert set(answer) == set(asked)
    assert answer[never] == UNKNOWN_AUTHORSHIP


def _bytes(content: str | bytes) -> bytes:
    return content.encode() if isinstance(content, str) else content
