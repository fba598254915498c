"""microface.chip.targets."""
