# ruff: noqa: E402 (torch may be absent, which has to be seen first)
"""Optimizers: who is decayed, whom Muon changes, and what it makes of a momentum."""

import pytest

torch = pytest.importorskip("torch", reason="learning needs torch (the extra `train`)")

from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from microface.learn.train.config import TrainConfig
from microface.learn.train.muon import Muon, orthogonal
from microface.learn.train.optimise import Together, optimizer_of


def settings(optimizer: str) -> TrainConfig:
    return TrainConfig("x", "facenet", epochs=1, optimizer=optimizer)


def small() -> nn.Sequential:
    torch.manual_seed(3)
    unit = [nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8), nn.Conv2d(8, 8, 3, groups=8), nn.Conv2d(8, 6, 1, bias=False)]
    return nn.Sequential(*unit, nn.Flatten(), nn.Linear(6, 5))


@pytest.mark.parametrize("optimizer", ["adamw", "adam", "sgd", "muon"])
def test_optimizers_step_and_spare_biases(optimizer: str) -> None:
    layer = nn.Linear(4, 4)
    before = layer.weight.detach().clone()
    chosen = settings(optimizer)
    made = optimizer_of((layer,), chosen)
    layer(torch.ones(1, 4)).sum().backward()
    made.step()
    assert not torch.equal(before, layer.weight)
    assert [group["weight_decay"] for group in made.param_groups] == [chosen.weight_decay, 0.0]


@given(rows=st.integers(1, 40), columns=st.integers(1, 40), seed=st.integers(0, 99), scale=st.floats(1e-6, 1e6))
def test_orthogonal_keeps_directions_and_makes_lengths_alike(rows: int, columns: int, seed: int, scale: float) -> None:
    """The same singular vectors; singular values that are not tiny beside the greatest come near 1."""
    torch.manual_seed(seed)
    rank = min(rows, columns)
    left, _ = torch.linalg.qr(torch.randn(rows, rank, dtype=torch.float64))
    right, _ = torch.linalg.qr(torch.randn(columns, rank, dtype=torch.float64))
    lengths = torch.rand(rank, dtype=torch.float64) * 0.8 + 0.2
    made = left.T @ orthogonal((left * lengths) @ right.T * scale) @ right
    assert made.diagonal().min() > 0.6 and made.diagonal().max() < 1.3
    assert (made - made.diagonal().diag()).abs().max() < 1e-9


def test_muon_changes_inner_dense_convolutions_and_adamw_everything_else() -> None:
    network = small()
    made = optimizer_of((network,), settings("muon"))
    assert isinstance(made, Together) and isinstance(made.parts[1], Muon)
    (group,) = made.parts[1].param_groups
    assert [id(p) for p in group["params"]] == [id(network[3].weight)]
    before = {name: value.clone() for name, value in network.state_dict().items()}
    network(torch.randn(4, 3, 5, 5, generator=torch.Generator().manual_seed(0))).square().mean().backward()
    made.step()
    after = network.state_dict()
    changed = {name for name, value in after.items() if value.is_floating_point() and not value.equal(before[name])}
    assert changed >= {"0.weight", "2.weight", "3.weight", "5.weight", "1.bias"}
    rate, decay = settings("muon").rate, settings("muon").weight_decay
    step = (before["3.weight"] * (1 - rate * decay) - after["3.weight"]).flatten(1) / (rate * 0.2 * 8**0.5)
    assert 0.6 < torch.linalg.svdvals(step).max() < 1.3
