"""A small world for the crawls that tests start: names and their addresses, what answers there, and less patience."""

from __future__ import annotations

import json
import os
import socket
import time
from typing import Any

WORLD = json.loads(os.environ.get("PRICEVANE_TEST_WORLD") or "{}")
NAMES: dict[str, list[str]] = WORLD.get("names", {})
PEERS: dict[str, int] = WORLD.get("peers", {})
SILENT = "silent"
SILENCE_S = 3.0

by_system = socket.gethostbyname
connect = socket.socket.connect_ex


def address_of(host: str) -> str:
    """The name's next address; the last one is given again and again."""
    if host not in NAMES:
        return by_system(host)
    address = NAMES[host].pop(0) if len(NAMES[host]) > 1 else NAMES[host][0]
    if address == SILENT:
        time.sleep(SILENCE_S)
        raise socket.gaierror(socket.EAI_AGAIN, "no name server answers")
    return address


def connect_in_world(self: socket.socket, address: Any) -> int:
    """As the system does, but an address of the world leads to a port on loopback."""
    port = PEERS.get(f"{address[0]}:{address[1]}")
    return connect(self, ("127.0.0.1", port) if port else address)


if WORLD:
    from pricevane import settings

    socket.gethostbyname = address_of
    socket.socket.connect_ex = connect_in_world  # type: ignore[assignment,method-assign]
    for name, setting in WORLD.get("settings", {}).items():
        setattr(settings, name, setting)
