# SPDX-License-Identifier: BSD-2-Clause
"""tests/ping_pong on real seL4. What a component counted is read from its statistics page, so
configurations that print nothing are tested as well."""
import conftest

SYSTEMS = conftest.ROOT / "tests/ping_pong"
ROUNDS, WRITER_ROUNDS = 100000, 1000
SECONDS = 120


def rounds_done(machine):
    return lambda: machine.stats().get("ping", {}).get("rounds") == ROUNDS


def test_a_hundred_thousand_rounds_over_the_queue_come_back_right(kit):
    with kit.machine(SYSTEMS / "ping_pong.system") as machine:
        machine.wait_until(rounds_done(machine), f"{ROUNDS} rounds of ping", SECONDS)
        stats, console = machine.stats(), machine.console()
    assert stats == {"ping": {"rounds": ROUNDS, "wrong": 0, "violations": 0, "writes": 0},
                     "pong": {"rounds_0": ROUNDS, "rounds_1": 0, "wrong": 0, "violations": 0}}
    assert "MON|ERROR" not in console, console


def test_a_pd_that_writes_its_peers_region_is_stopped_and_the_peer_goes_on(kit):
    with kit.machine(SYSTEMS / "writer.system") as machine:
        machine.wait_until(rounds_done(machine), f"{ROUNDS} rounds of ping", SECONDS)
        stats, console = machine.stats(), machine.console()
    assert stats["writer"] == {"rounds": WRITER_ROUNDS, "wrong": 0, "violations": 0, "writes": 0}
    assert stats["ping"]["wrong"] == 0 and stats["pong"] == {
        "rounds_0": ROUNDS, "rounds_1": WRITER_ROUNDS, "wrong": 0, "violations": 0}
    if kit.prints:
        fault = console.index("MON|ERROR: faulting PD: writer")
        assert console.count("faulting PD") == 1, console
        assert "fault_addr=0x0000000010006040" in console, console
        assert "write not read" in console or "Store/AMO" in console, console
        assert fault < console.index("ping: all rounds done"), console
    else:
        assert "writer" not in console, console
