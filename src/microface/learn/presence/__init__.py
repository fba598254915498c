"""Training of networks that say whether a picture shows a face: a float phase, then one with the chip's rounding."""
