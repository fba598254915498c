"""Quantised ONNX files as integer networks, and integer networks as ONNX files in the QDQ form."""

from microface.network.convert.onnx.exporting import onnx_bytes, with_notes
from microface.network.convert.onnx.importing import Imported, import_bytes, import_onnx

__all__ = ["Imported", "import_bytes", "import_onnx", "onnx_bytes", "with_notes"]
