"""microface.cli."""
