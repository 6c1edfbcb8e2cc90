"""The daemon: jobs that put works on a queue, workers that do them, and what they tell the world."""
