"""microface.network.ops."""
