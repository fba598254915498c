"""microface.evaluate."""
