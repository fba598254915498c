"""TFLite files as integer networks, equal to TFLite's reference kernels bit for bit."""

from microface.network.convert.tflite.convert import Imported, import_bytes, import_tflite
from microface.network.convert.tflite.export import tflite_bytes

__all__ = ["Imported", "import_bytes", "import_tflite", "tflite_bytes"]
