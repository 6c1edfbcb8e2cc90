"""The controller's own rows in EnvctlState: status, overrides, flips."""
