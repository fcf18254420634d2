# SPDX-License-Identifier: BSD-2-Clause
"""A QEMU that runs an image of a system on seL4: its console, and the statistics pages in its memory.

Run by qemu_echo.py, tests/sel4 and bench/sel4. Owns the QEMU that it starts. The guest's memory is an
anonymous file of ours that QEMU maps, so counters are read while the system runs, in release builds
too, where nothing is printed; the guest does not notice. Trusts nothing in a page (sddf/stats.h).
"""
import mmap
import os
import struct
import subprocess
import tempfile
import time

MEMORY_BYTES = 2 << 30  # what the SDK's kernels for QEMU are built for
PAGE_BYTES = 4096
STATS_MAGIC, STATS_VERSION, STATS_COUNTERS_MAX = 0x53544154, 1, 126
STATS_HEADER, STATS_COUNTER = struct.Struct("<4I48s"), struct.Struct("<24sQ")

# What QEMU must be told for the machine that each board of the SDK is; {image} is put in.
BOARDS = {
    "qemu_virt_aarch64": ("qemu-system-aarch64", "-machine", "virt,virtualization=on,memory-backend=ram",
                          "-cpu", "cortex-a53", "-device", "loader,file={image},addr=0x70000000,cpu-num=0"),
    "qemu_virt_riscv64": ("qemu-system-riscv64", "-machine", "virt,memory-backend=ram",
                          "-kernel", "{image}"),
}
# QEMU before 8.1 leaves out the guest's memory barriers if the machine can have but one core (c914d46d there), though its
# devices run beside it: now and then an interrupt was lost, and the system stood still. So there is room for a second.
ORDERED_CORES = 2
SMP_CORES = 4  # of the SDK's smp-* configurations on these boards


def cores_of(config):
    """How many cores the kernel of a configuration waits for."""
    return SMP_CORES if config.startswith("smp-") else 1


class Machine:
    """A context manager, so that the QEMU ends with its block. `more` is added to the command."""

    def __init__(self, image, board="qemu_virt_aarch64", cores=1, qemu=None, more=()):
        if board not in BOARDS:
            raise ValueError(f"found board {board}, expected one that QEMU plays: {', '.join(BOARDS)}")
        program, *arguments = BOARDS[board]
        self.memory = os.memfd_create("guest")
        os.ftruncate(self.memory, MEMORY_BYTES)
        self.command = [
            qemu or program, *(argument.format(image=image) for argument in arguments),
            "-object", f"memory-backend-file,id=ram,size={MEMORY_BYTES},share=on,"
                       f"mem-path=/proc/self/fd/{self.memory}",
            "-m", "2G", "-smp", f"{cores},maxcpus={max(cores, ORDERED_CORES)}", "-display", "none", "-monitor", "none", "-serial", "stdio",
            "-rtc", "clock=vm",  # a clock of the machine is not set when the host's is
            "-global", "virtio-mmio.force-legacy=false", *more]
        self.patience = cores  # QEMU plays several cores slowly: each wait is so many times longer
        self.output = tempfile.TemporaryFile()
        self.process = None

    def __enter__(self):
        self.process = subprocess.Popen(self.command, stdin=subprocess.PIPE, stdout=self.output,
                                        stderr=subprocess.STDOUT, pass_fds=[self.memory])
        return self

    def __exit__(self, *unused):
        self.process.kill()
        self.process.wait()
        self.process.stdin.close()
        self.output.close()
        os.close(self.memory)

    def console(self):
        """All that the machine, or QEMU itself, has printed."""
        size = os.fstat(self.output.fileno()).st_size
        return os.pread(self.output.fileno(), size, 0).decode(errors="replace")

    def type(self, text):
        """Keys, at the machine's first UART."""
        self.process.stdin.write(text.encode())
        self.process.stdin.flush()

    def wait_until(self, holds, what, seconds):
        """Waits until `holds()` is true; if it does not become so, says `what` was waited for."""
        seconds *= self.patience
        deadline = time.monotonic() + seconds
        while not holds():
            if self.process.poll() is not None:
                raise RuntimeError(f"QEMU ended by itself:\n{self.console()}")
            if time.monotonic() > deadline:
                raise RuntimeError(f"no {what} within {seconds} seconds; statistics: {self.stats()}; "
                                   f"console:\n{self.console()}")
            time.sleep(0.1)

    def stats(self):
        """The counters of every component that has a statistics page: {instance: {name: value}}."""
        found = {}
        with mmap.mmap(self.memory, MEMORY_BYTES, prot=mmap.PROT_READ) as memory:
            for start, end in self.touched():
                for page in range(start, end, PAGE_BYTES):
                    if memory[page:page + 4] == STATS_MAGIC.to_bytes(4, "little"):
                        found.update(read_stats(memory[page:page + PAGE_BYTES]))
        return found

    def touched(self):
        """Ranges of the guest's memory that were ever written."""
        end = 0
        while True:
            try:
                start = os.lseek(self.memory, end, os.SEEK_DATA)
            except OSError:  # no more data
                return
            end = os.lseek(self.memory, start, os.SEEK_HOLE)
            yield start, end


def read_stats(page):
    """The one component whose page this is, or nothing if it only looks like one."""
    _, version, count, _, instance = STATS_HEADER.unpack_from(page)
    names_and_values = [STATS_COUNTER.unpack_from(page, 64 + 32 * number)
                        for number in range(min(count, STATS_COUNTERS_MAX))]
    texts = [raw.split(b"\0", 1)[0] for raw in (instance, *(name for name, _ in names_and_values))]
    if version != STATS_VERSION or count > STATS_COUNTERS_MAX:
        return {}
    if not all(text and all(0x20 < byte < 0x7f for byte in text) for text in texts):
        return {}
    name, *names = (text.decode("ascii") for text in texts)
    return {name: dict(zip(names, (value for _, value in names_and_values)))}
