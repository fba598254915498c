"""microface.people."""
