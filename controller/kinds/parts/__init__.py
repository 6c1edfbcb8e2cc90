"""Models that several kinds, or one large kind, are made of. A module here is no kind."""
