"""microface.photos."""
