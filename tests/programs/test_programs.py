# SPDX-License-Identifier: BSD-2-Clause
"""Programs of the kinds that Microkit's users write, each with a Makefile that knows nothing of
Linux, build for the board "linux" and run."""

import pytest
from support import SDDF, command, make, run_until

GCC = ("LLVM=False",)
CLANG = ("LLVM=True",)


@pytest.fixture(params=[GCC, CLANG], ids=["gcc", "clang"], name="built")
def fixture_built(request, tmp_path):
    def build(name, *settings):
        code, output = make(name, tmp_path / name, *request.param, *settings)
        assert code == 0, output
        return tmp_path / name / "loader.img"

    return build


def test_a_program_says_its_name_and_its_constructors_run_before_init(built):
    run_until([built("hello")], "hello| hello, ready\n")


def test_programs_are_not_run_in_one_process(built):
    code, output = command(SDDF, "run", built("hello"), "--in-process")
    assert code == 1 and "PD hello: its image is a program, which lies at a fixed address" in output


def test_a_passive_server_answers_calls_from_init(built):
    output = run_until([built("passive_server")], "client| label of what it does not know: 99\n")
    assert "client| sum of 1 to 100: 5050\n" in output


def test_the_tool_sets_words_in_data_and_bss_and_large_pages_are_whole(built):
    output = run_until([built("setvar")], "setvar| last byte 77\n")
    for line in ("dma_paddr 2148532224", "dma_size 8192", "dma_vaddr 33554432"):
        assert f"setvar| {line}\n" in output
    assert "setvar| device_paddr 150994944\n" in output
    assert "setvar| large_paddr in MiB 4096\n" in output  # chosen by the tool


def test_a_region_holds_the_bytes_of_its_file_and_then_zeros(built):
    output = run_until([built("prefill")], "prefill| then zeros\n")
    assert "prefill| A region that was filled\nprefill| before anybody ran.\n" in output


def test_deferred_calls_made_by_hand_and_seen_through_the_variables_arrive(built):
    output = run_until([built("ticker")], "counter| a thousand ticks\n")
    assert "WRONG" not in output


def test_a_program_may_bring_its_own_c_library(built):
    run_until([built("printf")], "printf| text 5a 3.141 %\n")


def test_a_parent_restarts_a_child_that_faults_in_init_where_every_program_begins(built):
    last = "keeper| child 3 touched address 64, stopped\n"
    output = run_until([built("hierarchy")], last, "bystander| all quiet\n")
    for start in range(1, 7):
        assert f"crasher| start {start}\n" in output
    assert output.count("keeper| child 3 touched address 64, restarted\n") == 5
    assert "NOT STOPPED" not in output and "start 7" not in output


def test_a_fault_is_reported_with_the_names_of_the_program(built):
    output = run_until([built("orphan")], "orphan: fault: write to 0x40", "every PD has ended")
    assert "orphan| about to fall\n" in output and "NOT STOPPED" not in output
    assert "#0 fall+" in output and " init+" in output


def test_code_cannot_be_written_and_data_cannot_be_run_even_without_the_filter(
    built, monkeypatch
):
    monkeypatch.setenv("SDDF_UNSAFE", "no-seccomp")
    output = run_until([built("protect"), "--no-seccomp"], "every PD has ended")
    assert "writer: fault: write to 0x200000" in output
    assert "jumper: fault: execution at 0x20" in output
    assert "WRITTEN" not in output and "EXECUTED" not in output


def test_the_release_configuration_has_no_console(built):
    image = built("orphan", "MICROKIT_CONFIG=release")
    output = run_until([image], "orphan: fault: write to 0x40", "every PD has ended")
    assert "about to fall" not in output
