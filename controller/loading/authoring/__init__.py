"""From what exists to the YAML somebody would have written for it."""
