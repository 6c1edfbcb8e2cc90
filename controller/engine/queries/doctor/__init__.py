"""What a scope lacks, and the command that mends it."""
