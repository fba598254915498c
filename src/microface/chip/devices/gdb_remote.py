"""The remote serial protocol of GDB, as far as calling functions on a stopped processor needs it."""

import socket
from types import TracebackType
from typing import Self


class RemoteError(Exception):
    """The stub refused a command or fell silent."""


class GdbRemote:
    """A connection to a stub at the Unix socket `path`; every wait ends after `seconds`."""

    def __init__(self, path: str, seconds: float) -> None:
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._socket.settimeout(seconds)
        self._socket.connect(path)
        self._received = b""
        # Single registers are answered only to those who have asked for the description of all.
        self._ask("qXfer:features:read:target.xml:0,100")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        self._socket.close()

    def close(self) -> None:
        """End the connection."""
        self._socket.close()

    def register(self, number: int) -> int:
        """Return the 32-bit register `number`; 13 is sp, 14 lr, 15 pc."""
        return int.from_bytes(bytes.fromhex(self._ask(f"p{number:x}")), "little")

    def set_register(self, number: int, value: int) -> None:
        """Set the 32-bit register `number`."""
        self._order(f"P{number:x}={value.to_bytes(4, 'little').hex()}")

    def read(self, address: int, size: int) -> bytes:
        """Return `size` bytes from `address`."""
        parts = (self._read_part(at, min(_PART, address + size - at)) for at in range(address, address + size, _PART))
        return b"".join(parts)

    def _read_part(self, address: int, size: int) -> bytes:
        return bytes.fromhex(self._ask(f"m{address:x},{size:x}"))

    def write(self, address: int, data: bytes) -> None:
        """Store `data` at `address`."""
        for at in range(0, len(data), _PART):
            part = data[at : at + _PART]
            self._order(f"M{address + at:x},{len(part):x}:{part.hex()}")

    def break_at(self, address: int) -> None:
        """Stop whenever the Thumb instruction at `address` is about to run."""
        self._order(f"Z0,{address:x},2")

    def go(self) -> None:
        """Run until a breakpoint; a run without one is a `TimeoutError`."""
        answer = self._ask("c")
        if not answer.startswith(("S05", "T05")):
            raise RemoteError(f"the processor stopped with {answer}")

    def monitor(self, command: str) -> None:
        """Give `command` to the emulator's own monitor."""
        self._order(f"qRcmd,{command.encode().hex()}")

    def _order(self, command: str) -> None:
        if (answer := self._ask(command)) != "OK":
            raise RemoteError(f"{command[:20]} is answered by {answer or 'nothing'}")

    def _ask(self, command: str) -> str:
        data = command.encode()
        self._socket.sendall(b"$" + data + b"#" + f"{sum(data) % 256:02x}".encode())
        answer = self._packet().decode()
        self._socket.sendall(b"+")
        if answer.startswith("E"):
            raise RemoteError(f"{command[:20]} is answered by {answer}")
        return answer

    def _packet(self) -> bytes:
        while (end := self._received.find(b"#")) < 0 or len(self._received) < end + 3:
            more = self._socket.recv(1 << 16)
            if not more:
                raise RemoteError("the stub is gone")
            self._received += more
        packet, self._received = self._received[:end], self._received[end + 3 :]
        return packet[packet.index(b"$") + 1 :]


_PART = 1024
