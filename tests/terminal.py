"""A command in a terminal of its own: a real pseudo-terminal, keys typed, the screen's text read."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import sys
import termios
import time
from pathlib import Path
from types import TracebackType

PATIENCE_S = 30.0
# What a terminal obeys: colours, moving the cursor, clearing.
ORDERS = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


class Terminal:
    """The command line in a terminal of `columns` by 40; `raw` is all that it was sent."""

    def __init__(self, folder: Path, *words: str, columns: int = 80, **environment: str) -> None:
        self.raw = ""
        self.read_to = 0
        self.end, side = pty.openpty()
        fcntl.ioctl(side, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
        left_out = ("COLUMNS", "LINES", "NO_COLOR")
        usual = {name: value for name, value in os.environ.items() if name not in left_out}
        self.process = subprocess.Popen(
            [sys.executable, "-W", "error", "-m", "pricevane", *words],
            cwd=folder,
            env={**usual, "TERM": "xterm-256color", **environment},
            stdin=side,
            stdout=side,
            stderr=side,
            start_new_session=True,
        )
        os.close(side)

    def __enter__(self) -> Terminal:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.process.kill()
        self.process.wait()
        os.close(self.end)

    def type(self, keys: str) -> None:
        """Press keys, once the command waits for one."""
        patient_until = time.monotonic() + PATIENCE_S
        while termios.tcgetattr(self.end)[3] & termios.ICANON:
            assert time.monotonic() < patient_until, "it waits for no key"
            time.sleep(0.001)
        os.write(self.end, keys.encode())

    def shows(self, text: str) -> str:
        """Wait until `text` stands in what came since the last call; returns that, without the terminal's orders."""
        patient_until = time.monotonic() + PATIENCE_S
        while True:
            told = ORDERS.sub("", self.raw[self.read_to :])
            if text in told:
                self.read_to = len(self.raw)
                return told
            assert time.monotonic() < patient_until, f"{text!r} did not come; {told!r} did"
            assert self._read(), f"it ended without {text!r}: {told!r}"

    def ends(self) -> int:
        """Wait for the end; returns the exit code."""
        while self._read():
            pass
        return self.process.wait(PATIENCE_S)

    def _read(self) -> bool:
        if not select.select([self.end], [], [], PATIENCE_S)[0]:
            return False
        try:
            came = os.read(self.end, 65536)
        except OSError:
            return False
        self.raw += came.decode("utf-8", "replace")
        return bool(came)
