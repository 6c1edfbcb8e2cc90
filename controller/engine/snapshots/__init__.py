"""Snapshots of an installation: taken, verified, compared, put back."""
