"""microface.demo."""
