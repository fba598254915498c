"""microface.learn.nets."""
