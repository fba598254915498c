"""Firmware with the application on the emulated chip: frames in, states and lines out."""

import struct

import numpy as np

from microface.chip.application.machine import State
from microface.chip.devices.emulated import EmulatedDevice
from microface.chip.devices.emulator import CallReport
from microface.chip.firmware.folder import Firmware
from microface.errors import UserError
from microface.network.inputs.pixels import to_rgb565

SERVICE_WRITE = 0x4D460004
_STATE = struct.Struct("<I8i")
_NAME_BYTES = 64
"""Room behind the frame for the name of somebody new."""


class EmulatedApplication(EmulatedDevice):
    """The application on an emulated chip. `lines` are what its serial port sent, without newlines."""

    def __init__(self, firmware: Firmware, rgb565: bool = True) -> None:
        """Start `firmware`; one that was built without the application is a `UserError`.

        The camera gives two bytes a pixel, or three with `rgb565=False`, into RAM that nothing else uses: whole frames,
        or rows where the firmware was built for them.
        """
        if not firmware.facts.get("application"):
            raise UserError(firmware.folder, "holds no application", "build it with --application")
        self._sent = bytearray()
        super().__init__(firmware, services={SERVICE_WRITE: self._write})
        self._size = tuple(firmware.facts["application"]["frame_size"])
        self._rows = bool(firmware.facts["application"]["rows"])
        self._rgb565 = rgb565 or self._rows
        self._frame = self._place_of_frame()

    def start(self) -> None:
        """Power the chip on again (its flash stays); the application begins anew."""
        super().start()
        self.chip.run("application_start")

    def write_gallery(self, image: bytes) -> None:
        """Write the binary gallery `image` to flash by the firmware; the application begins anew with it."""
        super().write_gallery(image)
        self.chip.run("application_start")

    def set_threshold(self, threshold: int) -> None:
        """Accept at most this distance from now on, without a change of flash."""
        self.chip.run("mf_application_set_threshold", self.chip.call("application_running"), threshold)

    def frame(self, picture: np.ndarray) -> CallReport:
        """Show the uint8 frame [H, W, 3] to the application; return what it took, frame to verdict."""
        if picture.dtype != np.uint8 or picture.shape != (*self._size, 3):
            wanted = f"uint8 [{self._size[0]}, {self._size[1]}, 3]"
            raise UserError("frame", f"is {picture.dtype} {list(picture.shape)}, not {wanted}", "scale it")
        return self._timed("application_frame", *self._show(picture))

    def _show(self, picture: np.ndarray) -> tuple[int, ...]:
        """Give the picture to the firmware; return the arguments that tell where it lies."""
        if not self._rows:
            self.chip.write(self._frame, self._bytes(picture))
            return self._frame, int(self._rgb565)
        for y, row in enumerate(picture):
            self.chip.write(self._frame, self._bytes(row))
            self.chip.run("application_row", y, self._frame)
        return ()

    def enrol(self, picture: np.ndarray, name: str) -> None:
        """Add the person `name` from one frame, as a button on the device would; a `UserError` where it is refused."""
        shown, text = self._show(picture), name.encode() + b"\0"
        place = self._frame + self._frame_bytes
        self.chip.write(place, text)
        status = self.chip.run("application_enrol", *shown, place).signed
        if status:
            reason = "shows nobody" if status > 0 else f"cannot be enrolled (gallery status {-status})"
            raise UserError(f"frame of {name}", reason, "stand in the rectangle, and choose a new name")

    @property
    def state(self) -> State:
        """What a display would show."""
        return State(*_STATE.unpack(self.chip.read(self.chip.call("application_state"), _STATE.size)))

    @property
    def lines(self) -> list[str]:
        """The lines so far."""
        return self._sent.decode().split("\n")[:-1]

    def _write(self, address: int, length: int) -> int:
        self._sent += self.chip.read(address, length)
        return 0

    def _bytes(self, picture: np.ndarray) -> bytes:
        return (to_rgb565(picture).astype("<u2") if self._rgb565 else picture).tobytes()

    @property
    def _frame_bytes(self) -> int:
        """Bytes of a frame, or of the row that is given at a time."""
        rows = 1 if self._rows else self._size[0]
        return rows * self._size[1] * (2 if self._rgb565 else 3)

    def _place_of_frame(self) -> int:
        size = self._frame_bytes + _NAME_BYTES
        place = self._unused_place(size)
        if place is None:
            mend = "keep only the part that crops need, by mf_frame_put_row"
            raise UserError(f"a frame of {size} bytes", f"does not fit the free RAM of {self.target.name}", mend)
        return place
