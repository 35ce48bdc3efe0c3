# SPDX-License-Identifier: GPL-2.0-only
# What the small folders of programs share. They name PROGRAMS and the sources of each, then include this; a program is
# linked from all .c among its prerequisites, with LIBS of its own. A new one takes its place in one step: another command
# may be running the old one.
RULES := $(lastword $(MAKEFILE_LIST))
# Includes of another folder of bench/ name it.
BENCH := $(dir $(RULES))..
BUILD ?= $(abspath $(dir $(RULES))../../build)
OUT := $(BUILD)/bench
CFLAGS := -std=gnu11 -O2 -g -iquote $(BENCH) -Wall -Wextra -Werror
TARGETS := $(PROGRAMS:%=$(OUT)/%)

all: $(TARGETS)

$(TARGETS): Makefile $(RULES) | $(OUT)
	$(CC) $(CFLAGS) -o $@.$$$$ $(filter %.c,$^) $(LIBS) && mv $@.$$$$ $@

$(OUT):
	mkdir -p $@

clean:
	rm -f $(TARGETS)

.PHONY: all clean
