"""How Chromium is started for pages that nobody trusts."""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping
from typing import Any

LAUNCH_S = 60.0
NO_UDP = "disable_non_proxied_udp"

log = logging.getLogger(__name__)


def launch_options(chromium: str | None, port: int, environment: Mapping[str, str] | None = None) -> dict[str, Any]:
    """Playwright's options for a browser whose only way out is the proxy on that port.

    No name is resolved by the browser itself, and nothing goes by UDP. `chromium` is its path; None takes
    Playwright's own. `environment` is all that it is told of ours; None passes on what this process has.
    """
    as_root = hasattr(os, "geteuid") and os.geteuid() == 0
    if as_root:
        log.warning("running as root, so Chromium runs without its sandbox: run crawls as another user")
    options: dict[str, Any] = {
        "chromium_sandbox": not as_root,
        "proxy": {"server": f"http://127.0.0.1:{port}", "bypass": "<-loopback>"},
        "timeout": LAUNCH_S * 1000,
        "args": [
            "--disable-gpu",
            "--disable-quic",
            "--dns-prefetch-disable",
            "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
            # Chromium's headless shell knows the first, the whole browser asks for both.
            f"--force-webrtc-ip-handling-policy={NO_UDP}",
            f"--webrtc-ip-handling-policy={NO_UDP}",
        ],
    }
    given = {"executable_path": chromium, "env": None if environment is None else dict(environment)}
    return options | {name: value for name, value in given.items() if value is not None}
