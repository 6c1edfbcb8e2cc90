"""What was before, asked for by HTTP: snapshots, restores, rollbacks, imports."""
