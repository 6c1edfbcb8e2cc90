"""What kinds are written in: the spec model, its marks, what a kind declares, and what follows from that."""
