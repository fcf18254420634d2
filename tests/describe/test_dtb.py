# SPDX-License-Identifier: BSD-2-Clause
"""`--dtb`: the board out of a device tree blob. board.dts is our own; QEMU writes another."""
import pathlib
import random
import shutil
import subprocess
import xml.etree.ElementTree as xml

import pytest
from support import HERE, ROOT, sddf

SYSTEM = """
system: echo
network:
  eth0: { device: DEVICE, clients: { a: { mac: "52:54:01:00:00:01", ip: 10.0.0.2/24 } } }
components:
  a: { image: echo }
"""


def compiled(tmp_path, text=None):
    """A blob of the text, or of board.dts."""
    source = tmp_path / "board.dts"
    source.write_text((HERE / "board.dts").read_text() if text is None else text)
    blob = tmp_path / "board.dtb"
    subprocess.run(["dtc", "-q", "-I", "dts", "-O", "dtb", "-o", blob, source], check=True,
                   timeout=30)
    return blob


def generate(tmp_path, blob, device, text=SYSTEM):
    """The .system file that comes out."""
    (tmp_path / "s.yaml").write_text(text.replace("DEVICE", device))
    done = sddf("gen", tmp_path / "s.yaml", "--dtb", blob, "-o", tmp_path / "out")
    assert (done.returncode, done.stderr) == (0, "")
    return xml.parse(tmp_path / "out/echo.system").getroot()


def device_of(root):
    """Registers and interrupt of eth0, and where its memory for DMA begins."""
    regions = {r.get("name"): r for r in root.iter("memory_region")}
    irq = root.find(".//protection_domain[@name='eth0_driver']/irq")
    return (regions["eth0_regs"].get("phys_addr"), irq.get("irq"), irq.get("trigger"),
            regions["eth0_rx_data"].get("phys_addr"))


def test_a_device_is_called_by_its_alias_and_its_address_is_translated(tmp_path):
    root = generate(tmp_path, compiled(tmp_path), "ethernet0")
    assert device_of(root) == ("0x10200000", "52", "edge", "0x60000000")


def test_a_device_without_an_alias_is_called_by_its_node(tmp_path):
    root = generate(tmp_path, compiled(tmp_path), "nic_b000000")
    assert device_of(root) == ("0xb000000", "55", "level", "0x60000000")


def test_the_timer_of_the_processor_takes_its_second_interrupt(tmp_path):
    text = SYSTEM.replace("components:", "timer: { timer: {} }\ncomponents:")
    root = generate(tmp_path, compiled(tmp_path), "ethernet0", text)
    irq = root.find(".//protection_domain[@name='timer_driver']/irq")
    assert (irq.get("irq"), irq.get("trigger")) == ("30", "level")


def test_a_timer_counts_as_fast_as_its_first_clock(tmp_path):
    text = SYSTEM.replace("components:", "timer: { timer_d000000: {} }\ncomponents:")
    root = generate(tmp_path, compiled(tmp_path), "ethernet0", text)
    driver = root.find(".//protection_domain[@name='timer_d000000_driver']")
    assert driver.find("program_image").get("path") == "timer_sp804.elf"
    assert driver.find("irq").get("irq") == "57"
    blob = (tmp_path / "out/timer_d000000_driver.bin").read_bytes()
    assert (24_000_000).to_bytes(4, "little") in blob
    dts = (HERE / "board.dts").read_text().replace("clock-frequency", "clock-accuracy")
    done = sddf("check", tmp_path / "s.yaml", "--dtb", compiled(tmp_path, dts))
    assert done.returncode == 2 and "found no clock of timer_d000000" in done.stdout


def test_memory_set_apart_for_dma_is_taken_before_other_memory(tmp_path):
    text = (HERE / "board.dts").read_text().replace("\tgic: ", """
	reserved-memory {
		#address-cells = <2>;
		#size-cells = <2>;
		ranges;
		pool@50000000 { compatible = "shared-dma-pool"; reg = <0x0 0x50000000 0x0 0x4000000>; };
	};
	gic: """, 1)
    assert device_of(generate(tmp_path, compiled(tmp_path, text), "ethernet0"))[3] == "0x50000000"


def test_a_board_without_memory_has_none_for_dma(tmp_path):
    text = (HERE / "board.dts").read_text().replace('device_type = "memory";', "")
    (tmp_path / "s.yaml").write_text(SYSTEM.replace("DEVICE", "ethernet0"))
    done = sddf("check", tmp_path / "s.yaml", "--dtb", compiled(tmp_path, text))
    assert done.returncode == 2 and "[dma-without-io-address]" in done.stdout


def test_devices_that_are_disabled_or_out_of_reach_are_not_offered(tmp_path):
    (tmp_path / "s.yaml").write_text(SYSTEM.replace("DEVICE", "nothing"))
    blob = compiled(tmp_path)
    done = sddf("check", tmp_path / "s.yaml", "--dtb", blob)
    assert (done.returncode, done.stdout) == (
        2, f'{tmp_path}/s.yaml:4:11: network.eth0.device: board example,board ({blob}) has no device '
        '"nothing", expected one of: ethernet0, nic_b000000; use ethernet0 [unknown-device]\n')


def test_a_device_that_no_driver_serves_is_refused(tmp_path):
    (tmp_path / "s.yaml").write_text(SYSTEM.replace("DEVICE", "serial_c000000"))
    done = sddf("check", tmp_path / "s.yaml", "--dtb", compiled(tmp_path))
    assert done.returncode == 2
    assert "serial_c000000 is a foreign device on board example,board" in done.stdout


def test_the_tree_of_qemus_virt_machine_is_read(tmp_path):
    if shutil.which("qemu-system-aarch64") is None:
        pytest.skip("qemu-system-aarch64 is not installed")
    blob = tmp_path / "virt.dtb"
    subprocess.run(["qemu-system-aarch64", "-machine", f"virt,dumpdtb={blob}", "-m", "2G", "-nic", "none"],
                   check=True, timeout=60, capture_output=True)
    board = (ROOT / "boards/qemu_virt_aarch64.yaml").read_text()
    root = generate(tmp_path, blob, "virtio_mmio_a000000")
    registers, irq, trigger, memory = device_of(root)
    assert f"address: 0x0{registers[2:]}" in board
    assert f"number: {irq}, trigger: {trigger}" in board
    assert f"dma: {{ address: {memory}" in board


@pytest.mark.parametrize("program, board, timer, node", [
    ("qemu-system-aarch64", "qemu_virt_aarch64", "rtc0", "pl031_9010000"),
    ("qemu-system-riscv64", "qemu_virt_riscv64", "timer", "rtc_101000")])
def test_the_timers_in_the_trees_of_qemus_machines_are_those_of_our_boards(tmp_path, program, board, timer, node):
    if shutil.which(program) is None:
        pytest.skip(f"{program} is not installed")
    blob = tmp_path / "virt.dtb"
    subprocess.run([program, "-machine", f"virt,dumpdtb={blob}", "-m", "2G", "-nic", "none"],
                   check=True, timeout=60, capture_output=True)
    found = []
    for name, place in ((timer, ("--board", ROOT / f"boards/{board}.yaml")), (node, ("--dtb", blob))):
        out = tmp_path / name
        (tmp_path / "s.yaml").write_text(
            f"system: clock\ntimer:\n  {name}: {{ clients: [a] }}\ncomponents:\n  a: {{ image: clock }}\n")
        done = sddf("gen", tmp_path / "s.yaml", *place, "-o", out)
        assert (done.returncode, done.stderr) == (0, "")
        driver = xml.parse(out / "clock.system").find(f".//protection_domain[@name='{name}_driver']")
        registers = xml.parse(out / "clock.system").find(f".//memory_region[@name='{name}_regs']")
        irq = driver.find("irq")
        found.append((driver.find("program_image").get("path"), registers.get("phys_addr"), irq.get("irq"),
                      irq.get("trigger")))
    assert found[0] == found[1]


def test_what_is_no_blob_is_refused(tmp_path):
    (tmp_path / "s.yaml").write_text(SYSTEM)
    blob = compiled(tmp_path).read_bytes()
    wrong = tmp_path / "wrong.dtb"
    for data in (b"", b"\0" * 100, blob[:50], blob[:-100], b"\xd0\x0d\xfe\xed" + b"\xff" * 100):
        wrong.write_bytes(data)
        done = sddf("check", tmp_path / "s.yaml", "--dtb", wrong)
        assert done.returncode == 2
        assert done.stdout.startswith(f"{wrong}: not a device tree blob: "), done.stdout
        assert done.stdout.endswith("[syntax]\n")
    wrong.write_bytes(b"\0" * ((4 << 20) + 1))
    assert "[file-limit]" in sddf("check", tmp_path / "s.yaml", "--dtb", wrong).stdout


def test_no_damaged_blob_crashes_the_tool(tmp_path):
    seed = random.randrange(1 << 32)
    print(f"seed {seed}")
    source = random.Random(seed)
    (tmp_path / "s.yaml").write_text(SYSTEM.replace("DEVICE", "ethernet0"))
    good = compiled(tmp_path).read_bytes()
    path = pathlib.Path(tmp_path / "damaged.dtb")
    for _ in range(150):
        data = bytearray(good)
        for _ in range(source.randint(1, 8)):
            data[source.randrange(len(data))] = source.choice([0, 1, 3, 4, 9, 0x7f, 0xff])
        path.write_bytes(data)
        done = sddf("check", tmp_path / "s.yaml", "--dtb", path)
        assert done.returncode in (0, 2), (data, done.returncode)
        assert (done.returncode == 2) == ("[" in done.stdout)
