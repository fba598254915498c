"""microface.metrics."""
