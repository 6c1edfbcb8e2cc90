from collections.abc import Iterator
from typing import Any

import pytest

from controller.errors import AccessDenied, SourceUnavailable
from controller.model.ref import UNKNOWN_AUTHORSHIP, Authorship, DocumentPlace
from controller.sources import s3_listing
from controller.sources.s3 import MAX_READS, S3Source
from tests.support.buckets import Bucket, Calls, buckets_in_process


@pytest.fixture
def bucket() -> Iterator[Bucket]:
    with buckets_in_process() as client:
        yield Bucket.made(client)


def contents(source: S3Source) -> dict[str, bytes]:
    tree = source.fetch()
    read = dict(source.read(tree.files.values()))
    return {path: read[content_id] for path, content_id in tree.files.items()}


def test_nothing_changed_nothing_read(bucket: Bucket) -> None:
    bucket.put({"a.yaml": "a: 1", "b.yaml": "b: 1"})
    source = bucket.source()
    first = source.fetch()
    calls = Calls(bucket.client)

    assert not source.changed_since(first.revision.id)
    assert source.fetch() is first
    assert calls == ["ListObjectsV2", "ListObjectsV2"]


def test_only_what_changed_is_read(bucket: Bucket) -> None:
    bucket.put({"a.yaml": "a: 1", "b.yaml": "b: 1"})
    source = bucket.source()
    contents(source)
    bucket.put({"b.yaml": "b: 2", "notes.txt": "of nobody's interest"})
    calls = Calls(bucket.client)

    tree = source.fetch()

    assert dict(source.read([tree.files["b.yaml"]])) == {tree.files["b.yaml"]: b"b: 2"}
    assert calls == ["ListObjectsV2", "GetObject", "ListObjectsV2"]


def test_other_objects_than_files_of_the_source_change_nothing(bucket: Bucket) -> None:
    bucket.put({"a.yaml": "a: 1"})
    source = bucket.source()
    first = source.fetch().revision.id
    bucket.put({"README.md": "x", ".git/x.yaml": "x", "folder/": "", "../production2/a.yaml": None})

    assert not source.changed_since(first)


def test_a_generation_that_changes_while_it_is_read_is_read_again(bucket: Bucket) -> None:
    generations = iter([{"a.yaml": "a: 2"}, {"b.yaml": "b: 2"}])
    bucket.put({"a.yaml": "a: 1", "b.yaml": "b: 1"})

    def write_on(_: float) -> None:
        bucket.put(next(generations, {}))

    source = bucket.source(settle_s=3600, sleep=write_on)

    assert contents(source) == {"a.yaml": b"a: 2", "b.yaml": b"b: 2"}


def test_an_object_deleted_while_it_is_read_is_none_of_the_generation(bucket: Bucket) -> None:
    bucket.put({"a.yaml": "a: 1", "b.yaml": "b: 1"})

    def delete_it(**_: Any) -> None:
        bucket.client.meta.events.unregister("before-call.s3.GetObject", delete_it)
        bucket.put({"b.yaml": None})

    bucket.client.meta.events.register("before-call.s3.GetObject", delete_it)

    assert contents(bucket.source()) == {"a.yaml": b"a: 1"}


def test_a_bucket_written_to_all_the_time_is_given_up(bucket: Bucket) -> None:
    bucket.put({"a.yaml": "a: 0"})
    pauses: list[float] = []

    def write_on(pause_s: float) -> None:
        pauses.append(pause_s)
        bucket.put({"a.yaml": f"a: {len(pauses)}"})

    with pytest.raises(SourceUnavailable, match="changed while it was being read"):
        bucket.source(settle_s=3600, sleep=write_on).fetch()
    assert len(pauses) == MAX_READS


@pytest.mark.parametrize(
    ("settle_s", "waits", "because"),
    [
        (3600.0, True, "written less than an hour ago"),
        (0.0, False, "none is to be waited for"),
    ],
)
def test_what_was_written_just_now_is_waited_for(
    bucket: Bucket, settle_s: float, waits: bool, because: str
) -> None:
    bucket.put({"a.yaml": "a: 1"})
    pauses: list[float] = []

    bucket.source(settle_s, pauses.append).fetch()

    assert [0 < pause <= settle_s for pause in pauses] == [True] * waits, because


def test_a_deletion_is_waited_after_as_nobody_says_when_it_was(bucket: Bucket) -> None:
    bucket.put({"a.yaml": "a: 1", "b.yaml": "b: 1"})
    pauses: list[float] = []
    source = bucket.source(0.25, pauses.append)
    source.fetch()
    pauses.clear()
    bucket.put({"b.yaml": None})

    assert list(source.fetch().files) == ["a.yaml"]
    assert pauses == [0.25]


def test_an_object_that_changed_after_the_tree_was_given_out_is_not_given_out_as_it(
    bucket: Bucket,
) -> None:
    bucket.put({"a.yaml": "a: 1"})
    source = bucket.source()
    tree = source.fetch()
    once = list(source.read(tree.files.values()))
    again = list(source.read(tree.files.values()))
    bucket.put({"a.yaml": "a: 2"})

    assert again == once
    with pytest.raises(SourceUnavailable, match=r"a\.yaml: changed while it was being read"):
        list(source.read(tree.files.values()))
    with pytest.raises(SourceUnavailable, match="never: changed"):
        list(source.read(["never"]))


@pytest.mark.parametrize(
    ("key", "shown", "because"),
    [
        ("../other.yaml", "../other.yaml", "it leads out of the source"),
        ("a/../../x.yaml", "a/../../x.yaml", "so does this"),
        ("a//b.yaml", "a//b.yaml", "a name is empty"),
        ("./a.yaml", "./a.yaml", "two keys would be one path"),
        ("/a.yaml", "/a.yaml", "an absolute path is none below the source"),
        ("two\nlines.yaml", "two\\nlines.yaml", "it cannot be printed"),
        ("bell\x07/a.yaml", "bell\\x07/a.yaml", "nor written in XML"),
        ("right\u202eto left.yaml", "right\\u202eto left.yaml", "it would turn what is read"),
    ],
)
def test_keys_that_are_no_paths_are_refused(
    bucket: Bucket, key: str, shown: str, because: str
) -> None:
    bucket.put({"good.yaml": "a: 1", key: "b: 1", "a//notes.txt": "", "../notes.txt": ""})

    tree = bucket.source().fetch()

    assert list(tree.files) == ["good.yaml"], because
    assert [problem.origin.path for problem in tree.problems] == [shown]


def test_a_key_that_is_no_text_is_refused(bucket: Bucket) -> None:
    bucket.put({"good.yaml": "a: 1"})

    def add(parsed: dict[str, Any], **_: Any) -> None:
        listed = {**parsed["Contents"][0], "Key": "fleet/production/caf%E9+au+lait.yaml"}
        parsed["Contents"].append(listed)

    bucket.client.meta.events.register("after-call.s3.ListObjectsV2", add)

    tree = bucket.source().fetch()

    assert list(tree.files) == ["good.yaml"]
    assert [problem.origin.path for problem in tree.problems] == ["caf\\xe9 au lait.yaml"]


def test_names_that_need_encoding_are_read(bucket: Bucket) -> None:
    files = {"a b+c%41.yaml": b"1", "\u00fc/\u65e5\u672c.yaml": b"2"}
    bucket.put(files)

    assert contents(bucket.source()) == files


def test_a_bucket_of_more_keys_than_are_listed_is_one_problem(
    bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(s3_listing, "MAX_KEYS", 3)
    bucket.put({f".hidden/{number}.yaml": "" for number in range(4)})

    (problem,) = bucket.source().fetch().problems

    assert problem.origin.path == "."


def test_a_listing_of_several_pages_is_one(bucket: Bucket) -> None:
    bucket.put({f"{number}.yaml": f"n: {number}" for number in range(7)})
    pages = Calls(bucket.client)

    def in_small_pages(params: dict[str, Any], **_: Any) -> None:
        params["MaxKeys"] = 3

    bucket.client.meta.events.register("provide-client-params.s3.ListObjectsV2", in_small_pages)

    assert len(bucket.source().fetch().files) == 7
    assert pages.count("ListObjectsV2") == 6


def test_what_the_bucket_answers_is_told_as_what_it_means_for_the_source(bucket: Bucket) -> None:
    gone = Bucket(bucket.client, "no-such-bucket")

    with pytest.raises(SourceUnavailable, match="s3://no-such-bucket/fleet/production"):
        gone.source().fetch()
    with pytest.raises(SourceUnavailable, match="an empty source is an error"):
        bucket.source().fetch()


def test_a_missing_permission_is_told_as_such(bucket: Bucket) -> None:
    bucket.put({"a.yaml": "a: 1"})

    def refuse(**_: Any) -> Any:
        answer = {"Error": {"Code": "AccessDenied", "Message": "Access Denied"}}
        raise bucket.client.exceptions.ClientError(answer, "GetObject")

    bucket.client.meta.events.register("before-call.s3.GetObject", refuse)

    with pytest.raises(AccessDenied, match=r"read s3://.*/a\.yaml"):
        bucket.source().fetch()


@pytest.mark.parametrize(
    ("said", "author"),
    [
        ({"Metadata": {"author": "Ada <ada@example.com>"}}, "Ada <ada@example.com>"),
        ({"Metadata": {"author": "=?utf-8?b?w4VzYQ==?="}}, "\u00c5sa"),
        ({"Metadata": {"author": "=?nothing?b?w4VzYQ==?="}}, "=?nothing?b?w4VzYQ==?="),
        ({"Tagging": "author=Bob%20Builder"}, "Bob Builder"),
        ({"Metadata": {"author": "Ada"}, "Tagging": "author=Bob"}, "Ada"),
        ({"Metadata": {"author": "Ada\\n" + "a" * 500}}, None),
        ({"Metadata": {"other": "x"}, "Tagging": "cost-centre=1"}, ""),
        ({}, ""),
    ],
)
def test_the_author_is_whom_the_object_names(
    bucket: Bucket, said: dict[str, Any], author: str | None
) -> None:
    bucket.put({"a.yaml": "a: 1"}, **said)
    source, place = bucket.source(), DocumentPlace("a.yaml")
    source.fetch()

    found = source.authorship([place])[place]

    if author is None:
        assert len(found.author) == 200
    else:
        assert found.author == author
        assert bool(found.date) == bool(author)


def test_what_else_the_object_says_is_kept(bucket: Bucket) -> None:
    said = {"commit": "1f" * 20, "subject": "Move search", "pull-request": "#17"}
    bucket.put({"a.yaml": "a: 1"}, Metadata=said)
    source, place = bucket.source(), DocumentPlace("a.yaml")
    source.fetch()

    found = source.authorship([place])[place]

    assert found == Authorship("1f" * 20, "", found.date, "Move search", pull_request="#17")
    assert found.date


def test_the_author_of_what_did_not_change_is_still_known(bucket: Bucket) -> None:
    bucket.put({"a.yaml": "a: 1"}, Metadata={"author": "Ada"})
    source, place = bucket.source(), DocumentPlace("a.yaml")
    source.fetch()
    bucket.put({"b.yaml": "b: 1"}, Metadata={"author": "Bob"})
    source.fetch()

    assert source.authorship([place])[place].author == "Ada"


def test_tags_are_those_of_the_version_that_was_read(bucket: Bucket) -> None:
    bucket.client.put_bucket_versioning(
        Bucket=bucket.name, VersioningConfiguration={"Status": "Enabled"}
    )
    bucket.put({"a.yaml": "a: 1", "b.yaml": "b: 1"}, Tagging="author=Bob")
    source, places = bucket.source(), [DocumentPlace("a.yaml"), DocumentPlace("b.yaml")]
    source.fetch()
    bucket.put({"b.yaml": "b: 2"}, Tagging="author=Eve")

    found = source.authorship(places)

    assert [found[place].author for place in places] == ["Bob", ""]


def test_tags_that_may_not_be_read_say_nothing(bucket: Bucket) -> None:
    bucket.put({"a.yaml": "a: 1"}, Tagging="author=Bob")
    source, place = bucket.source(), DocumentPlace("a.yaml")
    source.fetch()

    def refuse(**_: Any) -> Any:
        answer = {"Error": {"Code": "AccessDenied", "Message": "Access Denied"}}
        raise bucket.client.exceptions.ClientError(answer, "GetObjectTagging")

    bucket.client.meta.events.register("before-call.s3.GetObjectTagging", refuse)

    assert source.authorship([place])[place] == UNKNOWN_AUTHORSHIP
