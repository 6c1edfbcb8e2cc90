"""The catalogue finds what there is, in one place, in the order of names."""

import importlib
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import pytest

from controller import catalog
from controller.errors import WrongUsage
from controller.model.table import KeyAttribute


def package(folder: Path, monkeypatch: pytest.MonkeyPatch, **modules: str) -> ModuleType:
    """Make an importable package of the modules given as text."""
    home = folder / "extensions"
    home.mkdir()
    (home / "__init__.py").touch()
    for name, text in modules.items():
        (home / f"{name}.py").write_text(text, encoding="utf-8")
    (home / "parts").mkdir()
    (home / "parts" / "__init__.py").touch()
    monkeypatch.syspath_prepend(str(folder))
    for name in ("extensions", *(f"extensions.{module}" for module in modules)):
        monkeypatch.delitem(__import__("sys").modules, name, raising=False)
    importlib.invalidate_caches()
    return importlib.import_module("extensions")


def test_constants_come_in_the_order_of_the_modules_and_subpackages_are_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = package(tmp_path, monkeypatch, b="KIND = 2", a="KIND = 1")
    assert catalog.constants(found, "KIND") == (1, 2)


def test_a_module_without_the_constant_is_a_mistake(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = package(tmp_path, monkeypatch, a="KIND = 1", helper="x = 1")
    with pytest.raises(AttributeError, match=r"extensions\.helper defines no KIND"):
        catalog.constants(found, "KIND")


def test_every_kind_of_the_installation_is_there() -> None:
    assert list(catalog.kinds()) == [
        "Account",
        "Calendar",
        "Cluster",
        "DeploymentMap",
        "Environment",
        "EnvironmentType",
        "LoadBalancerSetting",
        "NotificationSettings",
        "Permission",
        "Schedule",
        "Service",
        "Template",
        "Upstream",
    ]


@pytest.mark.parametrize(
    ("table", "keys", "indexes"),
    [
        ("ConfigDeploymentMaps", ("DeploymentMapName",), {}),
        ("ConfigEnvironmentTypes", ("EnvironmentType",), {}),
        ("ConfigEnvironments", ("EnvironmentName",), {}),
        ("ConfigNotificationSettings", ("NotificationSettingsId",), {}),
        ("EnvctlConfig", ("Kind", "Name"), {}),
        ("InfraConfigAccounts", ("AccountNumber",), {}),
        ("InfraConfigClusters", ("ClusterName",), {}),
        (
            "InfraConfigLBSettings",
            ("EnvironmentName", "VHostName"),
            {"LoadBalancerGroup-index": ("LoadBalancerGroup",)},
        ),
        (
            "InfraConfigLBUpstream",
            ("Key",),
            {
                "AccountId-index": ("AccountId", "Key"),
                "Environment-Key-index": ("Environment", "Key"),
                "LoadBalancerGroup-index": ("LoadBalancerGroup", "Key"),
            },
        ),
        ("InfraConfigPermissions", ("Name",), {}),
        ("InfraConfigServices", ("ServiceName",), {}),
        ("InfraOpsEnvironment", ("EnvironmentName",), {}),
    ],
)
def test_tables_have_the_keys_and_indexes_other_programs_know(
    table: str, keys: tuple[str, ...], indexes: dict[str, tuple[str, ...]]
) -> None:
    (definition,) = [one for one in catalog.tables() if one.name == table]
    assert tuple(key.name for key in definition.key_attributes()) == keys
    assert {
        index.name: tuple(key.name for key in index.key_attributes())
        for index in definition.indexes
    } == indexes
    assert all(index.projection == "ALL" for index in definition.indexes)
    assert definition.stream


def test_the_number_of_an_account_is_the_only_number_among_the_keys_of_kinds() -> None:
    numbers = {
        attribute
        for kind in catalog.kinds().values()
        for table in kind.tables
        for attribute in table.attributes()
        if attribute.type == "N"
    }
    assert numbers == {KeyAttribute("AccountNumber", "N")}


def test_the_ledger_and_the_controllers_own_rows_are_tables_too() -> None:
    assert [table.name for table in catalog.tables()][-2:] == ["InfraChangeAudit", "EnvctlState"]


def test_two_kinds_of_one_name_are_a_mistake(monkeypatch: pytest.MonkeyPatch) -> None:
    twins = (catalog.kinds()["Cluster"], replace(catalog.kinds()["Account"], name="Cluster"))
    monkeypatch.setattr(catalog, "constants", lambda _package, _name: twins)
    with pytest.raises(ValueError, match="two kinds are named Cluster"):
        catalog.kinds.__wrapped__()


def test_an_extension_that_is_not_installed_is_told_of_as_a_setting() -> None:
    with pytest.raises(
        WrongUsage, match=r"'nobodys.targets' cannot be imported: .*\n  fix: install it"
    ):
        catalog.live_targets(("nobodys.targets",))
