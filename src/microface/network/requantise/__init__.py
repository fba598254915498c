"""microface.network.requantise."""
