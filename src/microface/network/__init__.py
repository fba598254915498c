"""What a network computes, to the bit: tensors, operators, requantisation, scores, files.

Everything else (training, planner, C code, tests) is compared with this room.
"""

from microface.network.file import digest, load_network, save_network
from microface.network.network import IntegerNetwork
from microface.network.tensors import Tensor

__all__ = ["IntegerNetwork", "Tensor", "digest", "load_network", "save_network"]
