# SPDX-License-Identifier: BSD-2-Clause
"""tests/ping_pong on real seL4. What a component counted is read from its statistics page, so
configurations that print nothing are tested as well."""
import conftest

SYSTEMS = conftest.ROOT / "tests/ping_pong"
ROUNDS, WRITER_ROUNDS = 100000, 1000
STALL_SECONDS = 60  # without a round: a loaded machine is slow, a lost wake is for ever


def play_all(kit, machine):
    """Waits until ping has played all its rounds, and has said so where it can; fails when a round
    does not come."""
    def rounds():
        return machine.stats().get("ping", {}).get("rounds", 0)

    seen = -1
    while seen < ROUNDS:
        machine.wait_until(lambda: rounds() > seen, f"round of ping after {seen}", STALL_SECONDS)
        seen = rounds()
    if kit.prints:
        machine.wait_until(lambda: "ping: wrong 0" in machine.console(), "last line of ping", STALL_SECONDS)


def test_a_hundred_thousand_rounds_over_the_queue_come_back_right(kit):
    with kit.machine(SYSTEMS / "ping_pong.system") as machine:
        play_all(kit, machine)
        stats, console = machine.stats(), machine.console()
    assert stats == {"ping": {"rounds": ROUNDS, "wrong": 0, "violations": 0, "writes": 0},
                     "pong": {"rounds_0": ROUNDS, "rounds_1": 0, "wrong": 0, "violations": 0}}
    assert "MON|ERROR" not in console, console


def test_a_pd_that_writes_its_peers_region_is_stopped_and_the_peer_goes_on(kit):
    with kit.machine(SYSTEMS / "writer.system") as machine:
        play_all(kit, machine)
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
