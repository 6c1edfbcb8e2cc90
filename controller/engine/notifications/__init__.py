"""What others are told: changes once they are on record, and alerts when they begin and when they are over."""
