# SPDX-License-Identifier: BSD-2-Clause
"""What the experiments count without running anything: stack out of call graphs, lines of code, perf's output."""
import shutil
import subprocess

import pytest
import support  # noqa: F401  (the way to bench/frame)

from frame import callgrind, elf, perf, samples
from frame.context import BenchError


def graph(frames, calls):
    """A .ci file as GCC writes it."""
    lines = ['graph: { title: "x.c"']
    lines += [f'node: {{ title: "/tmp/x.o:{name}" label: "{name}\\nx.c:1:1\\n{size} bytes ({kind})" }}'
              for name, size, kind in frames]
    lines += [f'edge: {{ sourcename: "/tmp/x.o:{a}" targetname: "{b}" label: "x.c:2:2" }}' for a, b in calls]
    return "\n".join(lines + ["}"])


def static(**frames):
    return [(name, size, "static") for name, size in frames.items()]


def test_the_stack_is_the_deepest_path_from_an_entry_point():
    text = graph(static(init=16, notified=32, work=64, leaf=8, unused=4096),
                 [("init", "leaf"), ("notified", "work"), ("work", "leaf"), ("work", "microkit_notify")])
    assert elf.deepest([text]) == 32 + 64 + 8


def test_a_frame_whose_size_varies_within_a_bound_counts_with_it():
    assert elf.deepest([graph([("init", 160, "dynamic,bounded")], [])]) == 160


def test_calls_across_files_are_followed():
    assert elf.deepest([graph(static(init=16), [("init", "memcpy")]), graph(static(memcpy=40), [])]) == 56


def test_a_line_of_the_log_goes_as_deep_as_what_it_is_led_to():
    calls = [("init", "finish"), ("finish", "__indirect_call"), ("take", "leaf")]
    assert elf.deepest([graph(static(init=16, finish=8, take=32, leaf=4), calls)]) == 16 + 8 + 32 + 4


def test_what_nothing_bounds_is_refused_by_name():
    frames = static(init=16, a=8, b=8)
    with pytest.raises(BenchError, match="a calls itself, by init > a > b > a"):
        elf.deepest([graph(frames, [("init", "a"), ("a", "b"), ("b", "a")])])
    with pytest.raises(BenchError, match="a calls through a pointer"):
        elf.deepest([graph(frames, [("init", "a"), ("a", "__indirect_call")])])
    with pytest.raises(BenchError, match="a: nothing bounds its frame"):
        elf.deepest([graph([("init", 8, "static"), ("a", 8, "dynamic")], [("init", "a")])])
    with pytest.raises(BenchError, match="none of init, notified"):
        elf.deepest([graph(static(main=8), [])])


def test_what_the_compiler_writes_is_read(tmp_path):
    (tmp_path / "x.c").write_text("void sink(char *);\n"
                                  "static __attribute__((noinline)) void work(void) { char a[1000]; sink(a); }\n"
                                  "void init(void) { char a[500]; sink(a); work(); sink(a); }\n")
    subprocess.run([shutil.which("gcc"), "-O2", "-fcallgraph-info=su", "-c", "x.c"], cwd=tmp_path, check=True)
    assert 1500 < elf.deepest([(tmp_path / "x.ci").read_text()]) < 1700


def test_lines_of_code_are_neither_blank_nor_comment(tmp_path):
    path = tmp_path / "x.c"
    path.write_text('/* one\n * two */\n\nint a; /* three */\n// four\nchar *b = "/* no // comment */"; // five\n'
                    "char c = '\"'; /* six\n */ int d;\n")
    assert elf.code_lines(path) == 4


def test_a_count_of_perf_is_that_of_all_its_events_and_none_if_one_is_missing():
    calls, memory = perf.SYSTEM_CALLS, ["mem:0x7f01:x", "syscalls:sys_enter_brk"]
    assert perf.parse(f"# started\n\n1234,,{calls},99,100.00,,\n", [calls]) == 1234
    assert perf.parse(f"7,,{memory[0]},99,100.00,,\n2,,{memory[1]},99,100.00,,\n", memory) == 9
    assert perf.parse(f"7,,{memory[0]},99,100.00,,\n", memory) is None
    assert perf.parse(f"7,,{memory[0]},99,100.00,,\n<not supported>,,{memory[1]},0,100.00,,\n", memory) is None
    assert perf.parse("Error: no permission\n", [calls]) is None


def test_what_no_process_did_since_none_ran_is_nothing():
    assert perf.parse(f"<not counted>,,{perf.SYSTEM_CALLS},0,100.00,,\n", [perf.SYSTEM_CALLS]) == 0


def test_samples_of_near_and_far_cores_are_never_in_one_cell():
    taken = samples.parse("0\t2\t256\t32\tsddf\t1.5\t0.03\t60.0\t0\n1\t2\t256\t32\tsddf\t9.5\t0.03\t250.0\t0\n"
                          "2\t1\t256\t32\tsddf\t1.0\t0.03\t250.0\t0\n")
    assert samples.cells(taken) == {("near", 256, 32, "sddf"): {0: 1.5}, ("far", 256, 32, "sddf"): {1: 9.5},
                                    ("one core", 256, 32, "sddf"): {2: 1.0}}


def test_instructions_are_what_a_function_of_a_program_executes_itself_without_what_it_calls():
    text = """# callgrind format
events: Ir

ob=(1) /tmp/images/echo0.elf
fl=(1) echo.c
fn=(1) echo'2
10 5
+2 7
cob=(2) /usr/lib/libc.so.6
cfn=(2) memcpy
calls=3 0
12 900
13 1

ob=(2)
fl=(2) memcpy.c
fn=(2)
0 300

ob=(1)
fn=(3) reply
* 4
-3 2
"""
    assert callgrind.parse(text) == {("echo0.elf", "echo"): 13, ("libc.so.6", "memcpy"): 300, ("echo0.elf", "reply"): 6}
