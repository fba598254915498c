"""microface.photos.detect."""
