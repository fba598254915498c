"""TFLite's additions of equal shapes, and RESHAPE, which needs no code."""

from microface.chip.plan.kernels.base import Fields, Kernel
from microface.chip.plan.kernels.elementwise import FlattenView
from microface.chip.plan.kernels.tflite.twins import adds_alike
from microface.network.network import IntegerNetwork
from microface.network.ops import Operator
from microface.network.ops.tflite import Reshape, TfliteAdd


class AddTflite(Kernel):
    """Sums and differences of two tensors of one shape."""

    function = "mf_add_s8_tflite"
    source = "mf_add_s8_tflite.c"
    header = "mf_kernels_tflite.h"

    def matches(self, op: Operator, network: IntegerNetwork) -> bool:
        """Two computed tensors of bytes of one shape."""
        return isinstance(op, TfliteAdd) and adds_alike(op, network)

    def lead_bytes(self, op: Operator, network: IntegerNetwork) -> int:
        """The output may take the place of either input."""
        return 0

    def fields(self, op: Operator, network: IntegerNetwork) -> Fields:
        """Return the number of values, factors and zero points."""
        assert isinstance(op, TfliteAdd)
        factors = {"first": op.first, "second": op.second, "last": op.last}
        fields = {name: multiplier for name, (multiplier, _) in factors.items()}
        fields |= {f"{name}_right": -shift for name, (_, shift) in factors.items()}
        first, second = (network.tensors[name].zero_point for name in op.inputs)
        fields |= {"first_zero_point": first, "second_zero_point": second, "zero_point": op.zero_point}
        fields |= {"lo": op.lo, "hi": op.hi, "negate": int(op.negate)}
        return fields | {"elements": network.tensors[op.output].elements}

    def instructions(self, op: Operator, network: IntegerNetwork) -> int:
        """Return about 45 instructions per value."""
        return 45 * network.tensors[op.output].elements


class ReshapeView(FlattenView):
    """The same bytes in another shape: the output is the input's place."""

    def matches(self, op: Operator, network: IntegerNetwork) -> bool:
        """Any RESHAPE."""
        return isinstance(op, Reshape)
