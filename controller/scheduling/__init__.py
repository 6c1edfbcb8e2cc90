"""When a power state is wanted: schedule grammar, time line, decisions. Pure: every moment is an argument."""
