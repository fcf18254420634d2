# SPDX-License-Identifier: BSD-2-Clause
"""`sddf gen`: timers and rates."""
import pytest
from generated import ROOT, assert_refused, echo_yaml, gen, generate

TIMER = "timer:\n  timer: {}\n"
CLOCK = (ROOT / "systems/clock/clock.yaml").read_text()


def limited(rate):
    return echo_yaml(2).replace("ip: 10.0.0.2/24,", f"ip: 10.0.0.2/24, {rate},")


def test_a_rate_reaches_the_transmit_virtualiser_in_bytes_and_it_may_call_the_timer(tmp_path):
    system = generate(tmp_path, limited("rate: 100Mbit/s") + TIMER)
    virt = system.blobs["eth0_virt_tx"]
    rates = [(client["rate"], client["burst"]) for client in virt["clients"]]
    assert rates == [(12_500_000, 250_000), (0, 0)]
    (channel,) = system.blobs["timer_driver"]["channels"]
    assert [("timer_driver", channel), ("eth0_virt_tx", virt["timer_channel"])] in system.channels
    text = system.file.read_text()
    assert text.count('pp="true"') == 1
    assert f'<end pd="eth0_virt_tx" id="{virt["timer_channel"]}" pp="true" />' in text


def test_a_burst_is_as_the_file_says_and_a_small_rate_has_room_for_two_frames(tmp_path):
    system = generate(tmp_path / "a", limited("rate: 8kbit/s, burst: 3KiB") + TIMER)
    assert system.blobs["eth0_virt_tx"]["clients"][0]["burst"] == 3072
    system = generate(tmp_path / "b", limited("rate: 8kbit/s") + TIMER)
    client = system.blobs["eth0_virt_tx"]["clients"][0]
    assert (client["rate"], client["burst"]) == (1000, 4096)


def test_without_a_rate_no_virtualiser_may_call_a_timer(tmp_path):
    system = generate(tmp_path, echo_yaml(2) + TIMER)
    assert system.blobs["eth0_virt_tx"]["timer_channel"] == 0xFFFFFFFF
    assert system.blobs["timer_driver"]["channels"] == []
    assert "pp=" not in system.file.read_text()


@pytest.mark.parametrize("board", ["linux", "qemu_virt_aarch64", "qemu_virt_riscv64"])
def test_each_client_of_a_timer_may_call_it_and_the_driver_maps_its_registers_alone(tmp_path, board):
    system = generate(tmp_path, CLOCK, board=board, name="clock")
    driver = system.blobs["timer_driver"]
    assert len(set(driver["channels"])) == 3
    for number, channel in enumerate(driver["channels"]):
        name = f"clock{number}"
        client = system.blobs[name]["channel"]
        assert [("timer_driver", channel), (name, client)] in system.channels
        assert f'<end pd="{name}" id="{client}" pp="true" />' in system.file.read_text()
        assert set(system.maps(name)) == {f"{name}_config", f"{name}_stats"}
    number = {"linux": "50", "qemu_virt_aarch64": "30", "qemu_virt_riscv64": "11"}[board]
    in_memory = board != "qemu_virt_aarch64"
    assert ("timer_regs" in system.maps("timer_driver")) == in_memory
    assert (driver["registers"]["address"] != 0) == in_memory
    irq = system.pds["timer_driver"].find("irq")
    assert (irq.get("irq"), irq.get("trigger")) == (number, "level")
    assert int(irq.get("id")) == driver["irq_channel"] not in driver["channels"]


def test_a_system_takes_any_of_the_board_s_timers(tmp_path):
    text = CLOCK.replace("  timer:\n", "  rtc0:\n")
    system = generate(tmp_path, text, board="qemu_virt_aarch64", name="clock")
    assert system.pds["rtc0_driver"].find("program_image").get("path") == "timer_pl031.elf"
    assert system.pds["rtc0_driver"].find("irq").get("irq") == "34"
    assert system.blobs["rtc0_driver"]["registers"]["size"] == 0x1000
    assert system.blobs["rtc0_driver"]["clock_hz"] == 0


DUAL_TIMER = """board: dual
arch: aarch64
devices:
  timer:
    class: timer
    compatible: "arm,sp804"
    reg: { address: 0x1c110000, size: 0x1000 }
    irq: { number: 34, trigger: level }
"""


def test_the_driver_is_told_how_fast_its_timer_counts_and_a_board_that_does_not_say_is_refused(tmp_path):
    board = tmp_path / "dual.yaml"
    board.write_text(DUAL_TIMER + "    clock: 24MHz\n")
    assert generate(tmp_path, CLOCK, board=board, name="clock").blobs["timer_driver"]["clock_hz"] == 24_000_000
    for clock, message in (
            ("", f'found no clock of timer ({board}:4), expected how fast it counts; '
                 'add it there, as "clock: 1MHz" [missing-key]'),
            ("    clock: 24\n", 'found "24", expected a frequency with its unit'),
            ("    clock: 5GHz\n", "found 5GHz, expected 1 to 4294967295 Hz")):
        board.write_text(DUAL_TIMER + clock)
        done = gen(tmp_path / "system.yaml", "--board", board, "-o", tmp_path / "none")
        assert done.returncode == 2 and message in done.stderr, done.stderr


REFUSED = {
    "a rate needs a timer": (
        limited("rate: 1Mbit/s"),
        'found a rate, which needs a timer; add "timer: { timer: {} }"'),
    "a rate has a unit": (
        limited("rate: 1000000") + TIMER,
        'found "1000000", expected a rate with its unit, as 10kbit/s, 100Mbit/s or 1Gbit/s'),
    "a rate is not zero": (
        limited("rate: 0bit/s") + TIMER, "found 0bit/s, expected 8000 to 100000000000 bit/s"),
    "a burst needs a rate": (
        limited("burst: 4KiB") + TIMER, 'found a burst without a rate; add "rate"'),
    "a timer is one of the board's": (
        CLOCK.replace("  timer:\n", "  eth0:\n"), "eth0 is a network device on board linux"),
    "a timer's client is a component": (
        CLOCK.replace("[clock0", "[clock7"),
        'there is no component "clock7"; did you mean "clock0"?'),
    "a timer's client stands below it": (
        CLOCK.replace("priority: 97", "priority: 150"),
        'PD "clock0" (priority 150) calls "timer_driver" (priority 150)'),
    "a limited client's virtualiser stands below the timer": (
        limited("rate: 1Mbit/s") + "timer:\n  timer: { driver: { priority: 105 } }\n",
        'PD "eth0_virt_tx" (priority 105) calls "timer_driver" (priority 105)'),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refused(case, tmp_path):
    assert_refused(tmp_path, *REFUSED[case])


def test_a_board_without_a_timer_is_said_to_have_none(tmp_path):
    (tmp_path / "system.yaml").write_text(limited("rate: 1Mbit/s"))
    text = (ROOT / "boards/qemu_virt_riscv64.yaml").read_text()
    timer = text[text.index("  timer:"):text.index("  serial0:")]
    (tmp_path / "board.yaml").write_text(text.replace(timer, ""))
    done = gen(tmp_path / "system.yaml", "--board", tmp_path / "board.yaml", "-o", tmp_path / "out")
    assert done.returncode == 2 and "has none; remove it or choose another board" in done.stderr
