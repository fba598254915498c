# ruff: noqa: E402 (torch may be absent, which has to be seen first)
"""Networks that torch exports and onnxruntime quantises, asymmetric and symmetric, in both forms."""

import copy
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="exports networks from torch (the extra `train`)")

from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static
from onnxruntime.quantization.shape_inference import quant_pre_process
from torch import nn

from microface.network.convert.onnx import import_onnx
from microface.network.convert.onnx.run import TensorDifference, compare

SIDE = 16
KINDS = ("QInt8", "QUInt8")


class Gate(nn.Module):
    """Squeeze and excite: channels times a sigmoid of their means."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.down, self.up = nn.Conv2d(channels, 4, 1), nn.Conv2d(4, channels, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x * torch.sigmoid(self.up(torch.relu(self.down(x.mean((2, 3), keepdim=True)))))


class Residual(nn.Module):
    """An inverted residual with a gate."""

    def __init__(self, channels: int, act: type[nn.Module]) -> None:
        super().__init__()
        wide = 2 * channels
        depthwise = nn.Conv2d(wide, wide, 3, padding=1, groups=wide)
        self.body = nn.Sequential(
            nn.Conv2d(channels, wide, 1, bias=False), nn.BatchNorm2d(wide), act(), depthwise, act(), Gate(wide),
            nn.Conv2d(wide, channels, 1),
        )  # fmt: skip

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x + self.body(x)


def mobile(act: type[nn.Module]) -> nn.Module:
    """As mobile networks are, with a group of convolutions and a norm that stands alone."""
    return nn.Sequential(
        nn.Conv2d(3, 8, 3, 2, 1), nn.BatchNorm2d(8), act(), Residual(8, act), nn.MaxPool2d(2),
        nn.Conv2d(8, 12, 3, padding=1, groups=2), nn.LeakyReLU(0.1), nn.AdaptiveAvgPool2d(1), nn.Flatten(),
        nn.Linear(12, 10), nn.BatchNorm1d(10), nn.Linear(10, 6),
    )  # fmt: skip


class Pyramid(nn.Module):
    """Two scales joined, channels cut in two, multiplied and subtracted, a window of the map."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = nn.Conv2d(3, 8, 3, 2, 1), nn.Conv2d(8, 8, 3, 2, 1)
        self.slope, self.larger = nn.PReLU(8), nn.Upsample(scale_factor=2, mode="nearest")
        self.wide, self.last = nn.Conv2d(16, 6, 3, padding=2, dilation=2), nn.Linear(108, 7)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.slope(self.first(x))
        x = self.wide(torch.cat([x, self.larger(torch.relu(self.second(x)))], 1))
        a, b = x.chunk(2, 1)
        return self.last((a * b - a)[:, :, 1:7, 1:7].flatten(1))


def classifier() -> nn.Module:
    """Pools, odd windows and padding, a softmax."""
    return nn.Sequential(
        nn.Conv2d(3, 16, 3, 2, 1), nn.Hardswish(), nn.AvgPool2d(3, 2, 1), nn.Conv2d(16, 16, (1, 4)), nn.ReLU6(),
        nn.ZeroPad2d((0, 1, 0, 1)), nn.Conv2d(16, 8, 3, 2, 1), nn.Tanh(), nn.Flatten(), nn.Linear(24, 5),
        nn.Softmax(1),
    )  # fmt: skip


NETWORKS = {
    "relu6": lambda: mobile(nn.ReLU6), "silu": lambda: mobile(nn.SiLU), "pyramid": Pyramid, "classifier": classifier,
}  # fmt: skip


class Noise(CalibrationDataReader):
    """Eight inputs to calibrate with."""

    def __init__(self) -> None:
        self.left = iter(np.random.default_rng(1).normal(size=(8, 1, 3, SIDE, SIDE)).astype(np.float32))

    def get_next(self) -> dict[str, np.ndarray] | None:
        x = next(self.left, None)
        return None if x is None else {"input": x}


@pytest.fixture(scope="module", params=NETWORKS)
def exported(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A float file as torch exports it and onnxruntime prepares it."""
    torch.manual_seed(0)
    network = copy.deepcopy(NETWORKS[request.param]()).eval()
    for layer in network.modules():
        if isinstance(layer, nn.BatchNorm2d | nn.BatchNorm1d):
            layer.running_mean.normal_(0, 0.1)
            layer.running_var.uniform_(0.5, 2)
    folder = tmp_path_factory.mktemp("torch")
    given = {"dynamo": False, "opset_version": 17, "input_names": ["input"]}
    torch.onnx.export(network, (torch.randn(1, 3, SIDE, SIDE),), str(folder / "float.onnx"), **given)
    quant_pre_process(folder / "float.onnx", folder / f"{request.param}.onnx", skip_symbolic_shape=True)
    return folder / f"{request.param}.onnx"


def measured(exported: Path, output: Path, form: QuantFormat, kind: str, symmetric: bool) -> TensorDifference:
    """Quantise the file, read it, and compare with onnxruntime; u8 files have weights of 7 bits, see the other test."""
    quantize_static(
        exported, output, Noise(), quant_format=form, per_channel=True, activation_type=QuantType[kind],
        weight_type=QuantType.QInt8, reduce_range=kind == "QUInt8", extra_options={"ActivationSymmetric": symmetric},
    )  # fmt: skip
    imported = import_onnx(output)
    x = np.random.default_rng(2).integers(-128, 128, (8, *imported.network.input.shape)).astype(np.int8)
    return compare(imported, output.read_bytes(), x)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("symmetric", [False, True])
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("form", list(QuantFormat))
def test_what_torch_exports_differs_by_rounding_alone(
    exported: Path, form: QuantFormat, kind: str, symmetric: bool, tmp_path: Path
) -> None:
    found = measured(exported, tmp_path / "quantised.onnx", form, kind, symmetric)
    print(f"{exported.stem} {form.name} {kind} symmetric {symmetric}: {found}")
    assert found.tensors >= 10 and found.single_largest <= 1 and found.single <= 0.01 * found.integers
    assert found.whole_largest <= 8 and found.whole <= 0.15 * found.integers
