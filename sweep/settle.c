// SPDX-License-Identifier: GPL-2.0-only
/* Gives every point of the instruction clock the same start. */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "settle.h"

#define SLABS "/sys/kernel/slab"

void settle_machine(void)
{
	const char *lab = getenv("VHOSTLAB_LAB"), *clock = getenv("VHOSTLAB_CLOCK");
	struct dirent *entry;
	DIR *slabs;

	if (!lab || strcmp(lab, "1") || !clock || strcmp(clock, "insn"))
		return;
	slabs = opendir(SLABS);
	if (!slabs)
		return;
	while ((entry = readdir(slabs))) {
		char path[320];
		int fd;

		if (entry->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), SLABS "/%s/shrink", entry->d_name);
		fd = open(path, O_WRONLY | O_CLOEXEC);
		if (fd < 0)
			continue;
		if (write(fd, "1", 1) != 1)
			fprintf(stderr,
				"walk: %s: cannot be shrunk: this sweep may repeat less well\n",
				path);
		close(fd);
	}
	closedir(slabs);
}
