# SPDX-License-Identifier: BSD-2-Clause
"""The laboratory of `make demo`, `make up` and the system tests, and the processes in it. Lab is two
network namespaces joined by a veth pair:

    namespace .system                         namespace .peer
    sddf or Linux's echo --- sys0 ===veth=== gen0 10.0.0.1 --- generator, ping, tcpdump

WireLab is for where namespaces are not permitted, and needs no privilege:

    sddf's device model --- in-memory wire --- generator
           Linux's echo --- lo, 127.0.0.1 ---- generator

Everything is named after our pid. A keeper, a shell of its own session, removes all when the pipe
to it closes: at the end, after an error, and also when we are killed."""
import argparse
import contextlib
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
PEER_IP = "10.0.0.1"
ECHO_IP = "10.0.0.2"    # echo0 of systems/echo/echo.yaml, and Linux's echo
ECHO1_IP = "10.0.0.3"
ECHO_PORT = 1235
LOOPBACK_IP = "127.0.0.1"

# The NICs that sddf's eth0 can be: a model of a device, or an AF_XDP socket of the kernel's. The
# latter gets its frames behind the interface's driver ("generic"), so that they are handled on the
# receiver's core like those of all others here: see steer().
VIRTIO, XSK = "virtio", "xsk"
BOARDS = {VIRTIO: "boards/linux.yaml", XSK: "boards/linux_xsk.yaml"}
WIRES = {VIRTIO: "packet:sys0", XSK: "xsk:sys0,generic"}
NICS = {VIRTIO: "a model of a virtio device", XSK: "an AF_XDP socket"}

# What is measured runs on one core, the generator on another.
CORES = sorted(os.sched_getaffinity(0))
SYSTEM_CORE = CORES[0]
GENERATOR_CORE = CORES[min(1, len(CORES) - 1)]

# Reads until we are gone. Only processes in our own two namespaces are ended.
KEEPER = """
cat >/dev/null
for name in "$1" "$2"; do
    for pid in $(ip netns pids "$name" 2>/dev/null); do kill -9 "$pid" 2>/dev/null; done
    ip netns delete "$name" 2>/dev/null
done
rm -rf "$3"
"""

count = 0  # of laboratories of this process


class LabError(Exception):
    """Something that the user can act on; printed without a traceback."""


class LoadError(LabError):
    """The generator ended without a report."""


def say(text):
    print(text, file=sys.stderr, flush=True)


def run(*command, check=True, timeout=20, **options):
    """Runs a short command to its end, and returns what it printed."""
    try:
        done = subprocess.run([str(part) for part in command], text=True, timeout=timeout,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, **options)
    except FileNotFoundError as error:
        raise LabError(f"{command[0]}: not found; `make deps` installs it") from error
    if check and done.returncode != 0:
        raise LabError(f"{' '.join(map(str, command))}: exit status {done.returncode}\n"
                       f"{done.stdout.strip()}")
    return done.stdout


def wait_until(condition, timeout, what):
    """Polls until condition() is true, and returns its value; LabError after `timeout` seconds."""
    end = time.monotonic() + timeout
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise LabError(f"{what}: not within {timeout} s")
        time.sleep(0.02)


def end(process, how=signal.SIGINT, timeout=5):
    """Ends a process that we started; by force if it does not within `timeout` seconds."""
    if process.poll() is None:
        process.send_signal(how)
        try:
            process.wait(timeout)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
    return process.returncode


def on_termination_exit():
    """SIGTERM and SIGHUP unwind the stack as Ctrl-C does."""
    def leave(number, _frame):
        sys.exit(128 + number)
    signal.signal(signal.SIGTERM, leave)
    signal.signal(signal.SIGHUP, leave)


def result_folder(path):
    """Makes the folder, for the user who called sudo if one did; LabError if it cannot be written
    to."""
    owner = [int(os.environ.get(name, -1)) for name in ("SUDO_UID", "SUDO_GID")]
    try:
        path.mkdir(exist_ok=True)
        if os.geteuid() == 0:
            os.chown(path, *owner)
        with tempfile.TemporaryFile(dir=path):
            return path
    except OSError as error:
        raise LabError(f"{path}: {error.strerror}; the results go there") from error


def read_json(path):
    """The file's content, or None while it is missing or incomplete."""
    try:
        return json.loads(pathlib.Path(path).read_text())
    except (FileNotFoundError, json.JSONDecodeError):
        return None


class Sddf:
    """A running sDDF system: `sddf run`, what it said, its processes and its counters."""

    def __init__(self, lab, process, directory):
        self.lab, self.process, self.directory = lab, process, directory
        self.log_path = directory / "log"

    def log(self):
        return self.log_path.read_text(errors="replace")

    def pids(self):
        """Process ids by name of PD, and of device model as "device:NAME", as --stats has it."""
        found = read_json(self.directory / "status")
        if found is None:
            return {}
        return {**found["pds"],
                **{"device:" + name: pid for name, pid in found["devices"].items()}}

    def runner(self):
        """The process id of `sddf run` itself."""
        return self.process.pid

    def stats(self):
        """Counters: {component: {counter: value}}, as of now."""
        path = self.directory / "stats"
        path.unlink(missing_ok=True)
        self.process.send_signal(signal.SIGUSR1)
        found = wait_until(lambda: self.ended() or read_json(path), 20, "statistics of the system")
        if self.ended():
            raise LabError("the system has ended:\n" + self.log())
        return found

    def ended(self):
        return self.process.poll() is not None

    def stop(self, how=signal.SIGINT):
        return end(self.process, how)


class Lab:
    """A context manager; `build` is the build directory."""
    over = "veth pair"       # what packets cross, for sddf
    over_linux = "veth pair"  # and for Linux's echo
    about = ("two network namespaces, joined by a veth pair; the system on core {}, the generator "
             "on core {}")

    def __init__(self, build):
        global count
        count += 1
        self.build = pathlib.Path(build).resolve()
        self.system = f"sddf{os.getpid()}-{count}-system"
        self.peer = f"sddf{os.getpid()}-{count}-peer"
        self.directory = None
        self.stack = contextlib.ExitStack()

    def __enter__(self):
        with contextlib.ExitStack() as stack:
            self.stack = stack
            self.directory = pathlib.Path(tempfile.mkdtemp(prefix="sddf-lab-"))
            self.directory.chmod(0o755)  # PDs that gave up their privileges read in it
            keeper = subprocess.Popen(
                ["sh", "-c", KEEPER, "keeper", self.system, self.peer, str(self.directory)],
                stdin=subprocess.PIPE, start_new_session=True)
            stack.callback(keeper.wait)
            stack.callback(keeper.stdin.close)
            self.make_network()
            self.stack = stack.pop_all()
        return self

    def __exit__(self, *what):
        return self.stack.__exit__(*what)

    # ---- The network ----

    def make_network(self):
        for name in (self.system, self.peer):
            run("ip", "netns", "add", name)
            self.inside(name, "sh", "-c", "f=/proc/sys/net/ipv6/conf; test ! -d $f || "
                        "for i in all default; do echo 1 >$f/$i/disable_ipv6; done")
            self.inside(name, "ip", "link", "set", "lo", "up")
        run("ip", "link", "add", "sys0", "netns", self.system, "type", "veth",
            "peer", "name", "gen0", "netns", self.peer)
        for name, interface, core in ((self.system, "sys0", SYSTEM_CORE),
                                      (self.peer, "gen0", GENERATOR_CORE)):
            self.inside(name, "ethtool", "-K", interface, "tx", "off", "rx", "off", "gso", "off",
                        "tso", "off", "gro", "off", check=False)
            self.inside(name, "ip", "link", "set", interface, "up")
            self.steer(name, interface, core)
        self.inside(self.peer, "ip", "address", "add", PEER_IP + "/24", "dev", "gen0")

    def steer(self, name, interface, core):
        """What arrives at an interface is handled on the core of its side, as a NIC's interrupt
        would be; otherwise veth does the receiver's work on the sender's core."""
        self.inside(name, "sh", "-c", f"echo {1 << core:x} "
                    f">/sys/class/net/{interface}/queues/rx-0/rps_cpus", check=False)

    def system_address(self, present):
        """Gives sys0 the echo's IP address, for Linux's own echo, or takes it away."""
        self.inside(self.system, "ip", "address", "flush", "dev", "sys0")
        if present:
            self.inside(self.system, "ip", "address", "add", ECHO_IP + "/24", "dev", "sys0")
        self.inside(self.peer, "ip", "neighbour", "flush", "dev", "gen0")

    def drops(self):
        """Packets that the kernel dropped on the way, by counter."""
        drops = backlog_drops()
        for name, interface in ((self.system, "sys0"), (self.peer, "gen0")):
            text = self.inside(name, "sh", "-c", f"cd /sys/class/net/{interface}/statistics; "
                               "cat rx_dropped tx_dropped; grep ^Udp: /proc/net/snmp")
            lines = text.splitlines()
            for key, value in zip(("rx_dropped", "tx_dropped"), lines[:2]):
                drops[f"{interface}.{key}"] = int(value)
            if interface == "sys0":
                drops.update(udp_drops(lines[2:]))
        return drops

    # ---- Processes ----

    def wrap(self, name, command):
        """The command line that runs `command` in namespace `name`."""
        return ["ip", "netns", "exec", name, *map(str, command)]

    def wire_option(self, nic):
        """What the system's eth0 is connected to, for `sddf run`."""
        return WIRES[nic]

    def target_options(self, ip):
        """How the generator reaches `ip`."""
        return ["--target", f"{ip}:{ECHO_PORT}"]

    @contextlib.contextmanager
    def linux_echo(self, mode):
        """Linux's own echo, instead of sddf: its process, and the IP address that it has."""
        self.system_address(True)
        process = self.start(self.system, self.tool("load/sddf-echo-linux"), "--mode", mode,
                             "--bind", f"{ECHO_IP}:{ECHO_PORT}", "--cpu", SYSTEM_CORE)
        try:
            yield process, ECHO_IP
        finally:
            end(process)
            self.system_address(False)

    def inside(self, name, *command, **options):
        """Runs a short command in namespace `name`."""
        return run(*self.wrap(name, command), **options)

    def start(self, name, *command, **options):
        """Starts a process in namespace `name`; it ends with the laboratory at the latest."""
        # We may have left a core alone that it is to run on.
        process = subprocess.Popen(self.wrap(name, command), start_new_session=True,
                                   preexec_fn=lambda: os.sched_setaffinity(0, CORES), **options)
        self.stack.callback(end, process)
        return process

    def tool(self, name):
        path = self.build / "tools" / name
        if not path.exists():
            raise LabError(f"{path}: not built; run `make build`")
        return path

    def sddf(self, yaml=ROOT / "systems/echo/echo.yaml", search=(), options=(), cpu=SYSTEM_CORE,
             env=None, under=(), nic="virtio", wire=None):
        """Generates the system of `yaml`, runs it and returns it once its processes have started;
        `under` a command, such as a profiler."""
        board = ROOT / BOARDS[nic]
        directory = pathlib.Path(tempfile.mkdtemp(prefix="system-", dir=self.directory))
        directory.chmod(0o755)
        run(self.tool("sddf/sddf"), "gen", yaml, "--board", board, "-o", directory)
        file = next(directory.glob("*.system"))
        command = [*under, self.tool("sddf/sddf"), "run", file, "--board", board,
                   "--wire", "eth0=" + (wire or self.wire_option(nic)), "--status", directory / "status",
                   "--stats", directory / "stats"]
        for folder in (directory, *search, self.build / "components"):
            command += ["--search", folder]
        if cpu is not None:
            command += ["--cpu", cpu]
        with open(directory / "log", "w") as log:
            process = self.start(self.system, *command, *options, stdin=subprocess.DEVNULL,
                                 stdout=log, stderr=subprocess.STDOUT, env=env)
        system = Sddf(self, process, directory)
        wait_until(lambda: system.ended() or system.pids(), 20, "start of the system")
        if system.ended():
            raise LabError(f"the system ended with status {process.returncode}:\n{system.log()}")
        return system

    def best_nic(self):
        """The NIC that sddf is fastest with here, found by starting it; says why if that is not an
        AF_XDP socket."""
        try:
            self.sddf(nic=XSK).stop()
            return XSK
        except LabError as error:
            why = next((line for line in str(error).splitlines() if "AF_XDP" in line),
                       str(error).splitlines()[-1])
            say(f"AF_XDP sockets are not to be had here ({why.strip()}): sddf's NIC is "
                f"{NICS[VIRTIO]}")
            return VIRTIO

    def wait_for_echo(self, ip=ECHO_IP, timeout=30):
        """Until `ip` echoes."""
        said = []

        def echoes():
            try:
                return self.measure("--duration", 0.1, ip=ip)["received"] > 0
            except LoadError as error:
                said.append(str(error))
                return False
        try:
            wait_until(echoes, timeout, f"an echo from {ip}")
        except LabError as error:
            raise LabError("\n".join([str(error), *said[-1:]])) from error

    def load(self, *options, cpu=GENERATOR_CORE, ip=ECHO_IP):
        """Starts the generator at the peer's end. Returns the process and its report's path."""
        number = len(list(self.directory.glob("load-*")))
        path = self.directory / f"load-{number}"
        path.touch()
        command = [self.tool("load/sddf-load"), *self.target_options(ip), "--json", path]
        if cpu is not None:
            command += ["--cpu", cpu]
        process = self.start(self.peer, *command, *options, stdin=subprocess.DEVNULL,
                             stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        return process, path

    def measure(self, *options, timeout=60, **where):
        """Runs the generator to its end and returns its report."""
        process, path = self.load(*options, **where)
        _, error = process.communicate(timeout=timeout)
        if process.returncode != 0:
            raise LoadError(error.strip())
        return json.loads(path.read_text())


class WireLab(Lab):
    """Without any interface of our own. There is one place only, so names of namespaces mean
    nothing here."""
    over = "in-memory wire"
    over_linux = "loopback"
    about = ("sddf over the in-memory wire, Linux's echo over the loopback interface; the system on "
             "core {}, the generator on core {}")

    def make_network(self):
        self.wire = self.directory / "wire"
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            probe.bind((LOOPBACK_IP, 0))
            self.port = probe.getsockname()[1]

    def drops(self):
        with open("/proc/net/snmp") as file:
            return {**backlog_drops(),
                    **udp_drops([line for line in file if line.startswith("Udp:")])}

    def wrap(self, name, command):
        # No namespace tells the keeper what is ours: the kernel ends it with us.
        return ["setpriv", "--pdeathsig", "KILL", *map(str, command)]

    def wire_option(self, nic):
        if nic != VIRTIO:
            raise LabError("without a veth pair there is no AF_XDP socket")
        return f"memory:{self.wire}"

    def target_options(self, ip):
        if ip == LOOPBACK_IP:
            return ["--target", f"{ip}:{self.port}"]
        return ["--wire", self.wire, "--bind", PEER_IP, "--target", f"{ip}:{ECHO_PORT}"]

    def best_nic(self):
        return VIRTIO

    @contextlib.contextmanager
    def linux_echo(self, mode):
        process = self.start(None, self.tool("load/sddf-echo-linux"), "--mode", mode,
                             "--bind", f"{LOOPBACK_IP}:{self.port}", "--cpu", SYSTEM_CORE)
        try:
            yield process, LOOPBACK_IP
        finally:
            end(process)


def backlog_drops():
    """Packets dropped since a core's queue of them was full."""
    with open("/proc/net/softnet_stat") as file:
        return {"kernel.backlog": sum(int(line.split()[1], 16) for line in file)}


def udp_drops(lines):
    """The two lines on UDP of /proc/net/snmp: names, then values."""
    udp = dict(zip(lines[0].split()[1:], lines[1].split()[1:]))
    return {"linux.udp." + key: int(udp[key])
            for key in ("RcvbufErrors", "SndbufErrors", "InCsumErrors")}


# ---- Which of the two ----

def with_sudo():
    """Starts this program again by sudo, unless that is not to be had."""
    if os.geteuid() == 0 or shutil.which("sudo") is None:
        return
    quiet = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL,
             "stderr": subprocess.DEVNULL}
    may = subprocess.run(["sudo", "-n", "true"], check=False, **quiet).returncode == 0
    if not may and sys.stdin.isatty():
        say("a veth pair between network namespaces needs root, hence sudo; Ctrl-D to do without")
        may = subprocess.run(["sudo", "-v"], check=False).returncode == 0
    if may:
        os.execvp("sudo", ["sudo", *sys.argv])


def forbidden():
    """Why no namespaces joined by a veth pair can be made here; None if they can."""
    tried = subprocess.run(["unshare", "--net", "--mount", "ip", "link", "add", "sys0", "type",
                            "veth", "peer", "name", "gen0"], check=False, text=True,
                           stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    return None if tried.returncode == 0 else tried.stdout.strip().split("\n")[-1]


def choose(wire):
    """Lab, or WireLab where only that is possible or `wire` asks for it."""
    if wire:
        return WireLab
    if shutil.which("ip") is None:
        raise LabError("ip: not found; `make deps` installs it (iproute2)")
    with_sudo()
    why = forbidden()
    if why is None:
        return Lab
    say(f"network namespaces are not permitted here ({why}): sddf runs over the in-memory wire of "
        "its device model instead")
    return WireLab


def main(body, parser=None):
    """Runs body(LAB_CLASS, ARGUMENTS) of a program; says errors and Ctrl-C in a line."""
    parser = parser or argparse.ArgumentParser()
    parser.add_argument("build", metavar="BUILD_DIR")
    parser.add_argument("--wire", action="store_true",
                        help="as where network namespaces are not permitted")
    arguments = parser.parse_args()
    on_termination_exit()
    try:
        body(choose(arguments.wire), arguments)
    except LabError as error:
        sys.exit(f"{pathlib.Path(sys.argv[0]).name}: {error}")
    except KeyboardInterrupt:
        sys.exit("\nended; nothing is left")
