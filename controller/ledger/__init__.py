"""The ledger: one record per item changed, chained by hash, in the audit table other programs already read."""
