# SPDX-License-Identifier: BSD-2-Clause
"""What a component's second life finds: its image, and zeros. COMPONENTS names the folder of images."""
import os
import pathlib
import re
import subprocess

import pytest

IMAGES = sorted(pathlib.Path(os.environ["COMPONENTS"]).glob("*.elf"))
# What the platform's tool sets; the first life's stack; names of counters that each init() makes the same.
KEPT = {"sddf_config", "sddf_config_size", "start_stack", "counter_names"}


def data_of(image):
    """Its variables that begin as anything but zero, by nm's and readelf's word."""
    sections = subprocess.run(["readelf", "--section-headers", "--wide", image], capture_output=True, text=True,
                              check=True).stdout
    start, size = (int(word, 16) for word in re.search(r" \.data +PROGBITS +(\w+) \w+ (\w+) ", sections).groups())
    symbols = subprocess.run(["nm", image], capture_output=True, text=True, check=True).stdout
    if "__asan_" in symbols:
        pytest.skip("a sanitizer's tables lie among its variables")
    found = re.findall(r"^([0-9a-f]+) [dD] (\w+)", symbols, re.MULTILINE)
    return {name for address, name in found if start <= int(address, 16) < start + size}


def test_there_are_images():
    assert len(IMAGES) > 15


@pytest.mark.parametrize("image", IMAGES, ids=lambda image: image.stem)
def test_no_variable_of_a_component_begins_as_anything_but_zero(image):
    """They would not begin so again: a restart knows zero only."""
    found = data_of(image)
    assert "start_stack" in found
    assert found <= KEPT
