"""One installation: its settings, its tables, what it is made of."""
