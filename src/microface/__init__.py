"""microface: from photos of people to a microcontroller that recognises them."""

__version__ = "0.1.0"
