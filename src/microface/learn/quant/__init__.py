"""microface.learn.quant."""
