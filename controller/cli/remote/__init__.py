"""Commands answered by a daemon over HTTP."""
