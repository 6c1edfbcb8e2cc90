"""The ledger as text: records, blame, exports, what keeps it whole."""
