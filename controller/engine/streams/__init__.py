"""What others changed in the config tables, read from their streams into the ledger."""
