# SPDX-License-Identifier: BSD-2-Clause
"""The laboratory of `make demo`, `make up` and the system tests: two network namespaces joined by a
veth pair, and the processes in them.

    namespace .system                         namespace .peer
    sddf or Linux's echo --- sys0 ===veth=== gen0 10.0.0.1 --- generator, ping, tcpdump

Everything is named after our pid. A keeper, a shell of its own session, removes all when the pipe
to it closes: at the end, after an error, and also when we are killed."""
import contextlib
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
PEER_IP = "10.0.0.1"
ECHO_IP = "10.0.0.2"    # echo0 of systems/echo/echo.yaml, and Linux's echo
ECHO1_IP = "10.0.0.3"
ECHO_PORT = 1235

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

    def stats(self):
        """Counters: {component: {counter: value}}, as of now."""
        path = self.directory / "stats"
        path.unlink(missing_ok=True)
        self.process.send_signal(signal.SIGUSR1)
        found = wait_until(lambda: self.ended() or read_json(path), 5, "statistics of the system")
        if self.ended():
            raise LabError("the system has ended:\n" + self.log())
        return found

    def ended(self):
        return self.process.poll() is not None

    def stop(self, how=signal.SIGINT):
        return end(self.process, how)


class Lab:
    """A context manager; `build` is the build directory."""

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
            text = run("ip", "netns", "add", name, check=False)
            if text:
                raise LabError(f"network namespaces are not permitted here: {text.strip()}\n"
                               "The generator does not speak the in-memory wire yet, so nothing "
                               "can be measured without them: run this outside of the container.")
            self.inside(name, "sh", "-c", "f=/proc/sys/net/ipv6/conf; test ! -d $f || "
                        "for i in all default; do echo 1 >$f/$i/disable_ipv6; done")
            self.inside(name, "ip", "link", "set", "lo", "up")
        run("ip", "link", "add", "sys0", "netns", self.system, "type", "veth",
            "peer", "name", "gen0", "netns", self.peer)
        for name, interface, core in ((self.system, "sys0", 0), (self.peer, "gen0", 1)):
            self.inside(name, "ethtool", "-K", interface, "tx", "off", "rx", "off", "gso", "off",
                        "tso", "off", "gro", "off", check=False)
            self.inside(name, "ip", "link", "set", interface, "up")
            self.steer(name, interface, core)
        self.inside(self.peer, "ip", "address", "add", PEER_IP + "/24", "dev", "gen0")

    def steer(self, name, interface, core):
        """What arrives at an interface is handled on the core of its side, as a NIC's interrupt
        would be; otherwise veth does the receiver's work on the sender's core."""
        if os.cpu_count() > core:
            self.inside(name, "sh", "-c", f"echo {1 << core:x} "
                        f">/sys/class/net/{interface}/queues/rx-0/rps_cpus", check=False)

    def system_address(self, present):
        """Gives sys0 the echo's IP address, for Linux's own echo, or takes it away."""
        self.inside(self.system, "ip", "address", "flush", "dev", "sys0")
        if present:
            self.inside(self.system, "ip", "address", "add", ECHO_IP + "/24", "dev", "sys0")
        self.inside(self.peer, "ip", "neighbour", "flush", "dev", "gen0")

    # ---- Processes ----

    def inside(self, name, *command, **options):
        """Runs a short command in namespace `name`."""
        return run("ip", "netns", "exec", name, *command, **options)

    def start(self, name, *command, **options):
        """Starts a process in namespace `name`; it ends with the laboratory at the latest."""
        process = subprocess.Popen(["ip", "netns", "exec", name, *map(str, command)],
                                   start_new_session=True, **options)
        self.stack.callback(end, process)
        return process

    def tool(self, name):
        path = self.build / "tools" / name
        if not path.exists():
            raise LabError(f"{path}: not built; run `make build`")
        return path

    def sddf(self, yaml=ROOT / "systems/echo/echo.yaml", search=(), options=(), cpu=0, env=None):
        """Generates the system of `yaml`, runs it on sys0 and returns it once it is up."""
        board = ROOT / "boards/linux.yaml"
        directory = pathlib.Path(tempfile.mkdtemp(prefix="system-", dir=self.directory))
        directory.chmod(0o755)
        run(self.tool("sddf/sddf"), "gen", yaml, "--board", board, "-o", directory)
        file = next(directory.glob("*.system"))
        command = [self.tool("sddf/sddf"), "run", file, "--board", board,
                   "--wire", "eth0=packet:sys0", "--status", directory / "status",
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

    def wait_for_echo(self, ip=ECHO_IP, timeout=10):
        """Until `ip` echoes."""
        wait_until(lambda: self.measure("--duration", 0.1, ip=ip)["received"] > 0, timeout,
                   f"an echo from {ip}")

    def load(self, *options, cpu=1, ip=ECHO_IP):
        """Starts the generator in the peer namespace. Returns the process and its report's path."""
        number = len(list(self.directory.glob("load-*")))
        path = self.directory / f"load-{number}"
        path.touch()
        command = [self.tool("load/sddf-load"), "--target", f"{ip}:{ECHO_PORT}", "--json", path]
        if cpu is not None and os.cpu_count() > cpu:
            command += ["--cpu", cpu]
        process = self.start(self.peer, *command, *options, stdin=subprocess.DEVNULL,
                             stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        return process, path

    def measure(self, *options, timeout=30, **where):
        """Runs the generator to its end and returns its report."""
        process, path = self.load(*options, **where)
        _, error = process.communicate(timeout=timeout)
        if process.returncode != 0:
            raise LabError(f"sddf-load: exit status {process.returncode}: {error.strip()}")
        return json.loads(path.read_text())


def main(body):
    """Runs body(BUILD_DIR) of a program; says errors and Ctrl-C in a line."""
    if len(sys.argv) != 2:
        sys.exit(f"usage: {sys.argv[0]} BUILD_DIR")
    on_termination_exit()
    try:
        if shutil.which("ip") is None:
            raise LabError("ip: not found; `make deps` installs it (iproute2)")
        if os.geteuid() != 0:
            if shutil.which("sudo") is None:
                raise LabError("network namespaces need root: run it as root")
            print("network namespaces need root: sudo", *sys.argv, file=sys.stderr, flush=True)
            os.execvp("sudo", ["sudo", *sys.argv])
        body(sys.argv[1])
    except LabError as error:
        sys.exit(f"{pathlib.Path(sys.argv[0]).name}: {error}")
    except KeyboardInterrupt:
        sys.exit("\nended; nothing is left")
