"""Who set each field, in words: what no record tells is said, and no value is a secret or longer than its column."""

from controller.engine.queries.blame import Blame
from controller.ledger.blame import FieldOrigin, field_origins
from controller.model.ref import ResourceRef
from controller.views.audit.blame import blame_json, blame_lines
from tests.unit.ledger.ledgers import image, records_of, write

NOW = image("a", 2, BluePort=2, Text="x" * 80, Key={"Digest": f"sha256:{'0' * 64}"})
RECORDS = records_of([[write("a", None, image("a", 1, BluePort=1))], [write("a", image("a", 1, BluePort=1), NOW)]])  # fmt: skip
REF = ResourceRef("Service", "a")


def found(*more: FieldOrigin) -> Blame:
    return Blame(REF, {"InfraConfigServices": (*field_origins(NOW, RECORDS[::-1]), *more)})


def test_a_line_a_field() -> None:
    first, headings, *lines = blame_lines(found())
    by_field = {line.split()[0]: line for line in lines}

    assert first == "Service/a"
    assert headings.split()[:2] == ["FIELD", "VALUE"]
    assert "Tue 24 Nov 2026 10:02:00  ada@example.com  9f1e0aa  fleet/a.yaml:3  #2 config" in by_field["Value.BluePort"]  # fmt: skip
    assert "#1 config" in by_field["ServiceName"]
    assert "x" * 60 not in by_field["Value.Text"]
    assert "(sensitive sha256:" in by_field["Value.Key"]


def test_what_no_record_tells_is_said() -> None:
    before = FieldOrigin(("Old",), 1, None)
    outside = FieldOrigin(("Other",), 1, RECORDS[0], is_outside=True)
    told = "\n".join(blame_lines(found(before, outside)))
    fields = {field["path"]: field for field in blame_json(found(before, outside))["fields"]}

    assert "before the first record" in told
    assert "not by envctl, since the record" in told
    assert fields["Old"]["record"] is None
    assert fields["Other"]["isOutside"]


def test_tables_are_named_where_there_are_several() -> None:
    origins = field_origins(NOW, RECORDS[::-1])
    lines = blame_lines(Blame(REF, {"ConfigEnvironments": origins, "InfraOpsEnvironment": origins}))
    assert "ConfigEnvironments" in lines
    assert "InfraOpsEnvironment" in lines
