"""microface.models."""
