# SPDX-License-Identifier: GPL-2.0-only
#
# make            the programs, and the module for the lab's kernel
# make check      every test that needs no more than this machine
# make soak       the tests of moving, logging and migration at full length: hours where the lab is emulated
# make lint       shellcheck, sparse, checkpatch, clang-format, SPDX
# make install    the module through DKMS, on the machine's own kernel
BUILD := $(CURDIR)/build
PROGRAM_DIRS := sweep bench stats bench/probe bench/vm
KERNELS := default 6.12
export MAKEFLAGS += --no-print-directory

all: programs module

programs:
	@set -e; for d in $(PROGRAM_DIRS); do $(MAKE) -C $$d BUILD=$(BUILD); done

# The module for the kernel the lab boots; `make modules` for all it knows.
module:
	@kmod/build default

modules:
	@set -e; for k in $(KERNELS); do kmod/build $$k; done

setup:
	@lab/setup --yes

# One door to all tests. setup comes first so that this works on a machine
# that has nothing yet but git and make.
check: setup
	@$(MAKE) all modules
	@tests/check

soak: setup
	@$(MAKE) all
	@tests/soak

lint: setup
	@tests/lint

VERSION := $(shell sed -n 's/^PACKAGE_VERSION="\(.*\)"/\1/p' kmod/dkms.conf)
install:
	@command -v dkms >/dev/null || { echo 'vhostlab: make install: dkms is missing: apt-get install dkms' >&2; exit 77; }
	install -d $(DESTDIR)/usr/src/vhostlab-net-$(VERSION)
	install -m 644 kmod/*.[ch] kmod/Kbuild kmod/dkms.conf $(DESTDIR)/usr/src/vhostlab-net-$(VERSION)
	# A packager who sets DESTDIR registers the sources himself.
	[ -n "$(DESTDIR)" ] || dkms install vhostlab-net/$(VERSION)

clean:
	rm -rf $(BUILD)/bench $(BUILD)/kmod $(BUILD)/tests

.PHONY: all programs module modules setup check soak lint install clean
