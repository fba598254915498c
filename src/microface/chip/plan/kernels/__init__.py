"""microface.chip.plan.kernels."""
