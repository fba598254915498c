"""What the accelerator's rounding of each layer costs, in mean cosine to the embeddings without it."""

from collections.abc import Iterable

import numpy as np
import torch
from torch import Tensor

from microface.console import track
from microface.learn.quant.calibrate import observe
from microface.learn.quant.graph import Node, Weighted
from microface.learn.quant.max78000.fit import Fitted, with_step
from microface.learn.quant.max78000.network import RoundedNetwork
from microface.learn.quant.sensitivity import LayerCost, cosines, layer_cost, loss

_PHOTOS = 50


def costs(fitted: Fitted, x: np.ndarray) -> list[LayerCost]:
    """Return the cost of every node of `fitted`, the dearest first; `x` int8 [N, H, W, C] are held-out crops."""
    batches = (torch.from_numpy(x).permute(0, 3, 1, 2).float() / 128).split(_PHOTOS)
    judge = _Judge(fitted, batches)
    seen = observe(fitted.graph, batches)

    def four_bits(node: Node) -> float | None:
        if not isinstance(node, Weighted):
            return None
        changed = fitted.graph.changed({node.name: with_step(node, seen, 4)})
        return judge.cost(Fitted(changed, fitted.wide), judge.names) - judge.whole

    def cost(node: Node) -> LayerCost:
        alone, without = judge.cost(fitted, {node.name}), judge.cost(fitted, judge.names - {node.name})
        return layer_cost(node, alone, judge.whole - without, four_bits(node))

    made = [cost(node) for node in track(fitted.graph.nodes, "layers", len(fitted.graph.nodes))]
    return sorted(made, key=lambda each: -each.alone)


class _Judge:
    """Compares embeddings of `batches` with those of `fitted` when nothing is rounded."""

    def __init__(self, fitted: Fitted, batches: Iterable[Tensor]) -> None:
        self.batches, self.names = tuple(batches), {node.name for node in fitted.graph.nodes}
        self.wanted = [output.numpy() for output in self._outputs(fitted, set())]
        self.whole = self.cost(fitted, self.names)

    def cost(self, fitted: Fitted, rounding: set[str]) -> float:
        """Return 1 - the mean cosine when only the nodes in `rounding` are rounded."""
        outputs = self._outputs(fitted, rounding)
        return loss(torch.cat([cosines(each, wanted) for each, wanted in zip(outputs, self.wanted, strict=True)]))

    @torch.inference_mode()
    def _outputs(self, fitted: Fitted, rounding: set[str]) -> list[Tensor]:
        network = RoundedNetwork(fitted)
        network.rounding = rounding
        return [network(batch).flatten(1) for batch in self.batches]
