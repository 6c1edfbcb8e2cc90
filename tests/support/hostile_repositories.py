"""Bare repositories of a few hundred KB whose objects are made by hand, as no git command would make them."""

import hashlib
import zlib
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

MAX_BYTES = 250_000
COMMIT_BY = b"Mallory <mallory@example.com> 1700000000 +0000"
HEAD = "apiVersion: envctl/v1\n"
CLUSTER = HEAD + "kind: Cluster\nmetadata: {name: Tango}\nspec: {shortName: ta}\n"
Entry = tuple[str, bytes, str]
"""Mode, name and object id."""


class HostileRepository:
    """A bare repository whose branch ``main`` is one commit of a tree."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for name in ("objects", "refs/heads"):
            (folder / name).mkdir(parents=True)
        (folder / "HEAD").write_text("ref: refs/heads/main\n")
        (folder / "config").write_text("[core]\n\trepositoryformatversion = 0\n\tbare = true\n")

    @property
    def source(self) -> str:
        """What names it on a command line."""
        return f"git+file://{self.folder}@main"

    @property
    def size(self) -> int:
        """The bytes of all its files."""
        return sum(path.stat().st_size for path in self.folder.rglob("*") if path.is_file())

    def add(self, sort: str, content: bytes) -> str:
        """Write an object; its id."""
        whole = f"{sort} {len(content)}\0".encode() + content
        object_id = hashlib.sha1(whole, usedforsecurity=False).hexdigest()
        path = self.folder / "objects" / object_id[:2] / object_id[2:]
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(zlib.compress(whole, 9))
        return object_id

    def blob(self, text: str) -> str:
        """Write a content; its id."""
        return self.add("blob", text.encode())

    def tree(self, entries: Iterable[Entry], *, ordered: bool = True) -> str:
        """Write a tree; its id. git keeps folders in the order of their names with a slash behind."""
        listed = list(entries)
        if ordered:
            listed.sort(key=lambda entry: entry[1] + b"/" * (entry[0] == "40000"))
        return self.add(
            "tree",
            b"".join(
                mode.encode() + b" " + name + b"\0" + bytes.fromhex(object_id)
                for mode, name, object_id in listed
            ),
        )

    def commit(self, tree: str, message: str = "change") -> str:
        """Make ``main`` a commit of a tree; its id."""
        text = b"tree %s\nauthor %s\ncommitter %s\n\n%s\n" % (
            tree.encode(),
            COMMIT_BY,
            COMMIT_BY,
            message.encode(),
        )
        commit = self.add("commit", text)
        (self.folder / "refs" / "heads" / "main").write_text(f"{commit}\n")
        return commit


def file(name: str, object_id: str) -> Entry:
    """Return the entry of a plain file."""
    return ("100644", name.encode(), object_id)


def tree_bomb(made: HostileRepository) -> None:
    """Eight levels of ten names for the same tree."""
    tree = made.tree([file("a.yaml", made.blob(CLUSTER))])
    for _ in range(8):
        tree = made.tree([("40000", b"%d" % number, tree) for number in range(10)])
    made.commit(tree)


def hidden_tree_bomb(made: HostileRepository) -> None:
    """The same, where nothing is read."""
    blob = made.blob(CLUSTER)
    tree = made.tree([file("a.yaml", blob)])
    for _ in range(8):
        tree = made.tree([("40000", b"%d" % number, tree) for number in range(10)])
    made.commit(made.tree([("40000", b".github", tree), file("a.yaml", blob)]))


def shared_blob(made: HostileRepository) -> None:
    """A thousand names for a content of 0.6 MB with 4,000 documents."""
    document = CLUSTER + "# " + "x" * 60 + "\n"
    blob = made.blob("---\n".join([document] * 4_000))
    made.commit(made.tree(file(f"{number}.yaml", blob) for number in range(1_000)))


def shared_blob_within_bounds(made: HostileRepository) -> None:
    """As many names for it as its documents may have."""
    blob = made.blob("---\n".join([CLUSTER] * 1_500))
    made.commit(made.tree(file(f"{number}.yaml", blob) for number in range(79)))


def many_small_documents(made: HostileRepository) -> None:
    """Thirty contents of documents without anything."""
    blobs = [made.blob(f"# {number}\n" + "---\n{}\n" * 30_000) for number in range(30)]
    made.commit(made.tree(file(f"{number}.yaml", blob) for number, blob in enumerate(blobs)))


def full_files(made: HostileRepository) -> None:
    """As many contents as fit into the bound of bytes, each as full of values as a file may be."""
    names = "".join(f"  - Group{number % 10}\n" for number in range(120_000))
    blobs = [
        made.blob(
            f"{HEAD}kind: Permission\nmetadata: {{name: p{number}}}\nspec:\n  actions:\n{names}"
        )
        for number in range(32)
    ]
    made.commit(made.tree(file(f"{number}.yaml", blob) for number, blob in enumerate(blobs)))


def broken_files(made: HostileRepository) -> None:
    """Twenty contents of 2 MB with a tab at the end."""
    blobs = [made.blob(f"# {number}\n" + "a: [1]\n" * 250_000 + "\tb") for number in range(20)]
    made.commit(made.tree(file(f"{number}.yaml", blob) for number, blob in enumerate(blobs)))


def dangling_references(made: HostileRepository) -> None:
    """Ten thousand documents that name what is not there."""
    documents = [
        f"{HEAD}kind: Service\nmetadata: {{name: S{number}}}\nspec: {{owningCluster: Nobody{number}}}\n"
        for number in range(10_000)
    ]
    clusters = "---\n".join(
        f"{HEAD}kind: Cluster\nmetadata: {{name: Nobod{number}y}}\nspec: {{shortName: aa}}\n"
        for number in range(3_000)
    )
    made.commit(
        made.tree(
            [
                file("c.yaml", made.blob(clusters)),
                *(
                    file(f"s{start}.yaml", made.blob("---\n".join(documents[start : start + 1000])))
                    for start in range(0, 10_000, 1_000)
                ),
            ]
        )
    )


def _types(made: HostileRepository, pattern: str, count: int) -> None:
    subnets = "{PrivateApp: {availabilityZoneA: a, availabilityZoneB: b}}"
    documents = (
        f"{HEAD}kind: EnvironmentType\nmetadata: {{name: T{number}}}\nspec: {{account: main, vpcId: vpc-1,"
        f" subnets: {subnets}, namingPattern: '{pattern.format(number)}'}}\n"
        for number in range(count)
    )
    made.commit(made.tree([file("a.yaml", made.blob("---\n".join(documents)))]))


def pattern_bomb(made: HostileRepository) -> None:
    """A thousand patterns whose engines would take 10 MB each."""
    _types(made, r"\w{{200}}|{}", 1_000)


def nested_pattern_bomb(made: HostileRepository) -> None:
    """Patterns whose counts multiply."""
    _types(made, "(((c{{40}}){{40}}){{6}}){}", 1_000)


def patterns_within_bounds(made: HostileRepository) -> None:
    """A thousand patterns as large as they may be."""
    _types(made, "[^k]{{49}}[^k]{{49}}[^k]{{49}}[^k]{{30}}{}", 1_000)


def many_submodules(made: HostileRepository) -> None:
    """A hundred thousand submodules."""
    made.commit(made.tree(("160000", b"%05d" % number, "1" * 40) for number in range(100_000)))


def forty_thousand_submodules(made: HostileRepository) -> None:
    """As many as may be listed."""
    made.commit(made.tree(("160000", b"%05d" % number, "1" * 40) for number in range(40_000)))


def deep_trees(made: HostileRepository) -> None:
    """Eight hundred folders inside each other."""
    tree = made.tree([file("a.yaml", made.blob(CLUSTER))])
    for _ in range(800):
        tree = made.tree([("40000", b"d", tree)])
    made.commit(tree)


def long_names(made: HostileRepository) -> None:
    """Names as long as git lets in."""
    blob = made.blob(CLUSTER)
    made.commit(made.tree(file("n" * 4_000 + f"{number:05}.yaml", blob) for number in range(2_000)))


def a_name_twice(made: HostileRepository) -> None:
    """Two files of one name, of which git takes the last."""
    made.commit(
        made.tree([file("a.yaml", made.blob(CLUSTER)), file("a.yaml", made.blob(CLUSTER * 2))])
    )


def an_absolute_name(made: HostileRepository) -> None:
    """A file whose name is a path."""
    blob = made.blob(CLUSTER)
    made.commit(made.tree([file("/etc/x.yaml", blob), file("a.yaml", blob)]))


def a_long_message(made: HostileRepository) -> None:
    """A message of 40 MB, over a document that is wrong."""
    tree = made.tree([file("a.yaml", made.blob("a: 1\n"))])
    made.commit(tree, "x" * 40_000_000)


def many_refs(made: HostileRepository) -> None:
    """Some thousand branches, and none of the name that is asked for."""
    commit = made.commit(made.tree([file("a.yaml", made.blob(CLUSTER))]))
    lines = (f"{commit} refs/heads/mai{number:04}\n" for number in range(3_800))
    (made.folder / "packed-refs").write_text(
        "# pack-refs with: peeled fully-peeled sorted \n" + "".join(lines)
    )
    (made.folder / "refs" / "heads" / "main").unlink()


def long_key(made: HostileRepository) -> None:
    """A key of 2 MB less a little."""
    made.commit(made.tree([file("a.yaml", made.blob("k" * 2_000_000 + ": 1\n"))]))


HOSTILE: Mapping[str, tuple[Callable[[HostileRepository], None], int, str]] = {
    "a tree bomb": (tree_bomb, 1, "holds more than 50,000 files and folders"),
    "a tree bomb in a hidden folder": (hidden_tree_bomb, 0, "no problems: 1 object"),
    "a blob with a thousand names": (shared_blob, 1, "expected at most 67,108,864"),
    "a blob with 79 names": (shared_blob_within_bounds, 1, "is already defined"),
    "documents without anything": (many_small_documents, 1, "more than 120,000 documents"),
    "files that are full": (full_files, 1, "problems: 0 objects in 32 files"),
    "files that are broken": (broken_files, 1, "problems: 0 objects in 20 files"),
    "references to nothing": (dangling_references, 1, "more than 1,000 things are wrong"),
    "a pattern bomb": (pattern_bomb, 1, "which stands for the characters of all scripts"),
    "a pattern bomb by counts": (nested_pattern_bomb, 1, "with its repeats written out"),
    "patterns within bounds": (patterns_within_bounds, 1, "no Account named 'main'"),
    "100,000 submodules": (many_submodules, 1, "holds more than 50,000 files and folders"),
    "40,000 submodules": (forty_thousand_submodules, 1, "and 39,900 more problems in this source"),
    "deep trees": (deep_trees, 1, "is deeper than 64 folders"),
    "long names": (long_names, 1, "the file's path has 4,010 bytes"),
    "a name twice": (a_name_twice, 5, "holds objects that no sound one has"),
    "an absolute name": (an_absolute_name, 5, "holds objects that no sound one has"),
    "a message of 40 MB": (a_long_message, 1, "a.yaml:1"),
    "many refs": (many_refs, 5, "no branch or tag named 'main'"),
    "a key of 2 MB": (long_key, 1, "a.yaml:1:1"),
}
"""Name -> what makes it, the exit code it is told with, and words of what is told."""
