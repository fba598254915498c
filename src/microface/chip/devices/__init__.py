"""microface.chip.devices."""
