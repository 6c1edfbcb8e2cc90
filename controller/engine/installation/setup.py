"""An installation is set up: its tables first, then what goes into them."""

from controller.engine.commit.lease import Claim
from controller.engine.commit.run_id import new_run_id
from controller.engine.commit.storage import ApplyRequest
from controller.engine.installation.bootstrap import (
    BootstrapReport,
    all_tables,
    bootstrap,
    set_up_tables,
)
from controller.engine.installation.installation import Master
from controller.model.ledger_record import Actor


def set_up(master: Master, *, upgrade: bool = False) -> BootstrapReport:
    """Create what is missing, compare what is there, mend it on ``upgrade``. Raises as ``bootstrap``."""
    kinds = master.kinds.values()
    process = master.process
    definitions = all_tables(kinds, master.settings.resource_prefix)
    tables = set_up_tables(master.client, definitions, upgrade=upgrade)
    actor = Actor("", "", process.user, "bootstrap")
    request = ApplyRequest(actor=actor, transaction=new_run_id(process.clock()))
    return bootstrap(tables, kinds, master.storage(), request, Claim(process.instance))
