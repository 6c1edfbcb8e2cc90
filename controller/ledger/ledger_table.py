"""The audit table and the indexes its questions are answered from."""

from controller.model.table import Index, KeyAttribute, TableDefinition

SUMMARY = (
    "Date",
    "ISOTimestamp",
    "TransactionID",
    "ChangedBy",
    "Entity",
    "EntityId",
    "ChangeType",
    "Cause",
    "Phase",
    "Origin",
    "Scope",
    "Sequence",
    "Actor",
)
"""What an index holds besides its keys: one line of ``envctl audit list``. Images are read from the table."""

DATE_INDEX = "Date-ISOTimestamp-index"
ENTITY_INDEX = "EntityId-ISOTimestamp-index"
ACTOR_INDEX = "ActorId-ISOTimestamp-index"
TRANSACTION_INDEX = "RunId-Sequence-index"
SCOPE_INDEX = "Scope-Sequence-index"

# Indexed are attributes of our own: other writers of this table put NULL into ChangedBy and TransactionID, which DynamoDB
# refuses for the key of an index.
_TIME = KeyAttribute("ISOTimestamp")
_SEQUENCE = KeyAttribute("Sequence", "N")

LEDGER_TABLE = TableDefinition(
    "InfraChangeAudit",
    KeyAttribute("AuditID"),
    indexes=(
        Index(DATE_INDEX, KeyAttribute("Date"), _TIME),
        Index(ENTITY_INDEX, KeyAttribute("EntityId"), _TIME, SUMMARY),
        Index(ACTOR_INDEX, KeyAttribute("ActorId"), _TIME, SUMMARY),
        Index(TRANSACTION_INDEX, KeyAttribute("RunId"), _SEQUENCE, SUMMARY),
        Index(SCOPE_INDEX, KeyAttribute("Scope"), _SEQUENCE, SUMMARY),
    ),
    stream=False,
)
