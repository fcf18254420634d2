# SPDX-License-Identifier: BSD-2-Clause
"""The echo system on real seL4, composed in the other ways that a description can say."""
import os

import conftest
import pytest
from test_systems import check_echo

MODELS = {"one_virtualiser": "virtualisers: one",
          "passive_driver": "driver: { model: passive }",
          "both": "virtualisers: one\n    driver: { model: passive }"}


@pytest.mark.parametrize("model", MODELS)
def test_the_echo_system_works_on_sel4_in_each_of_its_models(kit, model, tmp_path):
    text = (conftest.ROOT / "systems/echo/echo.yaml").read_text()
    assert text.count("  eth0:\n") == 1
    (tmp_path / "echo.yaml").write_text(text.replace("  eth0:\n", f"  eth0:\n    {MODELS[model]}\n"))
    image, _ = kit.build(tmp_path / "echo.yaml", tmp_path / "out")
    console, stats = check_echo(kit, image)
    print(console)
    assert (stats["eth0_driver"]["calls"] > 0) == ("passive" in MODELS[model])
    assert "MON|ERROR" not in console


def test_the_echo_client_over_lwip_works_on_sel4(kit, tmp_path):
    if not os.environ.get("LWIP"):
        pytest.skip("LWIP does not name the sources of lwIP")
    text = (conftest.ROOT / "systems/echo/echo.yaml").read_text()
    assert text.count("image: echo") == 2
    (tmp_path / "echo.yaml").write_text(text.replace("image: echo", "image: echo_lwip"))
    image, _ = kit.build(tmp_path / "echo.yaml", tmp_path / "out")
    _, stats = check_echo(kit, image)
    for name in ("echo0", "echo1"):
        assert stats[name]["sent_in_place"] > 0 and stats[name]["bad_returns"] == 0
