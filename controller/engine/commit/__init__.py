"""Written once: transactions that hold changes, their records and the head of a scope."""
