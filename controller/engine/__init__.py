"""Where pure decisions and the outside meet: load, plan, apply, reconcile."""
