"""Windows of convolutions and pools from a node's attributes."""

from microface.errors import UserError
from microface.network.convert.onnx.model import OnnxNode
from microface.network.ops.window import Padding, Pair, Window, same_padding
from microface.network.tensors import Shape

_LARGEST = 1 << 10


def window_of(node: OnnxNode, source: Shape, size: Pair) -> Window:
    """Return the window of `size` that `node` moves over `source`."""
    stride = _pair(node, "strides", 1)
    dilation = _pair(node, "dilations", 1)
    if node.integer("ceil_mode", 0):
        raise UserError(node.where, "rounds its output's size up", "export it with ceil_mode = 0")
    return Window(size, stride, _padding(node, source, size, stride, dilation), dilation)


def kernel_of(node: OnnxNode) -> Pair:
    """Return a pool's window."""
    if "kernel_shape" not in node.attributes:
        raise UserError(node.where, "has no kernel_shape", "export it again")
    return _pair(node, "kernel_shape", 1)


def _pair(node: OnnxNode, name: str, default: int) -> Pair:
    pair = node.integers(name, (default, default))
    if len(pair) != 2 or min(pair) < 1 or max(pair) > _LARGEST:
        raise UserError(node.where, f"has {name} {list(pair)}", "use two dimensions, 1 or more")
    return pair[0], pair[1]


def _padding(node: OnnxNode, source: Shape, size: Pair, stride: Pair, dilation: Pair) -> Padding:
    kind = node.attributes.get("auto_pad", b"NOTSET")
    extent = ((size[0] - 1) * dilation[0] + 1, (size[1] - 1) * dilation[1] + 1)
    match kind:
        case b"VALID":
            return 0, 0, 0, 0
        case b"SAME_UPPER":
            return same_padding((source[0], source[1]), extent, stride)
        case b"SAME_LOWER":
            above, below, left, right = same_padding((source[0], source[1]), extent, stride)
            return below, above, right, left
        case b"NOTSET":
            return _given(node)
    raise UserError(node.where, f"has auto_pad {kind!r}", "export it with pads")


def _given(node: OnnxNode) -> Padding:
    pads = node.integers("pads", (0, 0, 0, 0))
    if len(pads) != 4 or min(pads) < 0 or max(pads) > _LARGEST:
        raise UserError(node.where, f"has pads {list(pads)}", "pad two dimensions by 0 or more")
    top, left, bottom, right = pads
    return top, bottom, left, right
