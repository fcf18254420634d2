# SPDX-License-Identifier: BSD-2-Clause
"""PDs that fault and PDs that decide about them: the words that fault() gets, and what stop, resume,
restart and a reply do, as on seL4. The PDs are those of the folder life/."""

import os
import random
import re
import signal
import struct
import time

import pytest

from harness import DEADLINE_S, SANITIZED, Run, alive, on_x86, pd

SHARED = '<map mr="shared" vaddr="0x10002000" perms="rw" setvar_vaddr="shared_address"/>'
REGIONS = '<memory_region name="shared" size="0x1000"/>'


def region(name):
    return f'<memory_region name="{name}" size="0x1000" prefill_path="{name}.txt"/>'


def text(name):
    return f'<map mr="{name}" vaddr="0x10000000" perms="r" setvar_vaddr="action"/>'


def family(folder, parent, child, *options, server=False, image="life_parent", stack="",
           regions="", maps=""):
    """A parent and its child, which notify one another on channel 5; a server that the child calls
    on channel 6 and that notifies the parent on channel 5."""
    (folder / "parent.txt").write_text(parent, encoding="ascii")
    (folder / "child.txt").write_text(child, encoding="ascii")
    inner = pd("child", "life_child", text("child") + SHARED + maps, f'id="1" {stack}')
    inner = inner.replace('"100"', '"90"')
    maps = "" if image == "life_no_fault" else text("parent") + SHARED
    system = REGIONS + regions + region("parent") + region("child")
    system += pd("parent", image, maps + inner)
    system += '<channel><end pd="parent" id="5"/><end pd="child" id="5"/></channel>'
    if server:
        system += pd("server", "life_server", text("child") + SHARED)
        system += '<channel><end pd="server" id="6"/><end pd="child" id="6" pp="true"/></channel>'
        system += '<channel><end pd="server" id="5"/><end pd="parent" id="6"/></channel>'
    return Run(folder, system, *options)


def state_of(pid):
    with open(f"/proc/{pid}/stat", encoding="ascii") as file:
        return file.read().rsplit(")", 1)[1].split()[0]


def await_state(pid, states):
    end = time.monotonic() + DEADLINE_S
    while state_of(pid) not in states:
        assert time.monotonic() < end, state_of(pid)
        time.sleep(0.01)


def words(run, label):
    """The words of the first fault with that label."""
    run.until("label")
    run.until("\n")
    found = re.search(rf"parent\| child 1 label {label} words((?: 0x[0-9a-f]+)*)", run.output)
    assert found, run.output
    return [int(word, 16) for word in found.group(1).split()]


def test_a_write_to_nothing_in_init_is_the_vm_fault_that_sel4_would_send(tmp_path):
    with family(tmp_path, "keep", "null") as run:
        run.until("in its function\n")
        instruction, address, prefetch, status = words(run, 6)
        assert address == 8 and prefetch == 0 and instruction > 0x1000
        if os.uname().machine == "x86_64":
            assert status == 6  # user, write, not present
        run.until("child: fault: write to 0x8, no region; told to its parent parent\n")
        run.until("child:   #0 write_null+")


@on_x86
def test_a_read_of_nothing_says_that_it_was_a_read(tmp_path):
    with family(tmp_path, "keep", "read") as run:
        assert words(run, 6)[1:] == [16, 0, 4]


def test_execution_of_nothing_is_a_prefetch_fault(tmp_path):
    with family(tmp_path, "keep", "execute") as run:
        assert words(run, 6)[:3] == [0x3000, 0x3000, 1]


@on_x86
def test_an_illegal_instruction_is_a_user_exception_and_a_reply_moves_the_child_on(tmp_path):
    with family(tmp_path, "skip", "trap") as run:
        run.until("in its function\n")
        exception = words(run, 3)
        assert len(exception) == 5 and exception[3:] == [6, 0]
        run.until("child| went on behind the trap\n")


@on_x86
def test_a_child_that_goes_on_has_all_its_registers(tmp_path):
    with family(tmp_path, "skip", "keep-registers") as run:
        run.until("child| all registers kept\n")


@on_x86
def test_a_system_call_is_an_unknown_one_and_the_reply_is_its_result(tmp_path):
    with family(tmp_path, "skip", "system-call") as run:
        run.until("child| the system call gave 4711\n")
        found = words(run, 2)
        assert len(found) == 19 and found[0] == 110 and found[18] == 110


@on_x86
@pytest.mark.skipif(SANITIZED, reason="a sanitizer build has a filter that lets more through")
def test_of_all_system_calls_a_pd_makes_those_for_waiting_waking_and_dying_only(tmp_path):
    with family(tmp_path, "skip-all", "all-system-calls") as run:
        run.until("child| all tried\n")
    # read, write, rt_sigprocmask, sched_yield, restart_syscall, clock_gettime, ppoll
    made = [int(number) for number in re.findall(r"child\| made (\d+)\n", run.output)]
    assert made == [0, 1, 14, 24, 219, 228, 271]


def test_a_reply_to_a_vm_fault_repeats_the_access(tmp_path):
    with family(tmp_path, "reply", "null") as run:
        run.until("parent| enough\n")
        assert run.output.count("label 6") == 4


@on_x86
def test_a_reply_with_an_error_label_leaves_the_child_stopped(tmp_path):
    with family(tmp_path, "reply-error", "trap") as run:
        run.until("label 3")
        run.read(0.3)
        assert "went on" not in run.output and run.output.count("label") == 1


def test_without_a_reply_the_child_stays_stopped_and_alive(tmp_path):
    with family(tmp_path, "keep", "null") as run:
        run.until("label 6")
        run.read(0.3)
        assert run.output.count("label") == 1
        assert alive(run.pids()["child"]) and alive(run.pids()["parent"])


def test_resume_repeats_what_faulted(tmp_path):
    with family(tmp_path, "resume", "null") as run:
        run.until("parent| enough\n")
        assert run.output.count("label 6") == 4


def test_a_child_that_faults_in_init_restarts_at_0x200000_with_memory_and_stack_kept(tmp_path):
    with family(tmp_path, "restart", "start") as run:
        run.until("parent| enough\n")
        run.until("child| start 100\n")
        for number in (101, 102, 103):
            run.until(f"child| start {number} deeper\n")


def test_a_reply_after_a_restart_changes_nothing(tmp_path):
    with family(tmp_path, "restart-and-reply", "start") as run:
        run.until("parent| enough\n")
        run.until("child| start 103 deeper\n")


def test_restarts_without_end_fill_the_stack_and_that_is_named(tmp_path):
    size = 32768 if SANITIZED else 8192
    with family(tmp_path, "until-full", "null") as run:
        run.until("parent| its stack is full: faults ")
        run.until(f"the guard page below the stack: its {size} bytes are full; told to its parent")
        run.until("(not each is said any more)")


def test_faults_without_end_at_ever_other_places_do_not_fill_the_screen(tmp_path):
    with family(tmp_path, "restart-thousand", "here-and-there", stack='stack_size="0x200000"') as run:
        run.until("parent| enough\n")
        assert 16 < run.output.count("; told to its parent") < 50


def test_a_child_that_spins_is_stopped_resumed_and_restarted(tmp_path):
    with family(tmp_path, "stop-resume-restart", "spin") as run:
        run.until("parent| stopped\n")
        run.until("parent| resumed\n")
        run.until("parent| restarted: starts 2\n")


@on_x86
def test_a_child_that_blocks_all_signals_is_stopped_resumed_and_restarted(tmp_path):
    with family(tmp_path, "stop-resume-restart", "block-and-spin") as run:
        run.until("parent| stopped\n")
        run.until("parent| resumed\n")
        run.until("parent| restarted: starts 2\n")
        while run.output.count("no signal was blocked") < 2:
            assert "BLOCKED" not in run.output and run.read(0.2), run.output


@on_x86
def test_a_child_that_faults_with_all_signals_blocked_is_restarted(tmp_path):
    with family(tmp_path, "restart", "block-and-fault") as run:
        run.until("parent| enough\n")
        assert run.output.count("label 6") == 4


@on_x86
@pytest.mark.parametrize("doing", ["breakpoint", "icebp", "single-step"])
def test_a_child_that_traps_as_under_a_debugger_is_told_and_restarted_as_any(tmp_path, doing):
    with family(tmp_path, "restart", doing) as run:
        run.until("parent| enough\n")
        assert run.output.count("child 1 label 3 ") == 4
        await_state(run.pids()["child"], "t")


def in_32_bits(folder, parent, code):
    """A child that leaves for `code`, of 32 bits, in a region that it may execute."""
    data_segment = b"\xb8\x2b\0\0\0\x8e\xd8"  # mov $0x2b, %eax; mov %eax, %ds
    (folder / "code.bin").write_bytes(data_segment + code)
    more = '<map mr="code" vaddr="0x10004000" perms="rx"/>'
    region_of_code = '<memory_region name="code" prefill_path="code.bin"/>'
    return family(folder, parent, "leave-64-bits", regions=region_of_code, maps=more)


@pytest.fixture(name="has_32_bits")
def fixture_has_32_bits(tmp_path):
    if SANITIZED:
        pytest.skip("the child takes another stack, which a sanitizer would have to know")
    with in_32_bits(tmp_path, "keep", b"\x0f\x0b") as run:
        if words(run, 3)[0] != 0x10004007:
            pytest.skip("this Linux runs no code of 32 bits")


@on_x86
@pytest.mark.usefixtures("has_32_bits")
def test_a_child_that_spins_in_32_bit_code_is_stopped_resumed_and_restarted(tmp_path):
    code = b"\xff\x05" + struct.pack("<I", 0x10002000) + b"\xeb\xf8"  # incl beats; jmp
    with in_32_bits(tmp_path, "stop-resume-restart", code) as run:
        run.until("parent| stopped\n")
        run.until("parent| resumed\n")
        run.until("parent| restarted: starts 2\n")


@on_x86
@pytest.mark.usefixtures("has_32_bits")
def test_a_child_that_faults_in_32_bit_code_is_restarted_and_its_parent_told_where(tmp_path):
    code = b"\xa1" + struct.pack("<I", 16)  # mov 16, %eax
    with in_32_bits(tmp_path, "restart", code) as run:
        run.until("parent| enough\n")
        assert run.output.count("child 1 label 6 words 0x10004007 0x10 0x0 0x4\n") == 4


def test_a_child_that_waits_is_restarted_and_waits_again(tmp_path):
    with family(tmp_path, "restart-waiting", "wait") as run:
        run.until("parent| waits again: starts 2\n")


@pytest.mark.parametrize("doing", ["spin", "wait", "call"])
def test_a_thousand_restarts_at_any_moment_leave_a_child_that_can_be_restarted(tmp_path, doing):
    with family(tmp_path, "restart-often", doing, server=doing == "call",
                stack='stack_size="0x200000"') as run:
        run.until("parent| restarted often enough\n")
        assert "fault" not in run.output


def test_a_stopped_child_gets_its_notification_when_it_resumes(tmp_path):
    with family(tmp_path, "notify-stopped", "wait") as run:
        run.until("parent| nothing delivered\n")
        run.until("parent| delivered: 1\n")


def test_a_child_restarted_within_its_call_calls_anew_and_gets_the_newer_answer(tmp_path):
    with family(tmp_path, "restart-caller", "call", server=True) as run:
        run.until("child| answer 2\n")
        run.until("server| call 2\n")  # its own pipe may be read later
        assert run.output.index("server| call 1\n") < run.output.index("server| call 2\n")
        assert "answer 1" not in run.output


def test_a_child_resumed_within_its_call_makes_it_again(tmp_path):
    with family(tmp_path, "resume-caller", "call", server=True) as run:
        run.until("child| answer 1\n")
        while run.output.count("server| call 1\n") < 2:
            assert run.read(0.2), run.output
        assert "call 2" not in run.output


def test_a_parent_may_restart_its_child_before_that_has_started(tmp_path):
    for _ in range(5):
        with family(tmp_path, "early", "spin") as run:
            run.until("parent| controlled from init\n")


def test_control_of_a_child_that_is_not_there_stops_the_parent(tmp_path):
    with family(tmp_path, "no-such-child", "wait") as run:
        run.until("parent: stopped: microkit_pd_stop(2): this PD has no child with that id")


def test_without_strict_it_crashes_the_parent_as_libmicrokit_does(tmp_path):
    with family(tmp_path, "no-such-child", "wait", "--no-strict") as run:
        run.until("parent: fault: write to 0x2, no region\n")
        assert "went on" not in run.output


def test_a_parent_without_fault_crashes_as_libmicrokit_does(tmp_path):
    with family(tmp_path, "none", "null", image="life_no_fault") as run:
        run.until("parent| parent is missing the 'fault' entry point\n")
        run.until("parent: fault: write to 0, no region\n")


def test_a_fault_goes_to_the_parent_and_no_further(tmp_path):
    for name, action in (("top", "keep"), ("middle", "keep"), ("inner", "null")):
        (tmp_path / f"{name}.txt").write_text(action, encoding="ascii")
    inner = pd("inner", "life_child", text("inner") + SHARED, 'id="1"')
    middle = pd("middle", "life_parent", text("middle") + SHARED + inner, 'id="1"')
    top = pd("top", "life_parent", text("top") + SHARED + middle)
    regions = REGIONS + region("top") + region("middle") + region("inner")
    with Run(tmp_path, regions + top) as run:
        run.until("middle| child 1 label 6")
        run.read(0.3)
        assert "top|" not in run.output


def test_a_fault_whose_parent_has_ended_is_reported_and_others_go_on(tmp_path):
    with family(tmp_path, "keep", "wait", server=True) as run:
        pids = run.pids()
        await_state(pids["child"], "S")
        os.kill(pids["parent"], signal.SIGKILL)
        run.until("parent: killed by signal 9\n")
        os.kill(pids["child"], signal.SIGSEGV)
        run.until("; told to its parent parent, which has ended\n")
        await_state(pids["child"], "t")
        assert alive(pids["server"])


def test_killing_the_runner_leaves_no_child_that_is_stopped(tmp_path):
    with family(tmp_path, "keep", "null") as run:
        pids = list(run.pids().values())
        run.until("label 6")
        run.process.kill()
        end = time.monotonic() + DEADLINE_S
        while any(alive(pid) for pid in pids):
            assert time.monotonic() < end, "a PD outlives its runner"
            time.sleep(0.02)


def test_a_stopped_child_does_not_keep_the_runner_from_ending(tmp_path):
    with family(tmp_path, "keep", "null") as run:
        run.until("label 6")
        pids = list(run.pids().values())
        code, _ = run.stop()
        assert code == 0 and not any(alive(pid) for pid in pids)


def serving(inside="", attributes=""):
    """A PD that serves the caller of caller.c, and a third one that goes on."""
    callee = pd("callee", "life_child", text("child") + SHARED, attributes)
    channel = '<channel><end pd="caller" id="3" pp="true"/><end pd="callee" id="9"/></channel>'
    regions = REGIONS + region("child") + region("parent")
    caller = pd("caller", "caller").replace('"100"', '"90"')
    if inside:
        callee = pd("parent", "life_parent", text("parent") + SHARED + callee)
    return regions + callee + caller + pd("other", "ping_pong") + channel


def test_a_pd_that_dies_within_protected_leaves_its_caller_waiting_and_that_is_said_once(tmp_path):
    (tmp_path / "child.txt").write_text("fault-in-protected", encoding="ascii")
    (tmp_path / "parent.txt").write_text("none", encoding="ascii")
    said = "caller: waits for ever for the answer to its call, because callee ended within protected()"
    with Run(tmp_path, serving()) as run:
        run.until(said + "\n")
        os.kill(run.pids()["other"], signal.SIGKILL)
        run.until("other: killed by signal 9\n")
        assert alive(run.pids()["caller"])
        assert run.output.count("waits for ever") == 1 and "answer\n" not in run.output


def test_so_does_one_that_is_restarted_within_protected(tmp_path):
    (tmp_path / "child.txt").write_text("fault-in-protected", encoding="ascii")
    (tmp_path / "parent.txt").write_text("restart", encoding="ascii")
    with Run(tmp_path, serving("parent", 'id="1"')) as run:
        run.until("caller: waits for ever for the answer to its call, because callee was restarted "
                  "within protected()\n")
        run.read(0.3)
        assert run.output.count("waits for ever") == 1 and "answer\n" not in run.output


def test_an_init_without_end_keeps_no_other_pd_from_its_loop(tmp_path):
    (tmp_path / "child.txt").write_text("spin", encoding="ascii")
    spinner = pd("spinner", "life_child", text("child") + SHARED)
    channels = '<channel><end pd="spinner" id="5"/><end pd="other" id="5"/></channel>'
    pair = pd("caller", "caller").replace('"100"', '"90"') + pd("callee", "callee")
    channels += '<channel><end pd="caller" id="3" pp="true"/><end pd="callee" id="9"/></channel>'
    system = REGIONS + region("child") + spinner + pd("other", "ping_pong") + pair + channels
    with Run(tmp_path, system) as run:
        run.until("caller| init: right answer\n")  # a call from init(), served by a loop
        run.until("caller| notified: right answer\n")


def test_a_child_that_somebody_else_stopped_goes_on_with_sigcont_and_stays_its_parents(tmp_path):
    with family(tmp_path, "restart-waiting", "wait") as run:
        run.until("parent| waits again: starts 2\n")
        child = run.pids()["child"]
        os.kill(child, signal.SIGSTOP)
        await_state(child, "tT")
        os.kill(child, signal.SIGCONT)
        await_state(child, "RS")
    with family(tmp_path, "restart", "start") as run:
        run.until("child| start 103")
        run.until("parent| enough\n")  # held by its parent: SIGCONT does not free it
        child = run.pids()["child"]
        os.kill(child, signal.SIGSTOP)
        os.kill(child, signal.SIGCONT)
        run.read(0.2)
        assert state_of(child) == "t" and run.output.count("start ") == 4
        assert run.stop()[0] == 0


def page_of(pid, name):
    """Where the process maps the memory of that name."""
    with open(f"/proc/{pid}/maps", encoding="ascii") as maps:
        found = re.search(rf"^([0-9a-f]+)-.*/memfd:{name} ", maps.read(), re.MULTILINE)
    return int(found[1], 16)


def bell_of(pid, runner):
    """The pipe that both hold and that is neither the parent's own wake pipe nor its log."""
    shared = {os.readlink(f"/proc/{runner}/fd/{fd}"): fd for fd in os.listdir(f"/proc/{runner}/fd")}
    for fd in os.listdir(f"/proc/{pid}/fd"):
        with open(f"/proc/{pid}/fdinfo/{fd}", encoding="ascii") as info:
            flags = int(re.search(r"flags:\s*(\d+)", info.read())[1], 8)
        pipe = os.readlink(f"/proc/{pid}/fd/{fd}")
        if flags & os.O_ACCMODE == os.O_WRONLY and pipe in shared:
            yield os.open(f"/proc/{pid}/fd/{fd}", os.O_WRONLY | os.O_NONBLOCK)


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to write a PD's memory")
def test_a_parent_that_orders_rubbish_is_answered_and_hurts_only_its_own_child(tmp_path):
    seed = random.randrange(1 << 32)
    print("seed", seed)
    chance = random.Random(seed)
    for name, action in (("lord", "keep"), ("serf", "spin"), ("lady", "keep"), ("maid", "wait")):
        (tmp_path / f"{name}.txt").write_text(action, encoding="ascii")
    system = REGIONS + "".join(region(name) for name in ("lord", "serf", "lady", "maid"))
    for parent, child, number in (("lord", "serf", 1), ("lady", "maid", 2)):
        inner = pd(child, "life_child", text(child) + SHARED, f'id="{number}"')
        system += pd(parent, "life_parent", text(parent) + SHARED + inner)
        system += f'<channel><end pd="{parent}" id="5"/><end pd="{child}" id="5"/></channel>'
    with Run(tmp_path, system) as run:
        pids = run.pids()
        await_state(pids["maid"], "S")
        await_state(pids["lord"], "S")
        orders, kernel = page_of(pids["lord"], "orders"), page_of(pids["lord"], "kernel")
        bells = list(bell_of(pids["lord"], run.process.pid))
        with open(f"/proc/{pids['lord']}/mem", "r+b", buffering=0) as memory:
            for count in range(1, 301):
                words = [chance.choice([0, 8, 0x200000, chance.getrandbits(64)]) for _ in range(26)]
                memory.seek(orders + 4)
                memory.write(struct.pack("3I26Q", chance.choice([0, 1, 2, 3, 4, 5, 1 << 31]),
                                         chance.choice([0, 1, 1, 1, 2, 61, 1 << 31]),
                                         chance.choice([0, count, 1 << 31]), *words))
                memory.seek(orders)
                memory.write(struct.pack("I", count))
                for bell in bells:
                    os.write(bell, b"!")
                end, answered = time.monotonic() + DEADLINE_S, 0
                while answered != count:
                    assert time.monotonic() < end, f"order {count} is not answered"
                    memory.seek(kernel)
                    (answered,) = struct.unpack("I", memory.read(4))
                run.read()
        for bell in bells:
            os.close(bell)
        assert state_of(pids["maid"]) == "S" and alive(pids["lady"])
        assert "maid: " not in run.output and "lady: " not in run.output
        assert run.stop()[0] == 0
