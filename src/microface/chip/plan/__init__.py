"""microface.chip.plan."""
