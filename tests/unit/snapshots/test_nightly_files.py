"""Files of the old product's backup: which are taken, and what is refused."""

from decimal import Decimal
from pathlib import Path

import pytest

from controller.errors import WrongUsage
from controller.model.table import KeyAttribute, TableDefinition
from controller.snapshots import nightly_files
from controller.snapshots.folder import FolderStore
from controller.snapshots.nightly_files import json_of, newest_night

SERVICES = TableDefinition("t-InfraConfigServices", KeyAttribute("ServiceName"))
ACCOUNTS = TableDefinition("t-InfraConfigAccounts", KeyAttribute("AccountNumber", "N"))
TABLES = {table.name: table for table in (SERVICES, ACCOUNTS)}


def file(folder: Path, night: str, table: str, content: str) -> None:
    (folder / f"{night}_environmentmanager_{table}.json").write_text(content)


def test_the_newest_night_is_read_with_exact_numbers(tmp_path: Path) -> None:
    file(tmp_path, "20180501", SERVICES.name, '[{"ServiceName": "Old"}]')
    file(tmp_path, "20180502", ACCOUNTS.name, '[{"AccountNumber": 12, "Share": 0.1}]')
    file(tmp_path, "20180503", "AnotherTable", "[]")

    night = newest_night(FolderStore(tmp_path), TABLES)

    assert night.night == "20180502"
    assert list(night.scan(ACCOUNTS.name)) == [{"AccountNumber": 12, "Share": Decimal("0.1")}]
    assert list(night.scan(SERVICES.name)) == []
    assert night.missing == (SERVICES.name,)


@pytest.mark.parametrize(
    ("content", "said", "why"),
    [
        ("[{", "it is no JSON", "it breaks off"),
        ("[" * 100_000, "it is no JSON", "it is nested without end"),
        ("{}", "no array", "it is an object"),
        ("[1]", "item 1 is no item", "it is a number"),
        (
            '[{"AccountNumber": 1}, {"AccountNumber": "2"}]',
            "item 2 is no item",
            "the key is a text",
        ),
        ('[{"AccountNumber": true}]', "item 1 is no item", "the key is no number"),
    ],
)
def test_what_is_no_backup_is_refused(tmp_path: Path, content: str, said: str, why: str) -> None:
    file(tmp_path, "20180502", ACCOUNTS.name, content)
    night = newest_night(FolderStore(tmp_path), TABLES)

    with pytest.raises(WrongUsage, match=said):
        list(night.scan(ACCOUNTS.name))


def test_a_key_of_text_is_not_empty(tmp_path: Path) -> None:
    file(tmp_path, "20180502", SERVICES.name, '[{"ServiceName": ""}]')

    with pytest.raises(WrongUsage, match=r"the table: ServiceName \(S\)|item 1 is no item"):
        list(newest_night(FolderStore(tmp_path), TABLES).scan(SERVICES.name))


def test_a_file_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file(tmp_path, "20180502", SERVICES.name, '[{"ServiceName": "Old"}]')
    monkeypatch.setattr(nightly_files, "MOST_BYTES", 3)

    with pytest.raises(WrongUsage, match="longer than the 3 bytes"):
        list(newest_night(FolderStore(tmp_path), TABLES).scan(SERVICES.name))


@pytest.mark.parametrize("name", ["20180502_environmentmanager_Other.json", "notes.txt"])
def test_a_folder_without_files_of_tables_is_told(tmp_path: Path, name: str) -> None:
    (tmp_path / name).touch()

    with pytest.raises(WrongUsage, match="it has no file of a table"):
        newest_night(FolderStore(tmp_path), TABLES)


def test_no_folder_is_told(tmp_path: Path) -> None:
    with pytest.raises(WrongUsage, match="it has no file of a table"):
        newest_night(FolderStore(tmp_path / "none"), TABLES)


@pytest.mark.parametrize(
    "text",
    [
        "[",
        "[NaN]",
        '["\\ud800"]',
        '[{"\\ud800": 1}]',
        "[1e126]",
        "[1e999999999999]",
        "[0." + "1" * 39 + "]",
        "[" + "9" * 5000 + "]",
        "[" * 36 + "]" * 36,
        "[" * 100_000,
    ],
)
def test_what_no_table_holds_is_told(text: str) -> None:
    with pytest.raises(WrongUsage, match="that no table holds"):
        json_of(text.encode(), "services.json")


def test_numbers_are_exact_and_levels_as_deep_as_tables_take_them() -> None:
    digits = "1" * 38
    assert json_of(f"[{digits}, 0.{digits}, -5]".encode(), "x") == [
        int(digits),
        Decimal(f"0.{digits}"),
        -5,
    ]
    assert json_of(b"[" * 35 + b"]" * 35, "x")
