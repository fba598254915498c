"""Cutting a narrow network out of a wide one: what is kept, how near it comes, and what is refused."""

from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import Tensor

from microface.errors import UserError
from microface.learn import nets
from microface.learn.slim import Wide, cut, read_wide
from microface.learn.slim.algebra import choose, leading, regress
from microface.learn.slim.cut import shrunk
from microface.learn.slim.wide import Block, Layer

BLOCKS = {"early_blocks": 1, "middle_blocks": 1, "late_blocks": 1}
WIDTHS = {"stem": 8, "entry": 8, "early": 8, "early_hidden": 8, "middle_down": 8, "middle": 12, "middle_hidden": 12}
LATE = {"late_down": 12, "late": 12, "late_hidden": 12, "last": 16, "flat": 4, "embedding": 16}


def _draw(shape: tuple[int, ...]) -> Tensor:
    return torch.randn(shape) / max(1, int(np.prod(shape[1:]))) ** 0.5


def _layer(inputs: int, outputs: int, kernel: int = 1, stride: int = 1, groups: int = 1, act: bool = True) -> Layer:
    weight, bias = _draw((outputs, inputs // groups, kernel, kernel)), 0.1 * torch.randn(outputs)
    return Layer(weight, bias, stride, groups, 0.5 * torch.randn(outputs) if act else None)


def _block(inputs: int, hidden: int, outputs: int, stride: int) -> Block:
    project = _layer(hidden, outputs, act=False)
    project = Layer(project.weight, project.bias, adds=stride == 1)
    return Block(_layer(inputs, hidden), _layer(hidden, hidden, 3, stride, hidden), project)


def _wide() -> Wide:
    torch.manual_seed(5)
    blocks = [_block(8, 8, 8, 2), _block(8, 8, 8, 1), _block(8, 8, 12, 2), _block(12, 12, 12, 1)]
    blocks += [_block(12, 12, 12, 2), _block(12, 12, 12, 1)]
    ends = _layer(12, 16), _layer(16, 4)
    return Wide(_layer(3, 8, 3, 2), _layer(8, 8, 3, 1, 8), tuple(blocks), *ends)


def _run(wide: Wide, x: Tensor) -> Tensor:
    x = wide.depthwise(wide.stem(x))
    for block in wide.blocks:
        change = block.project(block.depthwise(block.expand(x)))
        x = x + change if block.project.adds else change
    return wide.flat(wide.last(x))


def _narrow(**changed: int) -> torch.nn.Module:
    options = nets.options_of("slimface", {"resolution": 64} | BLOCKS | WIDTHS | LATE | changed)
    return nets.build("slimface", options).eval()


def _error(narrow: torch.nn.Module, wide: Wide, pictures: Tensor) -> float:
    """Return the share of the wide network's variance that the narrow one misses."""
    goal = _run(wide, pictures)
    with torch.no_grad():
        missed = (narrow.features(pictures) - goal).square().mean()
    return float(missed / (goal - goal.mean((0, 2, 3), keepdim=True)).square().mean())


def test_the_whole_width_is_the_wide_network_itself() -> None:
    wide, narrow, pictures = _wide(), _narrow(), torch.randn(12, 3, 64, 64)
    cut(wide, narrow, pictures, 64)
    assert _error(narrow, wide, torch.randn(4, 3, 64, 64)) < 1e-3


def test_a_narrower_one_is_nearer_than_chance_and_farther_than_the_whole() -> None:
    wide, pictures = _wide(), torch.randn(12, 3, 64, 64)
    narrow = _narrow(middle=8, middle_hidden=8, late=8, late_hidden=8, late_down=8)
    cut(wide, narrow, pictures, 64)
    assert 1e-3 < _error(narrow, wide, torch.randn(4, 3, 64, 64)) < 0.7


def test_less_resolution_follows_smooth_pictures() -> None:
    wide, narrow = _wide(), _narrow(resolution=48)
    pictures = shrunk(torch.randn(12, 3, 8, 8), (64, 64))
    cut(wide, narrow, pictures, 48)
    with torch.no_grad():
        made, goal = narrow.features(shrunk(pictures, (48, 48))), shrunk(_run(wide, pictures), (3, 3))
    assert float((made - goal).square().mean() / goal.var((0, 2, 3)).mean()) < 0.5


def test_another_number_of_blocks_is_refused() -> None:
    with pytest.raises(UserError, match="has 7 blocks, the wide one 6"):
        cut(_wide(), _narrow(middle_blocks=2), torch.randn(2, 3, 64, 64), 64)


def test_leading_directions_chosen_channels_and_least_squares() -> None:
    torch.manual_seed(1)
    signal = torch.randn(500, 2)
    sources = torch.cat([signal, signal @ torch.randn(2, 3) + 0.5 * torch.randn(500, 3), torch.randn(500, 4)], dim=1)
    mixing = torch.randn(2, 6)
    targets = signal @ mixing + 3.0
    assert choose(sources, targets, 2) == [0, 1]
    weights, bias = regress(sources[:, :2], targets, 1e-9)
    assert torch.allclose(weights, mixing.T, atol=1e-4) and torch.allclose(bias, torch.full((6,), 3.0), atol=1e-4)
    maps = (signal @ torch.linalg.qr(torch.randn(6, 6))[0][:2]).reshape(5, 10, 10, 6).permute(0, 3, 1, 2)
    basis = leading([maps], 2)
    assert torch.allclose(basis @ basis.T @ maps.flatten(2), maps.flatten(2), atol=1e-4)


def _onnx(wide: Wide, path: Path) -> None:
    """Write the convolutions of `wide` as an ONNX file."""
    nodes, constants, layers = [], [], [wide.stem, wide.depthwise]
    for block in wide.blocks:
        layers += [block.expand, block.depthwise, block.project]
    now, stream = "x", "x"
    for i, layer in enumerate([*layers, wide.last, wide.flat]):
        stream = now if i >= 2 and (i - 2) % 3 == 0 else stream
        constants += [numpy_helper.from_array(layer.weight.numpy(), f"w{i}"), _vector(layer.bias, f"b{i}")]
        pads, about = [layer.weight.shape[-1] // 2] * 4, {"group": layer.groups, "strides": [layer.stride] * 2}
        nodes.append(helper.make_node("Conv", [now, f"w{i}", f"b{i}"], [f"c{i}"], pads=pads, **about))
        now = f"c{i}"
        if layer.slopes is not None:
            constants.append(_vector(layer.slopes.reshape(-1, 1, 1), f"s{i}"))
            nodes.append(helper.make_node("PRelu", [now, f"s{i}"], [f"a{i}"]))
            now = f"a{i}"
        if layer.adds:
            nodes.append(helper.make_node("Add", [stream, now], [f"r{i}"]))
            now = f"r{i}"
    ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in ("x", now)]
    onnx.save(helper.make_model(helper.make_graph(nodes, "wide", ends[:1], ends[1:], constants)), path)


def _vector(value: Tensor, name: str) -> onnx.TensorProto:
    return numpy_helper.from_array(value.numpy(), name)


def test_a_wide_network_is_read_from_its_file(tmp_path: Path) -> None:
    wide = _wide()
    _onnx(wide, tmp_path / "wide.onnx")
    pictures = torch.randn(2, 3, 64, 64)
    assert torch.equal(_run(read_wide(tmp_path / "wide.onnx"), pictures), _run(wide, pictures))


def test_files_that_hold_no_such_network_are_refused(tmp_path: Path) -> None:
    (tmp_path / "text.onnx").write_bytes(b"no network")
    with pytest.raises(UserError, match="is not an ONNX network"):
        read_wide(tmp_path / "text.onnx")
    wide = _wide()
    _onnx(Wide(wide.stem, wide.stem, wide.blocks, wide.last, wide.flat), tmp_path / "other.onnx")
    with pytest.raises(UserError, match="has another form"):
        read_wide(tmp_path / "other.onnx")
