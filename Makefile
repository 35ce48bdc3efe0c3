# SPDX-License-Identifier: GPL-2.0-only
#
# make              the programs, and the module for the lab's kernel
# make man          the manual pages, in build/man
# make check        every test that needs no more than this machine
# make soak         the tests of moving, logging and migration at full length: hours where the lab is emulated
# make check-debug  the module's tests in a kernel with KASAN, lockdep and kmemleak, which is built first: hours
# make deb          Debian packages of the module and of the suite, in build/deb
# make lint         shellcheck, sparse, checkpatch, clang-format, SPDX
# make install      the module through DKMS, on the machine's own kernel; only its sources with DESTDIR
# make install-man  the manual pages and the completion for bash
# make uninstall    removes what both put there
BUILD := $(CURDIR)/build
PROGRAM_DIRS := sweep bench bench/native stats bench/probe bench/vm lab/plugin
NEWER := 6.12 7.3
export MAKEFLAGS += --no-print-directory

all: programs module

programs:
	@set -e; for d in $(PROGRAM_DIRS); do $(MAKE) -C $$d BUILD=$(BUILD); done

# The module for the kernel the lab boots; `make modules` for all it knows.
# A newer kernel that cannot be had here is none to build for.
module:
	+@kmod/build default

modules: module
	+@for k in $(NEWER); do kmod/build $$k || [ $$? -eq 77 ] || exit 1; done

man:
	@man/make $(BUILD)/man

setup:
	@lab/setup --yes run

# One door to all tests. Packages come first so that this works on a machine
# that has nothing yet but git and make.
check:
	@lab/setup --yes run check
	@$(MAKE) all modules
	@tests/check

# HOURS=n: everything at once for so long, and no more.
soak:
	@lab/setup --yes run check deb
	@$(MAKE) all
	@$(if $(HOURS),VHOSTLAB_SOAK_HOURS='$(HOURS)' tests/module/mixed.soak,tests/soak)

# The kernel's source is one of the linters' packages.
check-debug:
	@lab/setup --yes run check lint debug
	@$(MAKE) programs
	@tests/debug

# What is tried by chance, at length and with a record: RUN="mutate=500 fuzz=4000", see the head of
# the script. The debug kernel's source is one of the linters' packages.
reliability:
	@lab/setup --yes run check lint debug
	@$(MAKE) programs
	@tests/reliability $(RUN)

# Of the files as they are now; those of the tests and of the published results stay out.
deb:
	@lab/setup --yes deb run
	@rm -rf $(BUILD)/deb
	@mkdir -p $(BUILD)/deb/vhostlab
	@git ls-files --cached --others --exclude-standard -z | grep -zv '^results/\|^tests/\|^RESULTS.md' | \
		xargs -0 cp -a --parents -t $(BUILD)/deb/vhostlab
	@cd $(BUILD)/deb/vhostlab && env -u MAKEFLAGS dpkg-buildpackage -us -uc -b >$(BUILD)/deb/log 2>&1 || \
		{ tail -n 20 $(BUILD)/deb/log >&2; exit 1; }
	@rm -rf $(BUILD)/deb/vhostlab
	@ls $(BUILD)/deb/*.deb

lint:
	@lab/setup --yes run lint
	@tests/lint

VERSION := $(shell sed -n 's/^PACKAGE_VERSION="\(.*\)"/\1/p' kmod/dkms.conf)
SOURCES := $(DESTDIR)/usr/src/vhostlab-net-$(VERSION)
NEED_DKMS = command -v dkms >/dev/null || \
	{ echo 'vhostlab: make $@: dkms is missing: apt-get install dkms' >&2; exit 77; }

# With DESTDIR set, registering the sources is left to the packager and no dkms is needed.
install:
	@[ -n "$(DESTDIR)" ] || $(NEED_DKMS)
	install -d $(SOURCES)
	install -m 644 kmod/*.[ch] kmod/Kbuild kmod/dkms.conf $(SOURCES)
	[ -n "$(DESTDIR)" ] || dkms install vhostlab-net/$(VERSION)

PAGES := $(notdir $(basename $(wildcard man/*.md)))
MANUAL := $(DESTDIR)/usr/share/man
COMPLETIONS := $(DESTDIR)/usr/share/bash-completion/completions
INSTALLED_PAGES := $(foreach p,$(PAGES),$(MANUAL)/man$(subst .,,$(suffix $(p)))/$(p))

# bash-completion looks for a file with the name of the command.
install-man: man
	for p in $(PAGES); do install -D -m 644 $(BUILD)/man/$$p $(MANUAL)/man$${p##*.}/$$p || exit 1; done
	install -D -m 644 cmd/completion.bash $(COMPLETIONS)/run.sh

# What install and install-man put there, and no more: files of others in these folders stay.
uninstall:
	rm -f -- $(INSTALLED_PAGES)
	[ -z "$$(sed -n '/_vhostlab/p' $(COMPLETIONS)/run.sh 2>/dev/null)" ] || rm -- $(COMPLETIONS)/run.sh
	[ -n "$(DESTDIR)" ] || ! command -v dkms >/dev/null || \
		dkms remove vhostlab-net/$(VERSION) --all || true
	cd $(SOURCES) 2>/dev/null && rm -f -- $(notdir $(wildcard kmod/*.[ch])) Kbuild dkms.conf || true
	[ ! -d $(SOURCES) ] || rmdir --ignore-fail-on-non-empty $(SOURCES)

clean:
	rm -rf $(BUILD)/bench $(BUILD)/kmod $(BUILD)/man $(BUILD)/tests

.PHONY: all programs module modules man setup check soak check-debug reliability deb lint install install-man uninstall clean
