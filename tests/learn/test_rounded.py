"""Rounding with a learned step: the C functions against the same in torch's operations."""

import torch
from hypothesis import given
from hypothesis import strategies as st

from microface.learn.quant.rounded import Rounded


def step(x: torch.Tensor, dy: torch.Tensor, scale: float, zero: int) -> list[torch.Tensor]:
    x, learned = x.clone().requires_grad_(), torch.tensor(scale, dtype=x.dtype, requires_grad=True)
    y = Rounded.apply(x, learned, torch.tensor(zero, dtype=torch.int32))
    y.backward(dy)
    return [y.detach().double(), x.grad.double(), learned.grad.double()]


@given(
    st.lists(st.integers(1, 21), min_size=1, max_size=4),
    st.sampled_from([0.03125, 0.25, 1.0]),
    st.integers(-128, 127),
    st.integers(0, 99),
    st.booleans(),
)
def test_values_and_gradients_are_those_of_torch(shape, scale, zero, seed, last):
    generator = torch.Generator().manual_seed(seed)
    x = torch.randint(-600, 600, shape, generator=generator).float() * (scale / 2) + scale / 8
    dy = torch.randn(shape, generator=generator)
    if last and len(shape) == 4:
        x = x.to(memory_format=torch.channels_last)
    ours, theirs = step(x, dy, scale, zero), step(x.double(), dy.double(), scale, zero)
    assert torch.equal(ours[0], theirs[0]) and torch.equal(ours[1], theirs[1])
    torch.testing.assert_close(ours[2], theirs[2], rtol=1e-4, atol=1e-4)


def test_a_value_that_is_no_number_stays_one():
    y = Rounded.apply(torch.tensor([float("nan"), 1.0]), torch.tensor(0.5), torch.tensor(0, dtype=torch.int32))
    assert y.isnan().tolist() == [True, False]
