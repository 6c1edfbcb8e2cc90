"""What the figures of the daemon are taken with."""
