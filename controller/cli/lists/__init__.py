"""``envctl get``: lists of what there is."""
