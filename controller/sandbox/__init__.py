"""An embedded AWS for first runs and tests: a moto server of its own, seeded accounts, and AWS's refusals that moto lacks."""
