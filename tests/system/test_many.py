# SPDX-License-Identifier: BSD-2-Clause
"""The largest systems that one device allows run: 28 clients with copiers, 56 without."""
import sys

import pytest

import support
from support import lab

sys.path.insert(0, str(support.HERE.parent / "gen"))
from generated import echo_yaml  # noqa: E402

BUILD = support.build_directory()


@pytest.mark.parametrize(("clients", "copiers"), [(28, 28), (56, 0)])
def test_every_client_of_a_full_system_answers(clients, copiers, tmp_path):
    text = echo_yaml(clients, copiers, "    rx_buffers: 1024\n")
    (tmp_path / "many.yaml").write_text(text)
    with lab.Lab(BUILD) as laboratory:
        system = laboratory.sddf(yaml=tmp_path / "many.yaml", cpu=None)
        assert len(system.pids()) == clients + copiers + 3 + 1  # and the device model
        for client in range(clients):
            ip = f"10.0.0.{client + 2}"
            laboratory.wait_for_echo(ip=ip)
            ping = laboratory.inside(laboratory.peer, "ping", "-c", 1, "-W", 5, ip)
            assert " 1 received, 0% packet loss" in ping
        stats = system.stats()
        assert support.counted(stats, "violations") == 0
