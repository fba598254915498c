"""microface.chip."""
