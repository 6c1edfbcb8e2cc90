"""The HTTP interface of the daemon: the same questions and the same documents as the commands."""
