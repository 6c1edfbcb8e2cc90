"""Specs with everything a walk has to get through."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from controller.kinds.language.kind import Kind
from controller.kinds.language.spec import CONTROLLER_ONLY, SENSITIVE, RefTo, Spec
from controller.model.table import KeyAttribute, TableDefinition, one_item

TABLE = TableDefinition("Ships", KeyAttribute("ShipName"))


class Engine(Spec):
    maker: Annotated[str, RefTo("Yard")]
    secret_code: Annotated[str | None, SENSITIVE] = None
    tuned: Annotated[bool | None, CONTROLLER_ONLY] = None


class Mast(Spec):
    named_by: ClassVar[str | None] = "mast_name"

    mast_name: str
    sails: list[Annotated[str, RefTo("Sail")]] | None = None
    colour: Annotated[str | None, CONTROLLER_ONLY] = None


class Cabin(Spec):
    beds: int = 1
    keeper: Annotated[str | None, CONTROLLER_ONLY] = None


class ShipSpec(Spec):
    home_port: Annotated[str, RefTo("Port")]
    engine: Engine | Literal["none"] | None = None
    masts: list[Mast] | None = None
    cabins: Annotated[dict[str, Cabin] | None, Field(serialization_alias="CABINS")] = None
    crew: list[Cabin] | None = None
    notes: dict[str, str] | None = None
    course: (
        Annotated[
            str,
            RefTo(
                "Port",
                read=lambda text: text.removeprefix("to ") if text.startswith("to ") else None,
            ),
        ]
        | None
    ) = None
    log: Annotated[list[Annotated[str, RefTo("Log")]] | None, CONTROLLER_ONLY] = None
    pilot: Annotated[Cabin | None, CONTROLLER_ONLY] = None


FULL = {
    "homePort": "Hull",
    "engine": {"maker": "Leith", "secretCode": "1234", "tuned": False},
    "masts": [
        {"mastName": "main", "sails": ["top", "gaff"], "colour": "red"},
        {"mastName": "fore"},
    ],
    "cabins": {"aft": {"beds": 2, "keeper": "Ann"}, "bow": {}},
    "crew": [{"keeper": "Bob"}],
    "notes": {"x": "y"},
    "course": "to Oslo",
    "log": ["today"],
    "pilot": {"beds": 3},
}

SHIP: Kind[ShipSpec] = Kind(
    name="Ship",
    summary="A ship.",
    spec=ShipSpec,
    **one_item(TABLE, schema_version=2, top=("HomePort",), derived=[("Logbook", ("spec", "log"))]),
    facts=lambda _key, _spec: True,
    key=lambda name, _spec: name,
)
