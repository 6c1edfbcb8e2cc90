"""A fleet as large as wanted, in YAML that breaks no rule: what the benchmarks load, plan and apply.

    python -m benchmarks.corpus [--objects N] [--files N] [--seed N] [--write DIR]

Same arguments, same bytes. For 100 000 objects: 20 accounts and environment types, 50 clusters, 200 deployment maps of
six roles, 2 000 services (500 with ports, as many as the range of ports allows), 15 000 environments, 40 000 upstreams
and as many virtual hosts; other sizes in proportion.
"""

import argparse
import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmarks import corpus_documents as documents

FLEET = 100_000
"""The size the proportions are given for."""

OF_FLEET = {
    "accounts": 20,
    "clusters": 50,
    "maps": 200,
    "schedules": 40,
    "calendars": 10,
    "permissions": 200,
    "templates": 20,
    "services": 2_000,
    "environments": 15_000,
    "upstreams": 40_000,
}
LEAST = {
    "accounts": 1,
    "clusters": 2,
    "maps": 2,
    "schedules": 1,
    "calendars": 1,
    "permissions": 1,
    "templates": 1,
    "services": 8,
}
PER_FILE = 20


@dataclass(frozen=True, slots=True)
class Sizes:
    """How many objects of each sort; as many environment types as accounts, virtual hosts are the rest."""

    accounts: int
    clusters: int
    maps: int
    schedules: int
    calendars: int
    permissions: int
    templates: int
    services: int
    environments: int
    upstreams: int
    virtual_hosts: int


def sizes_of(objects: int) -> Sizes:
    """Share out ``objects``; raises ValueError if they are too few for one of each."""
    counts = {
        sort: max(LEAST.get(sort, 1), objects * share // FLEET) for sort, share in OF_FLEET.items()
    }
    clusters = min(counts["clusters"], documents.MAX_CLUSTERS)
    # An account brings a type, a cluster its notification settings.
    rest = objects - sum(counts.values()) - counts["accounts"] - counts["clusters"]
    if rest < 1:
        raise ValueError(f"{objects} objects are too few for one of each kind; ask for at least 50")
    return Sizes(
        **{**counts, "clusters": clusters}, virtual_hosts=rest + 2 * (counts["clusters"] - clusters)
    )


def generate(objects: int = FLEET, files: int = 5_000, seed: int = 1) -> dict[str, str]:
    """Return path -> text of ``files`` files with ``objects`` objects (and one Defaults per environment type).

    There are fewer files where there are fewer environments than could fill them.

    Raises ValueError if there are too few objects for one of each kind, or too few files for a file per kind.
    """
    sizes = sizes_of(objects)
    chance = random.Random(seed)
    texts = dict(_shared_files(sizes, chance, files))
    routed = files - len(texts)
    if routed < sizes.accounts:
        raise ValueError(
            f"{files} files are too few; ask for at least {len(texts) + sizes.accounts}"
        )
    texts.update(_environment_files(sizes, chance, routed))
    return texts


def _shared_files(sizes: Sizes, chance: random.Random, files: int) -> Iterator[tuple[str, str]]:
    """Yield the files of all that is not part of one environment; a tenth of the files at most, or one per kind."""
    kinds = documents.shared_documents(sizes, chance)
    total = sum(len(found) for found in kinds.values())
    per_file = max(PER_FILE, total * 10 // files)
    for folder, found in kinds.items():
        for number, start in enumerate(range(0, len(found), per_file)):
            yield (
                f"fleet/{folder}/{number:03d}.yaml",
                documents.joined(found[start : start + per_file]),
            )
    for number in range(sizes.accounts):
        yield (
            f"fleet/{documents.type_name(number).lower()}/defaults.yaml",
            documents.defaults(number),
        )


def _environment_files(
    sizes: Sizes, chance: random.Random, files: int
) -> Iterator[tuple[str, str]]:
    """Yield files that each hold some environments of one type, each with its upstreams and virtual hosts."""
    files = min(files, sizes.environments)
    for number in range(files):
        environment_type = number % sizes.accounts
        first, last = (sizes.environments * n // files for n in (number, number + 1))
        found: list[str] = []
        for environment in range(first, last):
            found.append(documents.environment(environment, environment_type, sizes, chance))
            found += documents.routing(environment, sizes, chance)
        folder = documents.type_name(environment_type).lower()
        yield f"fleet/{folder}/environments-{number:05d}.yaml", documents.joined(found)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--objects", type=int, default=FLEET)
    parser.add_argument("--files", type=int, default=5_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--write", type=Path, metavar="DIR", help="write the files below DIR")
    options = parser.parse_args()
    texts = generate(options.objects, options.files, options.seed)
    for path, text in texts.items() if options.write else ():
        target = options.write / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
    size_mb = sum(map(len, texts.values())) / 1e6
    print(
        f"{options.objects} objects in {len(texts)} files, {size_mb:.1f} MB, {sizes_of(options.objects)}"
    )


if __name__ == "__main__":
    main()
