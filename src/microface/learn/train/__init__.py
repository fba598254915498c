"""microface.learn.train."""
