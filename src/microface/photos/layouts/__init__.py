"""microface.photos.layouts."""
