"""microface.learn."""
