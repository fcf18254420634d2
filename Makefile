# SPDX-License-Identifier: BSD-2-Clause
# The front door. Meson builds into build/; `make help` lists what there is.
.DEFAULT_GOAL := help
BUILD ?= build

help: ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

deps: ## install what is missing from Debian
	@tools/build/deps build test

build: deps ## build everything into build/
	@test -f $(BUILD)/build.ninja || meson setup $(BUILD) >/dev/null
	@ninja -C $(BUILD)

sdk: build ## lay out build/sdk: others' Microkit programs build with it and run here
	@echo 'make YOURS with: MICROKIT_SDK=$(abspath $(BUILD))/sdk MICROKIT_BOARD=linux MICROKIT_CONFIG=debug'

test: build ## build, then run every test
	@tools/build/test $(BUILD)

demo: ## echo over a veth pair, measured beside Linux's own echo; writes build/demo/report.json
	@tools/build/deps build demo
	@$(MAKE) --no-print-directory build
	@tools/demo/demo $(BUILD)

up: ## start the echo system and leave it running until Ctrl-C
	@tools/build/deps build demo
	@$(MAKE) --no-print-directory build
	@tools/demo/up $(BUILD)

check: ## format, lint, SPDX, sizes, layers; a clang build without warnings
	@tools/build/deps build test check
	@tools/build/check

format: ## format all C files
	@git ls-files -co --exclude-standard '*.c' '*.h' | xargs clang-format -i

clean: ## remove what was built
	rm -rf $(BUILD) build-clang build-asan

.PHONY: help deps build sdk demo up test check format clean
