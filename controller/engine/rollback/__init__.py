"""Rollback: what the ledger says was changed, taken back."""
