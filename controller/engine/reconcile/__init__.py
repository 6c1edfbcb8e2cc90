"""The front door: one run from a source to what became of every change."""
