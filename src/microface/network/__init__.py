"""microface.network."""
