"""``envctl audit``: the ledger asked, shown, verified and kept whole."""
