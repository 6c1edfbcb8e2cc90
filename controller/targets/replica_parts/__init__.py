"""Parts of the target ``replicas``."""
