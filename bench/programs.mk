# SPDX-License-Identifier: GPL-2.0-only
# What the small folders of programs share. They name PROGRAMS and the sources of each, then include this; a program is
# linked from all .c among its prerequisites, with LIBS of its own.
BUILD ?= $(abspath ../../build)
OUT := $(BUILD)/bench
CFLAGS := -std=gnu11 -O2 -g -Wall -Wextra -Werror
TARGETS := $(PROGRAMS:%=$(OUT)/%)

all: $(TARGETS)

$(TARGETS): Makefile ../programs.mk | $(OUT)
	$(CC) $(CFLAGS) -o $@ $(filter %.c,$^) $(LIBS)

$(OUT):
	mkdir -p $@

clean:
	rm -f $(TARGETS)

.PHONY: all clean
