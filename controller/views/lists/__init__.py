"""Lists of what there is, for people and for programs."""
