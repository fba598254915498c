"""microface.network.passes."""
