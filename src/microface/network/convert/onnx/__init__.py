"""Quantised ONNX files as integer networks, and integer networks as ONNX files in the QDQ form."""

from microface.network.convert.onnx.convert import Imported, import_bytes, import_onnx
from microface.network.convert.onnx.export import onnx_bytes

__all__ = ["Imported", "import_bytes", "import_onnx", "onnx_bytes"]
