# SPDX-License-Identifier: GPL-2.0-only
# The front door. Everything is built under $(BUILD); each component has its own Makefile, this one orders them.
#
#   make run      install what is missing, build all, boot the ISO in QEMU on this terminal
#   make test     install what is missing, build all, run every test (the gate)
#   make quick    the tests of a few minutes: host programs, and one boot (for the inner loop)
#   make iso      build $(BUILD)/hospes.iso and $(BUILD)/pxe/; GUESTS=DIR puts that folder of guests on the image
#   make test-interop   Debian's hypervisor, tools and store exchanged with ours, each way
#   make bench    instructions counted side by side with Debian's Xen
#   make fuzz     fuzz the host build of the hypervisor
#   make check    static checks: floors, style
#   make clean    remove $(BUILD) (the cache of kernel and BusyBox stays: ~/.cache/hospes, or $HOSPES_CACHE)
#
# Pieces: setup hypervisor toolstack firmware kernel rootfs guests initrd pxe.
# Variables: BUILD=DIR  GUESTS=DIR (docs/guests.md; default: the example guest; empty: none)
#            HYPERVISOR=FILE (a ready multiboot image instead of ours)  QEMU_ARGS=  MEMORY=1536  CPUS=2

TOP := $(abspath $(dir $(lastword $(MAKEFILE_LIST))))
BUILD ?= $(TOP)/build
override BUILD := $(abspath $(BUILD))
include scripts/reproducible.mk
export BUILD
BOOT := $(BUILD)/boot
GUESTS ?= $(TOP)/configs/guests/example
PYTHON := /usr/bin/python3
JOBS ?= $(shell nproc)

.DEFAULT_GOAL := iso

# Without the packages nothing else can run: every goal that builds asks for them first.
setup:
	@scripts/setup

hypervisor: setup
ifdef HYPERVISOR
	@mkdir -p $(BOOT)
	@cmp -s $(HYPERVISOR) $(BOOT)/hospes || cp $(HYPERVISOR) $(BOOT)/hospes
else
	@$(MAKE) --no-print-directory -j$(JOBS) -C hypervisor BUILD=$(BUILD)
endif

toolstack: setup
ifneq ($(wildcard toolstack/Makefile),)
	@$(MAKE) --no-print-directory -j$(JOBS) -C toolstack O=$(BUILD)/toolstack
	@rm -rf $(BUILD)/toolstack-root && mkdir -p $(BUILD)/toolstack-root
	@$(MAKE) --no-print-directory -s -C toolstack install O=$(BUILD)/toolstack D=$(BUILD)/toolstack-root
endif

kernel: setup
	@mkdir -p $(BOOT)
	@kernel=$$(scripts/build-kernel) && { cmp -s $$kernel/vmlinuz $(BOOT)/vmlinuz || cp $$kernel/vmlinuz $(BOOT)/vmlinuz; }

firmware: setup
	@$(MAKE) --no-print-directory -C firmware BUILD=$(BUILD)

rootfs: setup toolstack firmware kernel
	@$(MAKE) --no-print-directory -C dom0-rootfs BUILD=$(BUILD)

initrd: rootfs
	@$(MAKE) --no-print-directory -C initramfs BUILD=$(BUILD)

# The folder $(BUILD)/guests goes on the image as it is. A folder with a program `build' is made by it.
guests: setup
	@rm -rf $(BUILD)/guests && mkdir -p $(BUILD)/guests
ifneq ($(strip $(GUESTS)),)
	@if [ -x "$(GUESTS)/build" ]; then "$(GUESTS)/build" $(BUILD)/guests; else cp -r "$(GUESTS)/." $(BUILD)/guests/; fi
endif

iso pxe: hypervisor kernel initrd guests
	@$(MAKE) --no-print-directory -C iso BUILD=$(BUILD)

run: iso
	@scripts/run-qemu --iso $(BUILD)/hospes.iso

test: iso
	@$(PYTHON) tests/run --build $(BUILD) $(TEST_ARGS)

quick: iso
	@$(PYTHON) tests/run --build $(BUILD) unit sim check boot

test-interop: iso
	@$(PYTHON) tests/run --build $(BUILD) interop

bench: iso
	@$(MAKE) --no-print-directory -C tests/bench BUILD=$(BUILD)

fuzz: setup
	@$(MAKE) --no-print-directory -C tests/sim fuzz BUILD=$(BUILD)

check: hypervisor
	@$(MAKE) --no-print-directory -C hypervisor check BUILD=$(BUILD)

clean:
	rm -rf $(BUILD)

.PHONY: setup hypervisor toolstack firmware kernel rootfs guests initrd iso pxe run test quick test-interop bench fuzz check clean
