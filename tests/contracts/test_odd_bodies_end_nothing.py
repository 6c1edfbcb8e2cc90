"""Bodies that no schema draws are answered without a bug of ours: nested, huge, not quite JSON, not quite text."""

from pathlib import Path

import pytest

from controller.api import rate_limit
from tests.support.command_line import Fleet, envctl, use_settings
from tests.support.http_interface import ADA, InterfaceByHand, bearer, serving

BODIES = {
    "nested lists": b"[" * 300_000,
    "nested objects": b'{"a":' * 100_000,
    "a number of many digits": b'{"what": ' + b"9" * 100_000 + b"}",
    "no number": b'{"what": NaN, "reason": -Infinity}',
    "many fields": b"{" + b",".join(b'"k%d": 1' % n for n in range(20_000)) + b"}",
    "a long field": b'{"' + b"k" * 900_000 + b'": 1}',
    "half a character": b'{"what": "\\ud800", "reason": "x"}',
    "half a character for a field": b'{"\\ud800": 1}',
    "zero bytes": b'{"what": "c50\\u0000", "values": ["a=b"], "until": "+2h", "reason": "\\u0000"}',
    "other bytes": b'{"what": "\xff"}',
    "another encoding": '{"what": "x"}'.encode("utf-16"),
    "nothing": b"",
    "null": b"null",
}
PATHS = (
    "/api/v1/overrides",
    "/api/v1/rollback",
    "/api/v1/snapshots",
    "/api/v1/snapshots/latest/restore",
    "/api/v1/config/import/services/plan?reason=x&until=%2B2h",
    "/api/v1/config/import/all/plan?reason=x&until=%2B2h",
    "/webhooks/git",
)
ITEMS = {
    "half a character": b'[{"ServiceName": "\\ud800"}]',
    "half a character for a field": b'[{"ServiceName": "a", "\\ud800": 1}]',
    "an empty key": b'[{"ServiceName": ""}]',
    "a field without a name": b'[{"ServiceName": "a", "": 1}]',
    "no number": b'[{"ServiceName": "a", "Value": NaN}]',
    "a number beyond those of DynamoDB": b'[{"ServiceName": "a", "Value": 1e400}]',
    "a number of many digits": b'[{"ServiceName": "a", "Value": 0.' + b"1" * 60 + b"}]",
    "deep values": b'[{"ServiceName": "a", "Value": ' + b'{"a":' * 60 + b"1" + b"}" * 60 + b"}]",
    "deeper values": b'[{"ServiceName": "a", "Value": ' + b"[" * 900 + b"]" * 900 + b"}]",
    "a long key": b'[{"ServiceName": "' + b"k" * 5000 + b'"}]',
    "another shape": b'[{"ServiceName": "a", "OwningCluster": {"x": [null, true]}}]',
    "a mark and an author of its own": b'[{"ServiceName": "a", "OwningCluster": "Tango", "Managed": {"By": "x"}, "Audit": 7}]',
}


@pytest.mark.slow
def test_whatever_is_sent_is_told_and_is_no_bug(
    installed: Fleet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = f"source: {{folder: {installed.folder}}}\nsnapshots: {{folder: {tmp_path / 'kept'}}}\n"
    use_settings(tmp_path, monkeypatch, text)
    assert installed.apply("--scope", "config").code == 0
    assert envctl("snapshot", "create").code == 0
    monkeypatch.setattr(rate_limit, "BURST", 1_000_000)
    interface = InterfaceByHand.of_commands()
    sent = [(path, f"{path} {name}", body) for path in PATHS for name, body in BODIES.items()]
    sent += [(PATHS[4], f"{PATHS[4]} {name}", body) for name, body in ITEMS.items()]
    headers = {**bearer(ADA), "Content-Type": "application/json"}

    with serving(interface.app) as client:
        for path, said, body in sent:
            answer = client.post(path, content=body, headers=headers)
            assert answer.status_code < 500, (said, answer.text[:500])
            assert len(answer.content) < 100_000, said

    assert interface.bugs == []
