// SPDX-License-Identifier: GPL-2.0-only
/* The module's code that was executed: see coverage.h. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/kcov.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "coverage.h"

#define KCOV	 "/sys/kernel/debug/kcov"
#define SECTIONS "/sys/module/vhostlab_net/sections"

static struct section {
	char name[32];
	uint64_t at;
} sections[16];
static unsigned int n_sections;
static uint64_t base;

static void section_add(const char *name)
{
	struct section *s = &sections[n_sections];
	unsigned long long at;
	char path[300];
	FILE *f;

	snprintf(path, sizeof(path), SECTIONS "/%s", name);
	f = fopen(path, "r");
	if (!f)
		return;
	if (fscanf(f, "%llx", &at) == 1 && at) {
		snprintf(s->name, sizeof(s->name), "%s", name);
		s->at = at;
		base = n_sections++ && base < at ? base : at;
	}
	fclose(f);
}

/* What is executed at load and unload only is no part of it. */
static void sections_read(void)
{
	DIR *dir = opendir(SECTIONS);
	struct dirent *e;

	while (dir && (e = readdir(dir)))
		if (!strncmp(e->d_name, ".text", 5) &&
		    n_sections < sizeof(sections) / sizeof(*sections))
			section_add(e->d_name);
	if (dir)
		closedir(dir);
}

const char *coverage_missing(void)
{
	if (!n_sections)
		sections_read();
	if (access(KCOV, R_OK | W_OK))
		return "this kernel has no KCOV: VHOSTLAB_TEST_KERNEL=debug has it";
	return n_sections ? NULL : "the sections of the module cannot be read";
}

bool coverage_open(struct coverage_area *a, unsigned int words)
{
	if (coverage_missing())
		return false;
	a->words = words;
	a->taken = 0;
	a->fd = open(KCOV, O_RDWR | O_CLOEXEC);
	if (a->fd < 0)
		return false;
	if (!ioctl(a->fd, KCOV_INIT_TRACE, (unsigned long)words)) {
		a->mem = mmap(NULL, words * sizeof(uint64_t), PROT_READ | PROT_WRITE, MAP_SHARED,
			      a->fd, 0);
		if (a->mem != MAP_FAILED)
			return true;
	}
	close(a->fd);
	return false;
}

void coverage_close(struct coverage_area *a)
{
	munmap(a->mem, a->words * sizeof(uint64_t));
	close(a->fd);
}

int coverage_own(const struct coverage_area *a)
{
	return ioctl(a->fd, KCOV_ENABLE, KCOV_TRACE_PC) ? -errno : 0;
}

int coverage_workers(const struct coverage_area *a)
{
	/* Any number that no other area has: the subsystem's bits are 0. */
	struct kcov_remote_arg arg = { .trace_mode = KCOV_TRACE_PC,
				       .area_size = a->words,
				       .common_handle = (uint64_t)getpid() };

	return ioctl(a->fd, KCOV_REMOTE_ENABLE, &arg) ? -errno : 0;
}

/*
 * A thread may go on meanwhile. What it adds while the area is emptied is lost, so that is done
 * only when the area is half full.
 */
unsigned int coverage_take(struct coverage_area *a, struct coverage_set *set)
{
	uint64_t n = __atomic_load_n(&a->mem[0], __ATOMIC_ACQUIRE);
	unsigned int fresh = 0;

	while (a->taken < n && a->taken + 1 < a->words) {
		uint64_t at = a->mem[++a->taken] - base, bit = 1ULL << at % 64;

		if (at >= COVERAGE_CODE || set->bits[at / 64] & bit)
			continue;
		set->bits[at / 64] |= bit;
		fresh++;
	}
	if (a->taken > a->words / 2) {
		__atomic_store_n(&a->mem[0], 0, __ATOMIC_RELEASE);
		a->taken = 0;
	}
	set->n += fresh;
	return fresh;
}

static const struct section *section_of(uint64_t at)
{
	const struct section *found = NULL;

	for (unsigned int i = 0; i < n_sections; i++)
		if (sections[i].at <= at && (!found || found->at < sections[i].at))
			found = &sections[i];
	return found;
}

bool coverage_write(const struct coverage_set *set, const char *path)
{
	FILE *f = fopen(path, "a");

	if (!f)
		return false;
	for (uint64_t at = 0; at < COVERAGE_CODE; at++)
		if (set->bits[at / 64] >> at % 64 & 1) {
			const struct section *s = section_of(base + at);

			fprintf(f, "%s %llx\n", s->name, (unsigned long long)(base + at - s->at));
		}
	return !fclose(f);
}
