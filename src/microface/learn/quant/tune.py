"""The quantisation-aware phase of a run: the float student and the teacher both guide the rounded network."""

import hashlib
import math
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, TypeVar

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812

from microface.errors import UserError
from microface.learn.quant.calibrate import Quantisable
from microface.learn.quant.execute import execute, weights_of
from microface.learn.quant.graph import FloatGraph
from microface.learn.quant.max78000 import Fitted, RoundedNetwork
from microface.learn.quant.options import RATE_SHARE
from microface.learn.quant.qat import QuantisedNetwork
from microface.learn.quant.sharpen import unlike
from microface.learn.train import checkpoint
from microface.learn.train.config import TrainConfig
from microface.learn.train.data import Batch, Loader, Photos, open_photos
from microface.learn.train.place import where
from microface.learn.train.schedule import view
from microface.learn.train.team import Team, gathered
from microface.learn.train.validate import to_input

STEPS_SHARE = 0.09
"""Unless told otherwise, the phase has this share of the float run's steps."""
FIRST_EPOCH = 1_000_000
"""Epochs of this phase are numbered from here, so that its batches are others than the float run's."""
_ENTRY = 0.5
"""With `later_first`, all nodes are rounded from this share of the phase on."""
_SAVE_EVERY = 120.0
_USUAL_SIZE = 0.1
"""Root mean square of weights that learn at the full rate; smaller ones learn in proportion."""

Start = TypeVar("Start", Quantisable, Fitted)
"""What the phase begins with and ends in: for processors, or for the MAX78000's accelerator."""


@dataclass(frozen=True)
class TuneOptions:
    """How long and by what: steps, weights of the losses to the float student and to the teacher's similarities.

    With `later_first` the last nodes are rounded first, the others join one by one in the first half. `save` is the
    checkpoint that an interrupted phase goes on from: exactly, since batch and rate depend on the step alone.
    """

    steps: int
    student: float = 1.0
    teacher: float = 10.0
    later_first: bool = False
    rate_share: float = RATE_SHARE
    device: str = "auto"
    save: Path | None = None


def tuned(
    start: Start,
    student: FloatGraph,
    config: TrainConfig,
    options: TuneOptions,
    run: Path,
    training: Photos | None = None,
) -> Start:
    """Return `start` after `options.steps` batches; the rate falls by half a cosine to 0.

    `student` is the float network that `start` came from, `training` the run's photos where they are read already:
    other processes of the team read their own. A loss that is no number is a `UserError`; the float run in
    the folder `run` stays as it is.
    """
    members = 1 if where(options.device).on_gpu else config.threads
    with gathered(members, _work, start, student, config, options, run) as team:
        result = _work(team, start, student, config, options, run, training)
    if options.save is not None:
        options.save.unlink(missing_ok=True)
    return result


def _work(
    team: Team,
    start: Start,
    student: FloatGraph,
    config: TrainConfig,
    options: TuneOptions,
    run: Path,
    training: Photos | None = None,
) -> Start:
    """Do one member's share of the training to its end; every member gets the same result."""
    place = where(options.device, deterministic=True)
    place.prepare(config.seed)
    photos = open_photos(Path(config.data))[0] if training is None else training
    loader = Loader(photos, config, team.number, team.size)
    network = RoundedNetwork(start) if isinstance(start, Fitted) else QuantisedNetwork(*start)
    phase = _Phase(team, network, Guide(student, place.device), loader, config, options)
    with team.progress() as bar:
        task = bar.add_task("quantisation-aware training", total=options.steps, completed=phase.resumed())
        for step in range(phase.done, options.steps):
            loss = phase.step(step)
            if not math.isfinite(loss):
                what = f"is good, but quantisation-aware training failed at step {step}"
                raise UserError(run, what, "use --method ptq")
            bar.update(task, advance=1, description=f"quantisation-aware training, loss {loss:.3f}")
    return phase.network.cpu().result()


class Guide:
    """The float network that the rounded one shall do as well as."""

    def __init__(self, graph: FloatGraph, device: torch.device) -> None:
        self.graph, self.device = graph, device
        self.weights = {name: (w.to(device), b.to(device)) for name, (w, b) in weights_of(graph).items()}

    @torch.no_grad()
    def embed(self, x: Tensor) -> Tensor:
        """Return the embeddings [N, D] of `x` [N, 3, H, W]."""
        return execute(self.graph, x, self.weights, lambda _name, value: value)


class _Phase:
    """The rounded network, its optimizer and the float network that guides it."""

    def __init__(
        self,
        team: Team,
        network: QuantisedNetwork | RoundedNetwork,
        guide: "Guide",
        loader: Loader,
        config: TrainConfig,
        options: TuneOptions,
    ) -> None:
        self.team, self.guide, self.loader, self.config, self.options = team, guide, loader, config, options
        self.network = network.to(guide.device)
        self.optimizer = torch.optim.Adam(_groups(network, config.rate * options.rate_share))
        self.settings = _fingerprint(network, config, options)
        self.done, self._saved = 0, time.monotonic()

    def resumed(self) -> int:
        """Take over the checkpoint where there is one of the same settings; return the number of steps done."""
        path = self.options.save
        if path is not None and path.exists():
            content = checkpoint.load(path)
            if content.get("settings") != self.settings:
                raise UserError(path, "was left by a phase with other settings", "delete it, or use those again")
            self.network.load_state_dict(content["network"])
            self.optimizer.load_state_dict(content["optimizer"])
            self.done = content["step"]
        return self.done

    def step(self, number: int) -> float:
        """Learn from batch `number`; return the loss."""
        share = number / self.options.steps
        for group in self.optimizer.param_groups:
            group["lr"] = group["peak"] * 0.5 * (1 + math.cos(math.pi * share))
        self.network.rounding = rounding_at(share, self._order()) if self.options.later_first else set(self._order())
        self.optimizer.zero_grad(set_to_none=True)
        loss = self._loss(self._batch(number))
        loss.backward()
        gradients = [_gradient(p) for p in self.network.parameters()]
        (mean,) = self.team.mean(gradients, [loss.item()])
        self.optimizer.step()
        self._save(number + 1)
        return mean

    def _order(self) -> list[str]:
        return [node.name for node in self.network.graph.nodes]

    def _save(self, done: int) -> None:
        path = self.options.save
        if path is None or not self.team.leads or time.monotonic() - self._saved < _SAVE_EVERY:
            return
        state = {"network": self.network.state_dict(), "optimizer": self.optimizer.state_dict()}
        checkpoint.save(path, {"settings": self.settings, "step": done, **state})
        self._saved = time.monotonic()

    def _batch(self, number: int) -> Batch:
        epoch, place = divmod(number, self.loader.batches)
        return self.loader.batch(FIRST_EPOCH + epoch, place, view(self.config, 1.0, self.network.graph.input_shape[1:]))

    def _loss(self, batch: Batch) -> Tensor:
        x = to_input(batch.crops).to(self.guide.device)
        teacher = torch.from_numpy(batch.targets).to(self.guide.device)
        embedding = self.network(x)
        wanted = self.guide.embed(x)
        embedding, wanted = F.normalize(embedding), F.normalize(wanted)
        loss = self.config.relation * contrast(embedding @ wanted.T / self.config.temperature)
        loss = loss + self.options.student * (1 - (embedding * wanted).sum(1).mean())
        if teacher.shape[1] == 0:
            return loss
        if teacher.shape[1] == wanted.shape[1]:
            loss = loss + (1 - F.cosine_similarity(embedding, teacher[: len(x)]).mean())
        return loss + self.options.teacher * unlike(embedding, teacher[: len(x)])


def contrast(logits: Tensor) -> Tensor:
    """Return the mean cross-entropy of rows and of columns of `logits` [N, N], whose diagonal is right."""
    own = torch.arange(len(logits), device=logits.device)
    return (F.cross_entropy(logits, own) + F.cross_entropy(logits.T, own)) / 2


def _groups(network: QuantisedNetwork | RoundedNetwork, rate: float) -> list[dict[str, Any]]:
    """Return the steps' factors and slopes at `rate`, each layer at `rate` x its weights' size as the float run had it.

    The projection leaves an embedding layer of tiny weights and equalising makes layers unlike: one rate for all
    would undo them in a few steps.
    """
    slopes = list(network.slopes.values()) if isinstance(network, QuantisedNetwork) else []
    groups: list[dict[str, Any]] = [{"params": [*network.factors.values(), *slopes], "peak": rate}]
    for name, weights in network.weights.items():
        size = float(weights.detach().square().mean().sqrt())
        peak = rate * min(1.0, size / _USUAL_SIZE)
        groups.append({"params": [weights, network.biases[name]], "peak": peak})
    return [{**group, "lr": group["peak"]} for group in groups]


def rounding_at(share: float, order: list[str]) -> set[str]:
    """Return which of the nodes in `order` are rounded when `share` of the phase is done, the last ones first."""
    count = math.ceil(len(order) * min(1.0, (share + 1e-9) / _ENTRY))
    return set(order[len(order) - count :])


def _gradient(parameter: Tensor) -> Tensor:
    """Return the gradient of `parameter`, zeros where nothing reads it yet: members exchange tensors of one size."""
    if parameter.grad is None:
        parameter.grad = torch.zeros_like(parameter)
    return parameter.grad


def _fingerprint(network: QuantisedNetwork | RoundedNetwork, config: TrainConfig, options: TuneOptions) -> str:
    """Return a digest of all that the phase's result depends on."""
    digest = hashlib.sha256(repr((asdict(config), {**asdict(options), "save": None})).encode())
    for tensor in network.state_dict().values():
        digest.update(tensor.detach().cpu().numpy().tobytes())
    return digest.hexdigest()


def steps_for(run_steps: int) -> int:
    """Return the phase's usual length in steps after a float run of `run_steps`."""
    return max(100, round(STEPS_SHARE * run_steps))
