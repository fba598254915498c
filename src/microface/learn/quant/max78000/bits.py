"""Bits of weights by layer, as the command line tells them."""

from collections.abc import Sequence

from microface.errors import UserError
from microface.learn.quant.graph import FloatGraph
from microface.learn.quant.max78000.weights import BITS


def parse_bits(texts: Sequence[str], graph: FloatGraph) -> dict[str, int]:
    """Read 8, 4, 2, 1 for all layers of `graph` or LAYER=4 for one, the later ones over the earlier."""
    names = [node.name for node in graph.weighted()]
    bits = dict.fromkeys(names, 8)
    for text in texts:
        name, _, number = text.rpartition("=")
        if number not in map(str, BITS):
            raise UserError(f"--bits {text}", "is not known for this chip", "use 8, 4, 2, 1 or LAYER=4")
        if name and name not in names:
            raise UserError(f"--bits {text}", "names no layer with weights", f"choose among {', '.join(names)}")
        bits |= dict.fromkeys([name] if name else names, int(number))
    return bits
