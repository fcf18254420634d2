# SPDX-License-Identifier: BSD-2-Clause
"""What the tests of descriptions share: the tool, and systems of many clients. SDDF names the tool."""
import os
import pathlib
import subprocess

HERE = pathlib.Path(__file__).parent
ROOT = HERE.parent.parent
BOARDS = ROOT / "boards"
OWN_BOARDS = HERE / "boards_good"


def sddf(*arguments, **options):
    """The finished process; its output is text, but for what it quotes of damaged files."""
    return subprocess.run([os.environ["SDDF"], *map(str, arguments)], capture_output=True,
                          text=True, errors="replace", timeout=60,
                          check=False, **options)


def rules():
    """{rule: level} as the tool lists them."""
    lines = sddf("explain").stdout.splitlines()
    return dict(line.split()[:2] for line in lines)


def echo_yaml(clients, copiers=None, extra=""):
    """A system of that many echo clients, the first of them with copiers."""
    copiers = clients if copiers is None else copiers
    lines = ["system: echo", "network:", "  eth0:", *extra.splitlines(), "    clients:"]
    for i in range(clients):
        mac, ip = f"52:54:01:00:00:{i + 1:02x}", f"10.0.0.{i + 2}/24"
        copy = "true" if i < copiers else "false"
        lines.append(f'      c{i}: {{ mac: "{mac}", ip: {ip}, copy: {copy} }}')
    lines.append("components:")
    lines += [f"  c{i}: {{ image: echo }}" for i in range(clients)]
    return "\n".join(lines) + "\n"
