"""microface.chip.firmware."""
