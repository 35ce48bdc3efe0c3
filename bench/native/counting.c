// SPDX-License-Identifier: GPL-2.0-only
/* The rig's side of counting: see counting.h. */
#include "counting.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>
#include <x86intrin.h>

static volatile struct counted *shared;
static const struct rig_server *real_server;
static volatile uint64_t begun; /* the driver's thread waits for the server's */

bool counting_open(void)
{
	const char *name = getenv(COUNTED_FILE);
	int fd;

	if (!name)
		return false;
	fd = open(name, O_RDWR | O_CLOEXEC);
	shared = fd < 0 ? MAP_FAILED
			: mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (fd >= 0)
		close(fd);
	if (shared == MAP_FAILED) {
		fail(RC_FAIL, "counts: %s: it cannot be mapped: start the program counted", name);
		shared = NULL;
		return false;
	}
	shared->self = (uint64_t)(uintptr_t)shared;
	return true;
}

static void place(const void *at, size_t bytes, enum counted_place what)
{
	uint64_t i = shared->regions++, from = (uint64_t)(uintptr_t)at;

	shared->region[i].from = from;
	shared->region[i].to = from + bytes;
	shared->region[i].place = what;
}

/* Section 2.7: settings first, then index and entries, then the other side's event index. */
static void place_split(char *const area[3], unsigned int num)
{
	size_t avail = 2 + 2 * (size_t)num, used = 2 + 8 * (size_t)num;

	place(area[0], 16 * (size_t)num, PLACE_DESC);
	place(area[1], 2, PLACE_FLAGS);
	place(area[1] + 2, avail, PLACE_AVAIL);
	place(area[1] + 2 + avail, 2, PLACE_FLAGS);
	place(area[2], 2, PLACE_FLAGS);
	place(area[2] + 2, used, PLACE_USED);
	place(area[2] + 2 + used, 2, PLACE_FLAGS);
}

void counting_places(struct driver *d, unsigned int sides)
{
	const struct guest *g = &d->guest;

	shared->sides = sides;
	for (int q = 0; q < QUEUES; q++) {
		char *const *area = (char *const *)g->ring[q].area;

		if (d->o->packed) {
			place(area[0], 16 * (size_t)d->o->ring, PLACE_DESC);
			place(area[1], 4, PLACE_FLAGS);
			place(area[2], 4, PLACE_FLAGS);
		} else {
			place_split(area, d->o->ring);
		}
	}
	place(g->mem + g->table_offset, g->first_piece - g->table_offset, PLACE_DESC);
	place(g->mem + g->first_piece, g->bytes - g->first_piece, PLACE_PAYLOAD);
	place(d->kick, sizeof(d->kick), PLACE_BELL);
	place(d->call, sizeof(d->call), PLACE_BELL);
}

static enum rig_run run(unsigned int queue)
{
	enum rig_run how;

	shared->side = 1;
	how = real_server->run(queue);
	shared->side = 0;
	return how;
}

const struct rig_server *counting_server(const struct rig_server *real)
{
	static struct rig_server named;

	real_server = real;
	named = *real;
	named.run = run;
	return &named;
}

void counting_side(unsigned int side)
{
	begun = 1;
	shared->mark[side] = 1;
}

void counting_await(void)
{
	while (!begun)
		_mm_pause();
}

void counting_phase(uint64_t phase)
{
	shared->phase = phase;
}

void counting_result(uint64_t packets, uint64_t served, uint64_t kicks, uint64_t calls)
{
	shared->packets = packets;
	shared->served = served;
	shared->kicks = kicks;
	shared->calls = calls;
}
