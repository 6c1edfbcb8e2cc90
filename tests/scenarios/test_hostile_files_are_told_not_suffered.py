"""``envctl validate`` on files that are broken or meant to break it: a problem at its place, fast, small, no traceback."""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.command_line import envctl
from tests.support.git_repository import Repository

CLUSTER = "apiVersion: envctl/v1\nkind: Cluster\nmetadata: {name: Tango}\nspec: {shortName: ta}\n"
MOST_SECONDS = 4.0
"""Of CPU. People are promised one, and an idle machine takes half of it; a busy one several times as long, and a file that is
suffered takes minutes."""
MOST_BYTES = 128 * 1024 * 1024


def spec(text: str) -> bytes:
    return CLUSTER.replace("{shortName: ta}", text).encode()


def bomb() -> bytes:
    lines = [f"x{n}: &{chr(98 + n)} [{', '.join([f'*{chr(97 + n)}'] * 10)}]" for n in range(12)]
    return "\n".join(["x: &a [1, 1]", *lines, CLUSTER]).encode()


FILES: dict[str, tuple[bytes, str]] = {
    "a duplicate key": (spec("{shortName: ta, shortName: tb}"), "a.yaml:4:23: spec.shortName: duplicate key"),
    "a duplicate object": (f"{CLUSTER}---\n{CLUSTER}".encode(), "a.yaml:8:18: metadata.name: Cluster/Tango is already defined"),
    "an unknown field": (spec("{shortName: ta, keypair: x}"), "fix: did you mean 'keyPair'?"),
    "an unknown field that is null": (spec("{shortName: ta, keypair: null}"), "fix: did you mean 'keyPair'?"),
    "a wrong type": (spec("{shortName: [1]}"), "a.yaml:4:19: spec.shortName: expected exactly two"),
    "a tab": (spec("\n\tshortName: ta"), "a tab cannot indent YAML"),
    "bad UTF-8": (spec("{shortName: t\xe9}").decode().encode("latin-1"), "byte 0xe9 is no UTF-8"),
    "UTF-16": (CLUSTER.encode("utf-16"), "expected UTF-8"),
    "a NUL": (spec("{shortName: t\x00}"), "control character NUL"),
    "nothing": (b"", "the file holds nothing"),
    "comments alone": (b"# later\n", "the file holds only comments"),
    "an alias bomb": (bomb(), "the aliases of this file stand for more than 20000 values"),
    "an alias inside itself": (spec("&a {shortName: *a}"), "stands inside what it means"),
    "100 levels": (spec("{shortName: " + "[" * 100 + "]" * 100 + "}"), "nested deeper than 64 levels"),
    "100,000 levels": (spec("{shortName: " + "[" * 100_000 + "]" * 100_000 + "}"), "nested deeper than 64 levels"),
    "a comment of 50 MB": (CLUSTER.encode() + b"#" + b"x" * 50_000_000, "50000083 bytes, expected at most 2097152"),
    "brackets of 50 MB": (b"[" * 50_000_000, "50000000 bytes, expected at most 2097152"),
    "a tag that runs code": (spec("{shortName: !!python/object/apply:os.system [id]}"), "unknown tag"),
    "a merge key": (spec("{<<: {a: 1}, shortName: ta}"), "merge keys are not accepted"),
    "a number of 5,000 digits": (spec("{shortName: " + "9" * 5_000 + "}"), "too large for a number"),
    "no number": (spec("{shortName: .nan}"), "cannot be stored as a number"),
    "half a character": (spec('{shortName: "\\ud800"}'), "this escape is no character"),
    "a sequence that steers terminals": (spec('{shortName: "\\e[31m"}'), "found '\\x1b[31m'"),
    "quotes without an end": (spec('{shortName: "ta'), "the quotes opened here are never closed"),
    "40,000 unknown fields": (spec("{shortName: ta}") + b"".join(b"x%d: 1\n" % n for n in range(40_000)), "and 39,900 more problems in this file"),
    "40,000 unknown fields of a spec": (spec("\n  shortName: ta\n" + "".join(f"  x{n}: 1\n" for n in range(40_000))), "and 39,900 more problems in this file"),
    "a list": (b"- a\n", "expected a map with apiVersion"),
}  # fmt: skip


@pytest.fixture(scope="module", autouse=True)
def begun(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Let the command load its modules before its time counts."""
    folder = tmp_path_factory.mktemp("begun")
    (folder / "a.yaml").write_bytes(FILES["a duplicate key"][0])
    envctl("validate", folder)


@pytest.mark.parametrize("name", FILES)
def test_each_is_a_problem_with_its_place(name: str, tmp_path: Path) -> None:
    content, said = FILES[name]
    (tmp_path / "a.yaml").write_bytes(content)
    began = time.process_time()

    ended = envctl("validate", tmp_path)

    spent = time.process_time() - began
    assert ended.code == 1
    assert said in ended.out + ended.err
    assert "\x1b" not in ended.out + ended.err
    assert "\n  fix: " in ended.out + ended.err
    assert spent < MOST_SECONDS


def test_an_alias_bomb_is_one_problem(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_bytes(bomb())

    assert envctl("validate", tmp_path).err.count("fix:") == 1


@pytest.mark.slow
@pytest.mark.parametrize(
    "name",
    [
        "a comment of 50 MB",
        "an alias bomb",
        "100,000 levels",
        "40,000 unknown fields",
        "40,000 unknown fields of a spec",
    ],
)
def test_the_whole_process_stays_small(name: str, tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_bytes(FILES[name][0])
    # The peak is asked for by the process itself: a child's begins with what its parent had.
    program = (
        "import resource, sys\nfrom controller.cli.main import run\n"
        "code = run(['validate', sys.argv[1]])\n"
        "print(code, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024)\n"
    )
    launcher = "import subprocess, sys\nsys.exit(subprocess.run([sys.executable, *sys.argv[1:]]).returncode)"

    ended = subprocess.run(
        [sys.executable, "-c", launcher, "-c", program, str(tmp_path)],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )

    code, peak = ended.stdout.splitlines()[-1].split()
    assert code == "1"
    assert int(peak) < MOST_BYTES


def _link_out(folder: Path) -> None:
    (folder / "b.yaml").symlink_to("/etc/hostname")


def _folder_out(folder: Path) -> None:
    (folder / "etc").symlink_to("/etc")


def _loop(folder: Path) -> None:
    (folder / "again").symlink_to(".")


def _pipe(folder: Path) -> None:
    os.mkfifo(folder / "b.yaml")


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (_link_out, "b.yaml: is a symbolic link to '/etc/hostname', which leads out of the source"),
        (_folder_out, "etc: is a symbolic link to '/etc', which leads out of the source"),
        (_loop, "again: is a symbolic link to '.'"),
        (_pipe, "b.yaml: is neither a file nor a folder"),
    ],
)
def test_what_leads_elsewhere_is_not_followed(
    make: Callable[[Path], None], said: str, tmp_path: Path
) -> None:
    (tmp_path / "a.yaml").write_text(CLUSTER)
    make(tmp_path)

    ended = envctl("validate", tmp_path)

    assert ended.code == 1
    assert said in ended.out + ended.err


def test_links_and_submodules_in_git_are_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    repository = Repository.at(tmp_path / "repository")
    commit = repository.commit({"fleet/a.yaml": CLUSTER})
    (repository.folder / "fleet/b.yaml").symlink_to("../../../etc/passwd")
    repository.git("add", "fleet/b.yaml")
    repository.git("update-index", "--add", "--cacheinfo", f"160000,{commit},fleet/vendor")
    repository.git("commit", "-qm", "strangers")

    ended = envctl("validate", f"git+{repository.url}@main#fleet")

    assert ended.code == 1
    assert "b.yaml: is a symbolic link" in ended.out + ended.err
    assert "vendor: is a submodule" in ended.out + ended.err
