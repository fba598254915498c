"""The kernel of batch norm and activation against torch's own layers in double precision."""

import copy

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from microface.learn import nets
from microface.learn.nets.layers import ConvUnit, PReLU, conv_unit
from microface.learn.nets.norm_act import applies, norm_act

ACTIVATIONS = {
    "": lambda _: None,
    "relu": lambda _: nn.ReLU(),
    "relu6": lambda _: nn.ReLU6(),
    "prelu": PReLU,
}


def drawn(shape: tuple[int, int, int, int], seed: int, offset: float) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(seed)
    maps = (torch.randn(shape, generator=generator) * 3 + offset, torch.randn(shape, generator=generator))
    return tuple(each.to(memory_format=torch.channels_last) for each in maps)


def layers(channels: int, act: str, seed: int) -> tuple[nn.BatchNorm2d, nn.Module | None]:
    torch.manual_seed(seed)
    norm, activation = nn.BatchNorm2d(channels), ACTIVATIONS[act](channels)
    nn.init.normal_(norm.weight)
    nn.init.normal_(norm.bias)
    if activation is not None and act == "prelu":
        nn.init.normal_(activation.weight)
    return norm, activation


def plain(x: torch.Tensor, norm: nn.BatchNorm2d, activation: nn.Module | None) -> torch.Tensor:
    return norm(x) if activation is None else activation(norm(x))


def results(x: torch.Tensor, y: torch.Tensor, dy: torch.Tensor, modules: list[nn.Module]) -> list[torch.Tensor]:
    y.backward(dy)
    gradients = [p.grad for module in modules for p in module.parameters()]
    state = [b for module in modules for b in module.buffers()]
    return [each.detach().double() for each in (y, x.grad, *gradients, *state)]


@settings(max_examples=60, deadline=None)
@given(
    st.tuples(st.integers(1, 4), st.integers(1, 33), st.integers(1, 13), st.integers(1, 13)),
    st.sampled_from(sorted(ACTIVATIONS)),
    st.integers(0, 99),
    st.sampled_from([0.0, 50.0]),
)
def test_one_step_is_that_of_torch(shape, act, seed, offset):
    if shape[0] * shape[2] * shape[3] < 4:
        return
    x, dy = drawn(shape, seed, offset)
    norm, activation = layers(shape[1], act, seed)
    exact, exact_act = copy.deepcopy(norm).double(), copy.deepcopy(activation)
    exact_act = exact_act.double() if exact_act is not None else None
    at_kinks = plain(x.double(), copy.deepcopy(exact), None)
    kink = (at_kinks.abs() < 1e-3) | ((at_kinks - 6).abs() < 1e-3)
    dy[kink] = 0  # on either side of a kink both are right
    first, second = x.clone().requires_grad_(), x.double().requires_grad_()
    ours = results(first, norm_act(first, norm, activation), dy, [m for m in (norm, activation) if m])
    theirs = results(second, plain(second, exact, exact_act), dy.double(), [m for m in (exact, exact_act) if m])
    for got, wanted in zip(ours, theirs, strict=True):
        torch.testing.assert_close(got, wanted, rtol=2e-3, atol=2e-3)


def test_units_of_a_network_use_it_in_training_only(monkeypatch):
    unit = conv_unit(3, 8, 3, 2, act="prelu").to(memory_format=torch.channels_last)
    x = torch.randn(2, 3, 9, 9).to(memory_format=torch.channels_last)
    used = []
    monkeypatch.setattr("microface.learn.nets.layers.norm_act", lambda *given: used.append(given) or given[0])
    unit.eval()(x)
    assert not used
    unit.train()(x)
    assert used
    assert isinstance(unit, ConvUnit)


def test_a_value_that_is_no_number_stays_one():
    norm, activation = layers(4, "relu6", 1)
    x = torch.full((2, 4, 3, 3), float("nan")).to(memory_format=torch.channels_last)
    assert norm_act(x, norm, activation).isnan().all()


@pytest.mark.parametrize("x", [torch.zeros(1, 3, 1, 1), torch.zeros(2, 3, 4, 4, dtype=torch.float64)])
def test_what_the_kernel_is_not_for(x):
    assert not applies(x.to(memory_format=torch.channels_last))


def test_training_makes_the_same_steps_with_it_and_without(monkeypatch):
    trained = []
    for applied in (applies, lambda _: False):
        monkeypatch.setattr("microface.learn.nets.layers.applies", applied)
        torch.manual_seed(3)
        options = nets.options_of("slimface", {"resolution": 32, "stem": 8, "entry": 8, "early": 8, "early_hidden": 8})
        network = nets.build("slimface", options).to(memory_format=torch.channels_last).train()
        optimizer = torch.optim.SGD(network.parameters(), lr=0.05)
        x = torch.randn(8, 3, 32, 32).to(memory_format=torch.channels_last)
        for _ in range(3):
            optimizer.zero_grad()
            network(x).square().mean().backward()
            optimizer.step()
        trained.append(torch.cat([p.detach().flatten() for p in network.parameters()]))
    torch.testing.assert_close(*trained, rtol=1e-3, atol=1e-4)


@given(st.tuples(st.integers(1, 4), st.integers(1, 33), st.integers(1, 13), st.integers(1, 13)), st.integers(0, 99))
def test_prelu_alone_is_that_of_torch(shape, seed):
    x, dy = drawn(shape, seed, 0.0)
    act = PReLU(shape[1])
    nn.init.normal_(act.weight)
    first, second = x.clone().requires_grad_(), x.clone().double().requires_grad_()
    exact = nn.PReLU(shape[1]).double()
    exact.load_state_dict(act.state_dict())
    ours, theirs = (results(a, b(a), d, [b]) for a, b, d in ((first, act, dy), (second, exact, dy.double())))
    for got, wanted in zip(ours, theirs, strict=True):
        torch.testing.assert_close(got, wanted, rtol=1e-4, atol=1e-4)
