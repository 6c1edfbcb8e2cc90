"""The made-up fleet of the benchmarks: any size, always the same, and nothing wrong with it."""

from collections import Counter
from collections.abc import Collection, Iterable

import pytest

from benchmarks.corpus import generate
from controller.catalog import kinds
from controller.kinds.language.kind import RuleSettings
from controller.loading.load import load


@pytest.mark.parametrize(
    ("objects", "files", "compatibility", "because"),
    [
        (60, 18, "none", "hardly one of each"),
        (2_000, 100, "none", "two hundredths of the full size"),
        (2_000, 100, "environment-manager", "the old product's needs are met too"),
    ],
)
def test_nothing_is_wrong_with_it(
    objects: int, files: int, compatibility: str, because: str
) -> None:
    texts = generate(objects, files)

    def read(paths: Collection[str]) -> Iterable[tuple[str, bytes]]:
        return [(path, texts[path].encode()) for path in paths]

    loaded = load(
        {path: path for path in texts},
        read,
        kinds(),
        settings=RuleSettings(compatibility, "eu-west-1"),
    )
    wrong = [(placed.path, placed.issue) for placed in loaded.issues if not placed.issue.warning]
    assert wrong == [], because
    assert loaded.broken == {}
    assert len(loaded.resources) == objects
    assert len(texts) == files
    assert len(Counter(ref.kind for ref in loaded.resources)) == len(kinds())


def test_the_same_arguments_give_the_same_bytes() -> None:
    assert generate(500, 50, seed=3) == generate(500, 50, seed=3)
    assert generate(500, 50, seed=3) != generate(500, 50, seed=4)


@pytest.mark.parametrize(("objects", "files", "said"), [(10, 50, "too few"), (500, 5, "too few")])
def test_what_cannot_be_shared_out_is_refused(objects: int, files: int, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        generate(objects, files)
