"""microface.network.inputs."""
