"""A network as our own training lowers them, for the tests of exports."""

from microface.network import IntegerNetwork, Tensor
from microface.network.anchor import RandomBuilder
from microface.network.ops import AveragePool, Concat, Flatten, MaxPool, Window


def small_network(seed: int = 1) -> IntegerNetwork:
    """A stem, an inverted residual, pools, a join and a dense layer over an image in our order."""
    builder = RandomBuilder((16, 16, 3), seed)
    x = builder.conv("stem", "input", 8, kernel=3, stride=2)
    y = builder.depthwise("depthwise", builder.conv("expand", x, 24))
    x = builder.add("sum", x, builder.conv("project", y, 8, relu=False))
    source = builder.tensors[x]
    affine = ("s8", source.scale, source.zero_point)
    x = builder.append(MaxPool("largest", (x,), "largest", (2, 2), (2, 2)), Tensor("largest", (4, 4, 8), *affine))
    x = builder.append(Concat("joined", (x, x), "joined"), Tensor("joined", (4, 4, 16), *affine))
    pooled = Tensor("pooled", (3, 3, 16), "s8", 0.05, 7)
    x = builder.append(AveragePool.between("pooled", builder.tensors[x], pooled, Window((2, 2), (1, 1))), pooled)
    x = builder.append(Flatten("flat", (x,), "flat"), Tensor("flat", (1, 1, 144), "s8", 0.05, 7))
    builder.dense("embedding", x, 16)
    return builder.build("small")
