"""Secrets are planted in every field, credential and answer; no command shows, keeps or sends one anywhere but where it belongs."""

import json
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

from controller.cli.process import utc_now
from controller.events import lines_to
from controller.ledger.records import iso_ms
from controller.redactor import REDACTOR
from controller.sandbox.seed import MASTER_ACCOUNT, seed
from tests.support.command_line import Ended, commands_in, envctl
from tests.support.embedded_aws import AwsForTests
from tests.support.http_interface import ADA, InterfaceByHand, bearer, serving
from tests.support.quoting_sts import quoting_sts

FLEET = Path(__file__).parents[2] / "examples" / "fleet"
STAGING = "accounts/staging-eu.yaml"
MARK = "CANARY"
EXTERNAL_IDS = "envctl/external-ids"
COMMANDS: tuple[tuple[str, ...], ...] = (
    ("validate",), ("validate", "--format", "json"),
    ("plan", "--format", "text", "--expand"), ("plan", "--format", "markdown", "--expand"),
    ("plan", "--format", "json"), ("plan", "--format", "html"),
    ("apply", "--yes"), ("apply", "--yes", "--format", "json"),
    ("status",), ("status", "--format", "json"), ("doctor",), ("doctor", "--format", "json"),
    ("explain", "Account/staging-eu"), ("explain", "EnvironmentType/Staging", "--format", "json"),
    ("audit", "list"), ("audit", "list", "--format", "json"), ("render",), ("render", "--format", "json"),
)  # fmt: skip
PAST: tuple[tuple[str, ...], ...] = (
    ("audit", "blame", "EnvironmentType/Staging"), ("audit", "blame", "EnvironmentType/Staging", "--format", "json"),
    ("audit", "state", "--at", "{before}"), ("audit", "state", "--at", "{before}", "--format", "json"),
    ("audit", "state", "--at", "{before}", "--format", "yaml"), ("audit", "state", "--at", "{between}", "--format", "yaml"),
    ("audit", "export"), ("audit", "export", "--format", "proof"), ("audit", "verify", "--replay"),
    ("audit", "follow", "--once"), ("audit", "follow", "--once", "--format", "json"),
    ("snapshot", "list", "--format", "json"), ("snapshot", "show", "latest"), ("snapshot", "show", "latest", "--format", "json"),
    *(("snapshot", "diff", "latest", "--expand", "--format", form) for form in ("text", "markdown", "json", "html")),
    ("snapshot", "verify", "latest"), ("plan", "--source", "snapshot:latest", "--expand"),
    ("rollback", "--to", "{between}", "--plan"), ("rollback", "--to", "{between}", "--plan", "--format", "json"),
    ("restore", "latest", "--plan"), ("restore", "latest", "--plan", "--format", "json"),
    ("restore", "latest", "--kind", "EnvironmentType", "--yes"), ("override", "list", "--format", "json"),
    ("rollback", "--to", "{between}", "--yes"), ("audit", "list", "--format", "json"), ("audit", "list", "--records"),
)  # fmt: skip
ASKED: tuple[str, ...] = (
    "/readyz", "/metrics", "/api/v1/status", "/api/v1/plan", "/api/v1/plan?expand=true",
    "/api/v1/explain?what=EnvironmentType/Staging", "/api/v1/explain?what=Account/staging-eu",
    "/api/v1/audit", "/api/v1/audit?entity=EnvironmentType/Staging&records=true", "/api/v1/overrides",
    "/api/v1/schedules/exceptions", "/api/v1/schedules/report?days=1", "/api/v1/environments",
    "/api/v1/instances/schedule-actions?account=staging-eu", "/api/v1/schedules/preview?what=never", "/nothing",
)  # fmt: skip
WRONG_NAMES = (
    *("externalId", "externalID", "external_id", "externalIds", "extId", "newRelicKey", "newRelicKeys"),
    *("new_relic_key", "licenseKeys", "licenceKeys", "token", "password", '"new\\x52elicKey"'),
)  # fmt: skip
WRONG_VALUES = (
    *("{0}", "env://{0}", "s3://{0}/key", "[{0}]", "{{a: {0}}}", "'{0}'", "secretsmanager://{0}/../a b"),
    *("&a {0}", "|\n    {0}", "{{newRelicKeys: {0}, bogus: 1}}", "{{newRelicKey: [{0}]}}", "!!str {0}"),
)  # fmt: skip


@dataclass
class Planted:
    """The example fleet in a folder, with secrets in it; and everything that was said and written."""

    aws: AwsForTests
    folder: Path
    said: list[str]

    def run(self, *command: object) -> Ended:
        """Run a command and keep all it says."""
        ended = envctl("--events", self.folder / "out" / "events.jsonl", *command)
        self.said += [f"{command}\n{ended.out}\n{ended.err}"]
        return ended

    def leaks(self) -> list[str]:
        """Return where any secret is found: in what was said, in files that were written, in tables."""
        texts = [(said.partition("\n")[0], said) for said in self.said]
        texts += [(str(path), path.read_text()) for path in (self.folder / "out").iterdir()]
        client = self.aws.client("dynamodb")
        for table in client.list_tables()["TableNames"]:
            for item in client.scan(TableName=table)["Items"]:
                if table != "ConfigEnvironmentTypes":
                    texts += [(f"{table} {item}", json.dumps(item))]
        return [where[:200] for where, text in texts if MARK in text]


@pytest.fixture
def planted(aws: AwsForTests, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Planted]:
    fleet = tmp_path / "fleet"
    shutil.copytree(FLEET, fleet)
    seed(aws.address, fleet=fleet)
    (tmp_path / "out").mkdir()
    # Bug reports, if there were any, would be there.
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "out"))
    text = (fleet / STAGING).read_text()
    with_key = text.replace(
        "  region: eu-west-1\n",
        f"  region: eu-west-1\n  licenseKeys: {{newRelicKey: {MARK}-license-key-1}}\n",
        1,
    )
    (fleet / STAGING).write_text(with_key)
    settings = f"source: {{folder: {fleet}}}\ntargets: {{groups: enforce, power: enforce}}\n"
    with commands_in(aws, tmp_path, settings):
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", f"{MARK}/secret/access+key")
        monkeypatch.setenv("GITHUB_TOKEN", f"ghs_{MARK}githubtoken")
        yield Planted(aws, tmp_path, [])


def _external_id(aws: AwsForTests, value: str) -> None:
    aws.client("secretsmanager").put_secret_value(
        SecretId=EXTERNAL_IDS, SecretString=json.dumps({"staging-eu": value})
    )


def _accept(aws: AwsForTests, reference: str) -> None:
    """Write a reference into the table as another program could."""
    client = aws.client("dynamodb")
    (item,) = (
        item
        for item in client.scan(TableName="InfraConfigAccounts")["Items"]
        if item["AccountName"]["S"] == "staging-eu"
    )
    text = json.dumps(item).replace(_reference_of(item), reference)
    client.put_item(TableName="InfraConfigAccounts", Item=json.loads(text))


def _reference_of(item: dict[str, Any]) -> str:
    found: str = item["Managed"]["M"]["Extra"]["M"]["spec"]["M"]["externalId"]["S"]
    return found


def test_not_from_what_is_wrong_in_documents(planted: Planted) -> None:
    """Three hundred: under every name, in every form, in either kind, block and flow."""
    accounts = planted.folder / "fleet" / "accounts"
    count = 0
    for name in WRONG_NAMES:
        for value in WRONG_VALUES:
            for kind in ("Account", "EnvironmentType"):
                count += 1
                written = value.format(f"{MARK}-{count:03}")
                (accounts / f"wrong-{count:03}.yaml").write_text(
                    f"apiVersion: envctl/v1\nkind: {kind}\nmetadata: {{name: wrong{count}}}\nspec:\n"
                    f"  {name}: {written}\n  bogus: {{{name}: {MARK}-{count:03}, x: 1}}\n"
                )
    assert count >= 300
    assert planted.run("bootstrap").code == 0
    for command in (
        ("validate",),
        ("validate", "--format", "json"),
        ("plan",),
        ("plan", "--format", "json"),
    ):
        assert planted.run(*command).code == 1
    assert planted.leaks() == []


def test_not_where_sts_repeats_what_it_was_sent(
    planted: Planted, monkeypatch: pytest.MonkeyPatch
) -> None:
    _external_id(planted.aws, f"{MARK}:external/id@of=staging,eu-1")
    assert planted.run("bootstrap").code == 0
    assert planted.run("apply", "--yes", "--scope", "config").code == 0
    with quoting_sts(MASTER_ACCOUNT) as sts:
        monkeypatch.setenv("AWS_ENDPOINT_URL_STS", f"http://127.0.0.1:{sts.server_port}")
        out = planted.folder / "out"
        planted.run("plan", "--out", out / "plan.json")
        for command in COMMANDS:
            planted.run(*command)
        assert sts.sent
        assert set(sts.sent) == {f"{MARK}:external/id@of=staging,eu-1", ""}
    assert "***" in "".join(planted.said)
    assert planted.leaks() == []


def _with_key(planted: Planted, key: str) -> None:
    staging = planted.folder / "fleet" / STAGING
    staging.write_text(re.sub(rf"{MARK}-license-key-\d", key, staging.read_text()))
    assert planted.run("apply", "--yes", "--scope", "config").code == 0


@pytest.mark.slow
def test_not_by_what_is_told_of_the_past(planted: Planted) -> None:
    """The key was another one before, and is a third one where it was not written by us."""
    settings = planted.folder / "envctl.yaml"
    settings.write_text(
        f"{settings.read_text()}snapshots: {{folder: {planted.folder}/snapshots}}\n"
    )
    assert planted.run("bootstrap").code == 0
    _with_key(planted, f"{MARK}-license-key-1")
    before = iso_ms(utc_now())
    assert planted.run("snapshot", "create").code == 0
    _with_key(planted, f"{MARK}-license-key-2")
    between = iso_ms(utc_now())
    _with_key(planted, f"{MARK}-license-key-3")
    for command in PAST:
        ended = planted.run(*(part.format(before=before, between=between) for part in command))
        assert ended.code not in (64, 70), (command, ended)
    # What was told is of the key: that it was another one.
    assert sum("newRelicKey" in said for said in planted.said) > len(PAST) / 3
    assert planted.leaks() == []


@pytest.mark.slow
def test_not_by_http(planted: Planted, monkeypatch: pytest.MonkeyPatch) -> None:
    _external_id(planted.aws, f"{MARK}:external/id@of=staging,eu-1")
    assert planted.run("bootstrap").code == 0
    _with_key(planted, f"{MARK}-license-key-1")
    _with_key(planted, f"{MARK}-license-key-2")
    with quoting_sts(MASTER_ACCOUNT) as sts:
        monkeypatch.setenv("AWS_ENDPOINT_URL_STS", f"http://127.0.0.1:{sts.server_port}")
        interface = InterfaceByHand.of_commands()
        with serving(interface.app) as client:
            for path in ASKED:
                for form in ("application/json", "text/plain"):
                    answer = client.get(path, headers={"Accept": form})
                    said = f"{path} {answer.status_code} {answer.headers}\n{answer.text}"
                    planted.said += [said.replace(path, "")]
            made = client.post(
                "/api/v1/overrides",
                headers=bearer(ADA),
                json={"what": "EnvironmentType/Staging", "values": [f"licenseKeys.newRelicKey={MARK}-4"], "until": "+2h", "reason": "night"},
            )  # fmt: skip
            planted.said += [f"override\n{made.text}"]
            assert made.status_code == 400
        assert set(sts.sent) >= {f"{MARK}:external/id@of=staging,eu-1"}
    told = StringIO()
    tell = lines_to(told, lambda: "")
    for event in interface.events:
        tell(event)
    planted.said += [f"events\n{told.getvalue()}"]
    assert planted.leaks() == []
    assert interface.bugs == []


@pytest.mark.slow
def test_not_what_has_not_the_form_of_an_external_id_and_it_is_not_sent(
    planted: Planted, monkeypatch: pytest.MonkeyPatch
) -> None:
    planted.run("bootstrap")
    assert planted.run("apply", "--yes", "--scope", "config").code == 0
    with quoting_sts(MASTER_ACCOUNT) as sts:
        monkeypatch.setenv("AWS_ENDPOINT_URL_STS", f"http://127.0.0.1:{sts.server_port}")
        for value in (
            f'{{"user": "app", "password": "{MARK}-db-pw"}}',
            f"{MARK} with a space",
            f"{MARK}-é",
            f"{MARK}\nsecond line {MARK}",
            f"{MARK}" * 300,
        ):
            _external_id(planted.aws, value)
            ended = planted.run("doctor")
            assert "has not the form of an external id" in ended.out
        for command in (("plan",), ("apply", "--yes"), ("status",)):
            planted.run(*command)
        assert set(sts.sent) <= {""}
    assert planted.leaks() == []


@pytest.mark.slow
def test_not_by_a_table_that_names_a_variable_or_an_object(
    planted: Planted, monkeypatch: pytest.MonkeyPatch
) -> None:
    planted.run("bootstrap")
    assert planted.run("apply", "--yes", "--scope", "config").code == 0
    planted.aws.client("secretsmanager").create_secret(
        Name="prod/database", SecretString=f"{MARK}-prod-database"
    )
    with quoting_sts(MASTER_ACCOUNT) as sts:
        monkeypatch.setenv("AWS_ENDPOINT_URL_STS", f"http://127.0.0.1:{sts.server_port}")
        for reference in (
            "env://GITHUB_TOKEN",
            "env://AWS_SECRET_ACCESS_KEY",
            "s3://acme/key",
            "secretsmanager://prod/database",
        ):
            _accept(planted.aws, reference)
            # Nothing is desired otherwise, so what the table says is what counts.
            planted.run("doctor")
        for command in (("status",), ("plan", "--scope", "staging-eu/eu-west-1")):
            planted.run(*command)
        assert set(sts.sent) <= {""}
    assert any("no secret that documents may name" in said for said in planted.said)
    assert planted.leaks() == []


def test_not_the_token_of_a_repository(planted: Planted, tmp_path: Path) -> None:
    settings = tmp_path / "envctl.yaml"
    settings.write_text(
        "source: {git: {url: 'https://127.0.0.1:1/fleet.git', credentials: 'env://GITHUB_TOKEN'}}\n"
    )
    assert planted.run("validate").code not in (0, 2)
    assert REDACTOR.redact(f"ghs_{MARK}githubtoken") == "***"
    settings.write_text(
        f"source: {{git: {{url: 'https://x:{MARK}@127.0.0.1/f.git', credential: {MARK}-token}}}}\n"
    )
    assert planted.run("validate").code != 0
    assert planted.leaks() == []
