# SPDX-License-Identifier: BSD-2-Clause
"""sddf-load on the loopback interface: against Linux's own echo, and against echoes that misbehave
in ways the test knows to the packet. Needs the build directory's root in SDDF_BUILD."""

import collections
import csv
import fcntl
import json
import os
import pathlib
import queue
import signal
import socket
import struct
import subprocess
import threading
import time

import pytest

if "SDDF_BUILD" not in os.environ:
    pytest.skip("SDDF_BUILD does not name a build directory", allow_module_level=True)
TOOLS = pathlib.Path(os.environ["SDDF_BUILD"]).resolve() / "tools" / "load"
LOAD = str(TOOLS / "sddf-load")
ECHO = str(TOOLS / "sddf-echo-linux")


def start_load(*arguments):
    return subprocess.Popen([LOAD, *map(str, arguments)], text=True,
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def finish_load(process):
    """Waits for the end, returns the report, after checking what must hold for any report."""
    try:
        out, err = process.communicate(timeout=100)
    finally:
        process.kill()
    assert process.returncode == 0, err
    line, text, rest = out.split("\n")
    report = json.loads(text)
    assert rest == ""
    assert f"lost {report['lost']} " in line and f"corrupt {report['corrupt']}," in line
    assert report["lost"] == report["sent"] - report["received"]
    assert report["lost"] == sum(report["lost_by_reason"].values())
    return report


def load(*arguments):
    return finish_load(start_load(*arguments))


# The machine may stand still for seconds at any point: a run that must lose nothing sends a number
# of packets, not for a time, and waits for the last of them.
PATIENT = ("--patience", 20)
LOSSY = ("--patience", 1.5)  # where some never come, and the whole wait passes


def wait_until(condition):
    end = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.005)


def free_port():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture(params=["recv", "mmsg"])
def echo_process(request):
    """Linux's own echo, in both modes: the process and its address."""
    target = f"127.0.0.1:{free_port()}"
    process = subprocess.Popen([ECHO, "--mode", request.param, "--bind", target], text=True,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    try:
        wait_for_echo(target)
        yield process, target
    finally:
        process.kill()
        process.wait()


def end_echo(process):
    """Ends it as it should end, and returns its complaints."""
    process.send_signal(signal.SIGTERM)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (0, "")
    return err


@pytest.fixture
def linux_echo(echo_process):
    process, target = echo_process
    yield target
    assert end_echo(process) == ""


def wait_for_echo(target):
    ip, port = target.split(":")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.settimeout(0.1)
        for _ in range(200):
            try:
                probe.sendto(b"up?", (ip, int(port)))
                if probe.recv(16) == b"up?":
                    return
            except (TimeoutError, ConnectionRefusedError):
                time.sleep(0.02)
    pytest.fail(f"no echo from {target} within 20 s")


@pytest.fixture
def checksum_counter():
    """The kernel counts bad checksums per network namespace, so the tests that depend on the count
    take turns, also with those of another test run in the same namespace."""
    with open("/proc/self/ns/net", "rb") as namespace:
        fcntl.flock(namespace, fcntl.LOCK_EX)
        yield


class Echo:
    """An echo on a thread: `answer(number, payload)`, number counting from 1, gives the payloads to
    send back. It may block, and call reply() for more."""

    def __init__(self, answer):
        self.answer = answer
        self.seen = 0
        self.peer = None
        self.error = None
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.socket.settimeout(0.05)
        self.target = "127.0.0.1:%d" % self.socket.getsockname()[1]
        self.over = threading.Event()
        self.thread = threading.Thread(target=self._serve)

    def _serve(self):
        while not self.over.is_set():
            try:
                payload, self.peer = self.socket.recvfrom(65536)
            except TimeoutError:
                continue
            self.seen += 1
            try:
                for reply in self.answer(self.seen, payload):
                    self.reply(reply)
            except Exception as error:  # the test shall fail, not the thread
                self.error = error

    def reply(self, payload):
        self.socket.sendto(payload, self.peer)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        self.thread.join()
        self.socket.close()
        assert self.error is None


def answer_at_once(_, payload):
    return [payload]


def flip(payload, at):
    return payload[:at] + bytes([payload[at] ^ 0x10]) + payload[at + 1:]


@pytest.mark.parametrize("size", [18, 32, 64, 1472])
def test_open_loop_sends_exactly_its_schedule_and_gets_all_back(linux_echo, size):
    report = load("--target", linux_echo, "--rate", 2000, "--count", 1000, "--size", size, *PATIENT)
    assert (report["mode"], report["size"], report["targets"]) == ("open", size, [linux_echo])
    assert report["sent"] == report["received"] == 1000
    assert report["corrupt"] == report["duplicate"] == report["stray"] == 0
    assert report["duration_s"] >= 999 / 2000
    assert report["offered_pps"] == pytest.approx(1000 / report["duration_s"], rel=1e-3)
    rtt = report["rtt_us"]
    assert 0 < rtt["min"] <= rtt["p50"] <= rtt["p90"] <= rtt["p99"] <= rtt["p999"] <= rtt["max"]
    assert rtt["min"] <= rtt["mean"] <= rtt["max"]


@pytest.mark.parametrize("window", [1, 7, 100])
def test_closed_loop_gets_all_back(linux_echo, window):
    report = load("--target", linux_echo, "--window", window, "--count", 3000, *PATIENT)
    assert (report["mode"], report["window"]) == ("closed", window)
    assert report["sent"] == report["received"] == 3000
    assert report["corrupt"] == report["duplicate"] == report["stray"] == 0


@pytest.mark.parametrize("loop", [("--rate", 900), ("--window", 5)])
def test_several_targets_share_the_load_in_turn(loop):
    with Echo(answer_at_once) as one, Echo(answer_at_once) as two, Echo(answer_at_once) as three:
        echoes = (one, two, three)
        targets = [word for echo in echoes for word in ("--target", echo.target)]
        report = load(*targets, *loop, "--count", 451, *PATIENT)
        assert report["targets"] == [echo.target for echo in echoes]
        assert report["sent"] == report["received"] == 451
        assert [echo.seen for echo in echoes] == [151, 150, 150]


def test_a_dead_target_costs_only_its_own_share():
    with Echo(answer_at_once) as echo:
        report = load("--target", f"127.0.0.1:{free_port()}", "--target", echo.target,
                      "--rate", 400, "--count", 200, *LOSSY)
    assert (report["sent"], report["received"]) == (200, 100)
    assert report["lost_by_reason"]["unreachable"] == 100


def test_closed_loop_fills_its_window_and_never_exceeds_it():
    held = []

    def answer(number, payload):
        held.append(payload)
        if len(held) < 8:
            return []
        answers, held[:] = list(held), []
        return answers

    # The echo answers eight at a time. Were fewer outstanding, it would wait for ever.
    with Echo(answer) as echo:
        report = load("--target", echo.target, "--window", 8, "--count", 80, *PATIENT)
    assert (report["sent"], report["received"], report["late"]) == (80, 80, 0)

    with Echo(answer) as echo:
        report = load("--target", echo.target, "--window", 7, "--duration", 0.09, *LOSSY)
    assert (report["sent"], report["received"]) == (7, 0)


def test_drops_corruption_and_duplicates_are_counted_exactly():
    def answer(number, payload):
        if number % 10 == 0:
            return []
        if number % 7 == 0:
            return [flip(payload, number % len(payload))]
        return [payload, payload] if number % 5 == 0 else [payload]

    numbers = range(1, 401)
    dropped = sum(n % 10 == 0 for n in numbers)
    corrupt = sum(n % 10 != 0 and n % 7 == 0 for n in numbers)
    doubled = sum(n % 10 != 0 and n % 7 != 0 and n % 5 == 0 for n in numbers)
    with Echo(answer) as echo:
        report = load("--target", echo.target, "--rate", 400, "--count", 400, "--size", 48, *LOSSY)
    assert echo.seen == report["sent"] == 400
    assert report["received"] == 400 - dropped - corrupt
    assert report["corrupt"] == report["lost_by_reason"]["corrupt"] == corrupt
    assert report["lost_by_reason"]["no_answer"] == dropped
    assert report["duplicate"] == doubled
    assert report["stray"] == report["late"] == report["reordered"] == 0


def test_a_stalled_window_goes_on_and_its_packets_count_as_lost():
    with Echo(lambda number, payload: [] if number % 10 == 0 else [payload]) as echo:
        report = load("--target", echo.target, "--window", 1, "--count", 25, *LOSSY)
    assert (report["sent"], report["received"]) == (echo.seen, 23) == (25, 23)
    assert report["lost_by_reason"]["no_answer"] == report["lost"] == 2
    assert report["duration_s"] > 3  # twice given up


def test_with_patience_an_echo_that_takes_long_is_waited_for():
    def answer(number, payload):
        if number == 3:
            time.sleep(0.5)
        return [payload]

    with Echo(answer) as echo:
        report = load("--target", echo.target, "--window", 1, "--count", 20, *PATIENT)
    assert report["sent"] == report["received"] == echo.seen
    assert report["late"] == 0 and report["rtt_us"]["max"] > 400_000


def test_an_echo_after_its_packet_was_given_up_is_late_and_stays_lost():
    kept = []

    def answer(number, payload):
        if number == 3:
            kept.append(payload)
            return []
        return [kept.pop(), payload] if number == 4 else [payload]

    with Echo(answer) as echo:
        report = load("--target", echo.target, "--window", 1, "--count", 10, *LOSSY)
    assert report["lost"] == report["late"] == report["lost_by_reason"]["late"] == 1
    assert report["duplicate"] == 0


def test_reordered_echoes_are_counted_and_not_lost():
    kept = []

    def answer(number, payload):
        if number % 10 == 0:
            kept.append(payload)
            return []
        return [payload, kept.pop()] if kept else [payload]

    with Echo(answer) as echo:
        report = load("--target", echo.target, "--rate", 201, "--count", 201, *PATIENT)
    assert (report["sent"], report["received"], report["reordered"]) == (201, 201, 20)


@pytest.mark.parametrize("change", [
    lambda payload: payload[:-1],
    lambda payload: payload + b"\0",
    lambda payload: b"",
    lambda payload: bytes(len(payload)),
    lambda payload: payload[:4] + bytes(28) + payload[32:],
], ids=["cut", "grown", "empty", "zeroed", "header-zeroed"])
def test_an_echo_that_is_not_the_whole_packet_is_corrupt(change):
    with Echo(lambda _, payload: [change(payload)]) as echo:
        report = load("--target", echo.target, "--rate", 100, "--count", 20, *LOSSY)
    assert (report["sent"], report["received"], report["corrupt"]) == (20, 0, 20)
    assert report["lost_by_reason"]["corrupt"] == 20
    assert report["rtt_us"]["p50"] is None


def test_what_one_target_got_is_corrupt_when_another_sends_it():
    """As a virtualiser would that mixes up its clients' buffers."""
    stolen = queue.SimpleQueue()

    def steal(_, payload):
        stolen.put(payload)
        return []

    def mix_up(_, payload):
        return [payload, stolen.get(timeout=60)]

    with Echo(steal) as one, Echo(mix_up) as two:
        report = load("--target", one.target, "--target", two.target,
                      "--rate", 100, "--count", 40, *LOSSY)
    assert (report["sent"], report["received"], report["corrupt"]) == (40, 20, 20)


def test_latency_counts_from_the_scheduled_time_when_the_generator_was_held_up():
    """A generator that counted from the send would report microseconds: coordinated omission."""
    with Echo(answer_at_once) as echo:
        process = start_load("--target", echo.target, "--rate", 50, "--count", 200, *PATIENT)
        wait_until(lambda: echo.seen >= 10)
        process.send_signal(signal.SIGSTOP)
        time.sleep(1)
        process.send_signal(signal.SIGCONT)
        report = finish_load(process)
    assert report["sent"] == report["received"] == 200
    assert report["rtt_us"]["max"] > 950_000
    assert report["rtt_us"]["p90"] > 400_000


def test_what_its_own_socket_drops_is_the_generators_and_not_the_targets(checksum_counter):
    flood = 60_000
    reached, stopped, flooded = threading.Event(), threading.Event(), threading.Event()

    def answer(number, payload):
        if number == 5:
            reached.set()
            assert stopped.wait(60)
            for _ in range(flood):
                echo.reply(payload)
            flooded.set()
        return [payload]

    with Echo(answer) as echo:
        process = start_load("--target", echo.target, "--rate", 20, "--count", 60, *LOSSY)
        try:
            assert reached.wait(60)
            process.send_signal(signal.SIGSTOP)
            stopped.set()
            assert flooded.wait(60)
        finally:
            process.send_signal(signal.SIGCONT)
        report = finish_load(process)
    overflow = report["generator"]["receive_overflow"]
    assert overflow > 0
    # Of packet 5's copies one is its echo. What else overflowed is lost, and the generator's loss.
    assert report["duplicate"] + overflow == flood + report["lost"]
    assert report["lost"] == report["lost_by_reason"]["generator"]
    assert report["corrupt"] == 0


def test_an_echo_with_a_wrong_udp_checksum_is_the_targets_loss(checksum_counter):
    try:
        raw = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_UDP)
    except PermissionError:
        pytest.skip("raw sockets are not permitted")

    def answer(number, payload):
        if number % 4 != 0:
            return [payload]
        ip, port = echo.peer
        # 1 can hardly be right, and 0 would mean that there is no checksum.
        header = struct.pack(">HHHH", echo.socket.getsockname()[1], port, 8 + len(payload), 1)
        raw.sendto(header + payload, (ip, 0))
        return []

    with raw, Echo(answer) as echo:
        report = load("--target", echo.target, "--rate", 100, "--count", 40, *LOSSY)
    assert (report["sent"], report["received"], report["corrupt"]) == (40, 30, 0)
    assert report["lost_by_reason"]["bad_checksum"] == 10
    assert report["generator"]["receive_overflow"] == 0


def test_an_interrupt_ends_early_and_still_reports():
    with Echo(answer_at_once) as echo:
        process = start_load("--target", echo.target, "--rate", 100, "--duration", 90, *PATIENT)
        wait_until(lambda: echo.seen > 10)
        process.send_signal(signal.SIGINT)
        report = finish_load(process)
    assert report["interrupted"] is True
    assert report["sent"] == report["received"] == echo.seen > 10
    assert report["duration_s"] < 80


def test_warm_up_is_not_counted():
    # The first 20 of about 300 warm-up packets are dropped, and no loss is reported.
    with Echo(lambda number, payload: [] if number <= 20 else [payload]) as echo:
        report = load("--target", echo.target, "--rate", 100, "--warmup", 3, "--count", 50, *LOSSY)
    assert report["sent"] == report["received"] >= 50
    assert echo.seen - report["sent"] >= 20


def test_the_report_goes_to_a_file_too(tmp_path):
    path = tmp_path / "report.json"
    with Echo(answer_at_once) as echo:
        report = load("--target", echo.target, "--rate", 100, "--count", 10, "--json", path, *PATIENT)
    assert json.loads(path.read_text()) == report


IPBENCH = ["Requested_Throughput", "Receive_Throughput", "Send_Throughput", "Packet_Size", "Minimum_RTT",
           "Average_RTT", "Maximum_RTT", "Stdev_RTT", "Median_RTT", "CPU_utilisation"]


def rows_of(path):
    with open(path, newline="") as file:
        rows = list(csv.reader(file))
    assert rows[0] == IPBENCH
    return [dict(zip(IPBENCH, row, strict=True)) for row in rows[1:]]


def test_a_run_is_a_row_in_ipbenchs_columns(tmp_path):
    path = tmp_path / "run.csv"
    with Echo(answer_at_once) as echo:
        report = load("--target", echo.target, "--rate", 200, "--count", 100, "--size", 100,
                      "--watch-cpu", 0, "--csv", path, *PATIENT)
    [row] = rows_of(path)
    assert (row["Requested_Throughput"], row["Packet_Size"]) == ("160000", "100")
    assert float(row["Send_Throughput"]) == pytest.approx(report["offered_pps"] * 800, rel=0.001)
    assert float(row["Receive_Throughput"]) == pytest.approx(report["achieved_pps"] * 800, rel=0.001)
    rtt = report["rtt_us"]
    for column, key in (("Minimum_RTT", "min"), ("Average_RTT", "mean"), ("Maximum_RTT", "max"),
                        ("Stdev_RTT", "deviation"), ("Median_RTT", "p50")):
        assert float(row[column]) == pytest.approx(rtt[key], abs=0.6)
    assert report["cpu"]["core"] == 0
    assert float(row["CPU_utilisation"]) == report["cpu"]["percent"] <= 100


def test_without_a_cpu_to_watch_its_column_is_empty(tmp_path):
    path = tmp_path / "run.csv"
    with Echo(answer_at_once) as echo:
        report = load("--target", echo.target, "--count", 5, "--csv", path, *PATIENT)
    assert rows_of(path)[0]["CPU_utilisation"] == "" and "cpu" not in report


def test_rfc2544_makes_its_trials_for_each_frame_size(tmp_path):
    """With a device that never loses anything, whatever the machine does meanwhile."""
    table, file = tmp_path / "trials.csv", tmp_path / "report.json"
    with Echo(answer_at_once) as echo:
        process = start_load("--target", echo.target, "--rfc2544", "--frames", "64,200", "--rate", 50,
                             "--accept-loss", 100, "--duration", 0.2, "--repeats", 2, "--csv", table,
                             "--json", file, *PATIENT)
        out, err = process.communicate(timeout=300)
    assert process.returncode == 0, err
    report = json.loads(file.read_text())
    assert json.loads(out.strip().split("\n")[-1]) == report
    assert [frame["frame"] for frame in report["rfc2544"]] == [64, 200]
    assert [frame["size"] for frame in report["rfc2544"]] == [18, 154]
    for frame in report["rfc2544"]:
        assert frame["max_pps"] == 50
        assert [point["percent"] for point in frame["latency"]] == [*range(10, 100, 10)]
        assert [point["percent"] for point in frame["loss"][:2]] == [100, 90]
        assert frame["back_to_back"] == 100
        assert f"{frame['frame']} bytes: throughput {frame['throughput_pps']} frames/s" in out
    rows = rows_of(table)
    assert len(rows) == sum(frame["trials"] for frame in report["rfc2544"])
    assert {row["Packet_Size"] for row in rows} == {"18", "154"}


def test_rfc2544_finds_the_longest_burst_that_a_device_keeps():
    """It answers 30 packets of a port at most, which is a trial."""
    ports = collections.Counter()

    def answer(_, payload):
        ports[echo.peer] += 1
        return [payload] if ports[echo.peer] <= 30 else []

    with Echo(answer) as echo:
        process = start_load("--target", echo.target, "--rfc2544", "--frames", "64", "--rate", 100,
                             "--duration", 0.05, "--repeats", 1, *LOSSY)
        out, err = process.communicate(timeout=300)
    assert process.returncode == 0, err
    [frame] = json.loads(out.strip().split("\n")[-1])["rfc2544"]
    assert frame["back_to_back"] == 30


TARGET = ("--target", "127.0.0.1:9")


@pytest.mark.parametrize("arguments, words", [
    ([], ["--target", "none", "IP:PORT"]),
    (["--target", "here:9"], ["--target", '"here"', "IPv4"]),
    (["--target", "127.0.0.1"], ["--target", '"127.0.0.1"', "port"]),
    (["--target", "127.0.0.1:70000"], ["--target", '"70000"', "1 to 65535"]),
    ([*TARGET * 17], ["--target", "17th", "at most 16"]),
    ([*TARGET, "--rate", "0"], ["--rate", '"0"', "1 to 100000000"]),
    ([*TARGET, "--rate", "1k"], ["--rate", '"1k"', "whole number"]),
    ([*TARGET, "--rate", "1", "--window", "1"], ["--window", "--rate", "one of the two"]),
    ([*TARGET, *TARGET, "--window", "1"], ["--window", "as many packets as targets"]),
    ([*TARGET, "--size", "17"], ["--size", '"17"', "18 to 65507"]),
    ([*TARGET, "--size", ""], ["--size", '""', "18 to 65507"]),
    ([*TARGET, "--duration", "-1"], ["--duration", '"-1"', "seconds"]),
    ([*TARGET, "--duration", "nan"], ["--duration", '"nan"', "seconds"]),
    ([*TARGET, "--patience", "0"], ["--patience", '"0"', "seconds"]),
    ([*TARGET, "--cpu", "1023"], ["--cpu", '"1023"', "online"]),
    ([*TARGET, "--bind", "192.0.2.1"], ["--bind", "192.0.2.1", "address of this machine"]),
    ([*TARGET, "--json", "/nonexistent/file"], ["--json", "/nonexistent/file", "expected"]),
    ([*TARGET, "--watch-cpu", "first"], ["--watch-cpu", '"first"', "as CPU"]),
    ([*TARGET, "--frames", "63"], ["--frames", '"63"', "64 to 65553"]),
    ([*TARGET, "--frames", ","], ["--frames", "none", "64,1518"]),
    ([*TARGET, "--frames", "64," * 17], ["--frames", "17th", "at most 16"]),
    ([*TARGET, "--accept-loss", "101"], ["--accept-loss", '"101"', "0 to 100"]),
    ([*TARGET, "--rfc2544", "--window", "2"], ["--rfc2544", "--window", "--rate"]),
    ([*TARGET, "--io", "packet:"], ["--io", "packet:", "packet:IFACE"]),
    ([*TARGET, "--io", "packet:none0"], ["--bind", "none", "10.0.0.1"]),
    ([*TARGET, "--io", "packet:none0", "--bind", "192.0.2.1"], ["--io", "none0", "interface"]),
    ([*TARGET, "--target-mac", "53:00:00:00:00:01"], ["--target-mac", "53:00", "MAC"]),
    ([*TARGET, "--target-mac", "52:00:00:00:00"], ["--target-mac", "52:00", "MAC"]),
    ([*TARGET, "--csv", "/nonexistent/file"], ["--csv", "/nonexistent/file", "expected"]),
    ([*TARGET, "--fast"], ["--fast", "option that exists"]),
    ([*TARGET, "--rate"], ["--rate", "nothing", "a value"]),
    ([*TARGET, "fast"], ['"fast"', "starts with --"]),
])
def test_a_wrong_option_is_named_with_what_was_found_and_expected(arguments, words):
    result = subprocess.run([LOAD, *arguments], text=True, capture_output=True, timeout=60)
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr.count("\n") == 1
    for word in words:
        assert word in result.stderr


@pytest.mark.parametrize("arguments, words", [
    ([], ["--mode", "none", "recv or mmsg"]),
    (["--mode", "fast", "--bind", "127.0.0.1:9"], ["--mode", "fast", "recv or mmsg"]),
    (["--mode", "recv"], ["--bind", "none", "IP:PORT"]),
])
def test_the_linux_echo_names_its_wrong_options_too(arguments, words):
    result = subprocess.run([ECHO, *arguments], text=True, capture_output=True, timeout=60)
    assert (result.returncode, result.stdout) == (2, "")
    for word in words:
        assert word in result.stderr


def test_the_linux_echo_goes_on_after_a_datagram_it_cannot_answer(echo_process):
    process, target = echo_process
    ip, port = target.split(":")
    # A source port of 0 cannot be answered. Only a raw socket can send it.
    evil = struct.pack(">HHHH", 0, int(port), 12, 0) + b"evil"
    try:
        raw = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_UDP)
    except PermissionError:
        pytest.skip("raw sockets are not permitted")
    with raw, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as good:
        good.settimeout(60)
        process.send_signal(signal.SIGSTOP)  # so that it finds all of them in one batch
        for number in range(3):
            raw.sendto(evil, (ip, 0))
            good.sendto(b"good %d" % number, (ip, int(port)))
        process.send_signal(signal.SIGCONT)
        assert [good.recv(16) for _ in range(3)] == [b"good 0", b"good 1", b"good 2"]
    err = end_echo(process)
    assert err.count("\n") == 1 and "dropped" in err
