"""TFLite files as integer networks, equal to TFLite's reference kernels bit for bit."""

from microface.network.convert.tflite.convert import Imported, import_tflite

__all__ = ["Imported", "import_tflite"]
