# SPDX-License-Identifier: BSD-2-Clause
# The front door. Meson builds into build/; `make help` lists what there is.
.DEFAULT_GOAL := help
BUILD ?= build

help: ## list the targets
	@grep -hE '^[a-z0-9-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

deps: ## install what is missing from Debian
	@tools/build/deps build test

build: deps ## build everything into build/ [LWIP=/path/to/lwip/source: what is built on lwIP, too]
	@test -f $(BUILD)/build.ninja || meson setup $(BUILD) >/dev/null
	@test -z "$(LWIP)" || tools/build/option $(BUILD) lwip "$(abspath $(LWIP))"
	@ninja -C $(BUILD)

sdk: build ## lay out build/sdk: others' Microkit programs build with it and run here
	@echo 'make YOURS with: MICROKIT_SDK=$(abspath $(BUILD))/sdk MICROKIT_BOARD=linux MICROKIT_CONFIG=debug'

test: build ## build, then run every test
	@tools/build/test $(BUILD)

# What takes minutes: one line each.
demo: ## echo over a veth pair, measured beside Linux's own echo; writes build/demo/report.json
	@tools/build/deps build demo
	@$(MAKE) --no-print-directory build
	@tools/demo/demo $(BUILD)

up: ## start the echo system and leave it running until Ctrl-C
	@tools/build/deps build demo
	@$(MAKE) --no-print-directory build
	@tools/demo/up $(BUILD)

BOARD ?= qemu_virt_aarch64

sel4-test: CONFIG ?= debug release benchmark
sel4-test: ## boot every system on real seL4 in QEMU and check it: MICROKIT_SDK=... [BOARD=...] [CONFIG="debug ..."]
	@for config in $(CONFIG); do platform/microkit/sdk "$(MICROKIT_SDK)" "$(BOARD)" "$$config" || exit 1; done
	@tools/build/deps build sel4 $(if $(findstring riscv64,$(BOARD)),sel4-riscv64)
	@$(MAKE) --no-print-directory build
	@MICROKIT_SDK=$(abspath $(MICROKIT_SDK)) SEL4_BOARD="$(BOARD)" SEL4_CONFIGS="$(CONFIG)" \
		tools/build/test $(BUILD) --suite sel4

sel4-demo sel4-bench: CONFIG ?= release
SEL4 = MICROKIT_SDK="$(MICROKIT_SDK)" BUILD=$(BUILD) BOARD=$(BOARD) CONFIG=$(CONFIG) bench/sel4/boot

sel4-demo: ## echo on real seL4 in QEMU: verified load, instructions and kernel entries per packet (MICROKIT_SDK=...)
	@$(SEL4) echo systems/echo/echo.yaml --load 2000 --bursts 1 64 --json $(BUILD)/sel4-demo.json

sel4-bench: SYSTEM ?= bench/sel4/echo.yaml
sel4-bench: ## what a packet costs on real seL4 by protection domain, bursts of 1 to 128 [SYSTEM=bench/sel4/passive.yaml ...] [LWIP=...]; writes build/bench/sel4.json
	@$(SEL4) bench $(SYSTEM) --json $(BUILD)/bench/sel4.json

sel4-soak: CONFIG ?= release
sel4-soak: MINUTES ?= 60
sel4-soak: ## echo on real seL4 in QEMU at half of its load for an hour: nothing lost, no violation, no buffer gone (MICROKIT_SDK=... [MINUTES=60])
	@platform/microkit/sdk "$(MICROKIT_SDK)" "$(BOARD)" "$(CONFIG)"
	@tools/build/deps build sel4
	@$(MAKE) --no-print-directory build
	@SDDF=$(BUILD)/tools/sddf/sddf platform/microkit/build "$(MICROKIT_SDK)" "$(BOARD)" "$(CONFIG)" $(BUILD)/sel4/soak systems/echo/echo.yaml
	@bench/sel4/soak $(BUILD)/sel4/soak/echo.img --load $(BUILD)/tools/load/sddf-load --board "$(BOARD)" --minutes $(MINUTES) --json $(BUILD)/sel4-soak.json

bench: ## all experiments beside their peers, 15 minutes (QUICK=1: 2); bench-NAME: one; writes build/bench/report.html
	@tools/build/deps build demo bench
	@$(MAKE) --no-print-directory build
	@bench/run --build $(BUILD) $(if $(QUICK),--quick)

bench-%:
	@tools/build/deps build demo bench
	@$(MAKE) --no-print-directory build
	@bench/run --build $(BUILD) $(if $(QUICK),--quick) $*

check: ## format, lint, SPDX, sizes, layers; a clang build without warnings
	@tools/build/deps build test check bench
	@tools/build/check

mutants: build ## take fences, orders and checks out of transport and components: which check misses them?
	@tests/weak/mutants
	@tools/build/deps prove
	@proofs/wp/run --mutants

prove: ## contracts of the transport and of the network components' checks, with Frama-C's WP
	@tools/build/deps prove
	@proofs/wp/run

fuzz: build ## fuzz each target for FUZZ_SECONDS (20)
	@tools/build/deps build test
	@tools/build/fuzz $(BUILD)

long: build prove mutants fuzz ## what takes minutes: proofs, mutants, fuzzing, larger bounds of models
	@proofs/run --long
	@$(BUILD)/tests/weak/weak --long

format: ## format all C files
	@git ls-files -co --exclude-standard '*.c' '*.h' | xargs clang-format -i

clean: ## remove what was built
	rm -rf $(BUILD) build-clang build-asan

.PHONY: help deps build sdk demo up test fuzz mutants prove long sel4-test sel4-demo sel4-bench bench check format clean
