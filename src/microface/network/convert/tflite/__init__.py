"""TFLite files as integer networks, equal to TFLite's reference kernels bit for bit."""

from microface.network.convert.tflite.exporting import tflite_bytes
from microface.network.convert.tflite.importing import Imported, import_bytes, import_tflite

__all__ = ["Imported", "import_bytes", "import_tflite", "tflite_bytes"]
