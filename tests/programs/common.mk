# SPDX-License-Identifier: BSD-2-Clause
# How programs for Microkit are usually built: the SDK, the board and the configuration are given
# from outside; one compiler per architecture; the SDK's library, linker script and tool do the rest.
# Nothing here knows of sDDF. A folder's Makefile sets SYSTEM and PROGRAMS, each of one C file.

ifeq ($(strip $(MICROKIT_SDK)),)
$(error MICROKIT_SDK must be given)
endif
ifeq ($(strip $(BUILD_DIR)),)
$(error BUILD_DIR must be given)
endif
MICROKIT_BOARD ?= qemu_virt_aarch64
MICROKIT_CONFIG ?= debug
MICROKIT_TOOL ?= $(MICROKIT_SDK)/bin/microkit

BOARD_DIR := $(MICROKIT_SDK)/board/$(MICROKIT_BOARD)/$(MICROKIT_CONFIG)
ARCH := $(shell grep 'CONFIG_SEL4_ARCH  ' $(BOARD_DIR)/include/kernel/gen_config.h | cut -d' ' -f4)

ifeq ($(ARCH),aarch64)
TARGET := aarch64-linux-gnu
ARCH_FLAGS := -mstrict-align
else ifeq ($(ARCH),riscv64)
TARGET := riscv64-linux-gnu
ARCH_FLAGS := -march=rv64imafdc -mabi=lp64d
else ifeq ($(ARCH),x86_64)
TARGET := x86_64-linux-gnu
ARCH_FLAGS := -march=x86-64 -mtune=generic
else
$(error board $(MICROKIT_BOARD) of $(MICROKIT_SDK) has an unknown architecture '$(ARCH)')
endif

ifeq ($(LLVM),True)
CC := clang -target $(TARGET)
LD := ld.lld
else
CC := $(TARGET)-gcc
LD := $(TARGET)-ld
endif

CFLAGS := -nostdlib -ffreestanding -g3 -O3 -Wall -Wextra -Wno-unused-parameter -Wno-unused-function \
          -Werror -I$(BOARD_DIR)/include $(ARCH_FLAGS)
LDFLAGS := -L$(BOARD_DIR)/lib
LIBS := -lmicrokit -Tmicrokit.ld
IMAGE := $(BUILD_DIR)/loader.img
REPORT := $(BUILD_DIR)/report.txt

all: $(IMAGE)

$(BUILD_DIR)/%.o: %.c Makefile
	$(CC) -c $(CFLAGS) $< -o $@

$(BUILD_DIR)/%.elf: $(BUILD_DIR)/%.o
	$(LD) $(LDFLAGS) $^ $(LIBS) -o $@

$(IMAGE) $(REPORT): $(addprefix $(BUILD_DIR)/,$(addsuffix .elf,$(PROGRAMS))) $(SYSTEM)
	$(MICROKIT_TOOL) $(SYSTEM) --search-path $(BUILD_DIR) --board $(MICROKIT_BOARD) \
	    --config $(MICROKIT_CONFIG) -o $(IMAGE) -r $(REPORT)

.PHONY: all
.SECONDARY:
