"""One account and region: observe, plan, apply with intents and outcomes in the ledger."""
