"""Every record of a period, scope by scope in the order of their chains: what auditors are given."""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any, Final

from controller.engine.installation.installation import Installation
from controller.engine.queries.audit import written_scopes
from controller.errors import DamagedState
from controller.ledger.chain import LATER
from controller.ledger.large_images import PACKED, PACKED_DIGEST, unpack_images
from controller.ledger.questions import Period

_MOMENT: Final = timedelta(milliseconds=1)
Wire = Mapping[str, Mapping[str, Any]]


def exported_records(installation: Installation, period: Period) -> Iterator[Wire]:
    """Yield the records as on the wire, images unpacked, with nothing but what their hash is made of and the hash.

    Those of a scope follow each other without a gap, as the order of time is that of sequences. Raises DamagedState for a record
    that is missing, ImagesLost, and as any read.
    """
    ledger, (_, last) = installation.ledger, period.bounds()
    # A period's first moment belongs to it.
    before = None if period.since is None else period.since - _MOMENT
    for scope in written_scopes(installation.master):
        start = min((line.sequence for line in ledger.lines.later(scope, before)), default=None)
        if start is None:
            continue
        for entry in (entry for page in ledger.pages(scope, start - 1) for entry in page):
            record = entry.record
            if record is None:
                raise DamagedState(
                    f"ledger: record #{entry.sequence:,} of {scope} is in the index, and not in the table",
                    fix="envctl audit verify tells what is wrong; export a period without it",
                )
            if str(record.get("ISOTimestamp", {}).get("S")) > last:
                break
            packed = PACKED in record or PACKED_DIGEST in record
            whole = unpack_images(record, ledger.blobs) if packed else record
            yield {name: value for name, value in whole.items() if name not in LATER}
