"""Commands that put back what was before: from a snapshot, from the ledger."""
