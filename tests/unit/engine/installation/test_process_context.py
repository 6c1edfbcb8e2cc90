from pathlib import Path

import pytest

from tests.support.process_contexts import around


@pytest.mark.parametrize(
    ("environment", "folder"),
    [({"XDG_CACHE_HOME": "/var/cache"}, "/var/cache/envctl"), ({"XDG_CACHE_HOME": "x"}, None)],
)
def test_where_caches_are(environment: dict[str, str], folder: str | None) -> None:
    wanted = Path(folder) if folder else Path.home() / ".cache" / "envctl"
    assert around(**environment).cache_dir == wanted
