/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Clients by chance: whatever a client and its guest can do to a device, with sensible and with
 * senseless arguments. The threads of a process share devices, eventfds, files and memory, and what
 * is here has no locks: that they meet is the point.
 */
#ifndef VHOSTLAB_TEST_ANYTHING_H
#define VHOSTLAB_TEST_ANYTHING_H

#include <stdatomic.h>

#include "guest.h"

#define DEVICES	     3u
#define EVENTS	     4u
#define FILES	     4u /* the first two are backends that work */
#define ANYTHING_MEM (4u << 20)

/* What was done, of all processes together: in memory that they share. */
struct totals {
	atomic_ulong ioctls, accepted, messages, kicks, noise, mappings, forks;
};

struct anything {
	struct totals *totals;
	int devices[DEVICES], events[EVENTS], files[FILES];
	int memfd, uffd; /* uffd: -1 where there is none */
	uint8_t *mem; /* ANYTHING_MEM bytes of memfd, as long as they are mapped */
};

extern struct anything anything;

/*
 * A sequence of numbers that its first state decides: splitmix64; or that of an input's bytes, as
 * long as there are some, then zeros.
 */
struct dice {
	uint64_t state;
	const uint8_t *at, *end; /* the input; NULL: by the state */
};

static inline uint64_t from_input(struct dice *d, unsigned int bytes)
{
	uint64_t x = 0;

	for (unsigned int i = 0; i < bytes && d->at < d->end; i++)
		x |= (uint64_t)*d->at++ << 8 * i;
	return x;
}

static inline uint64_t roll(struct dice *d)
{
	uint64_t x = d->state += 0x9e3779b97f4a7c15ULL;

	if (d->at)
		return from_input(d, 8);
	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
	x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
	return x ^ (x >> 31);
}

static inline uint64_t below(struct dice *d, uint64_t n)
{
	/* No more bytes than the number needs: a byte of an input has one meaning. */
	return (d->at ? from_input(d, n <= 256 ? 1 : n <= 65536 ? 2 : 8) : roll(d)) % n;
}

static inline bool one_in(struct dice *d, unsigned int n)
{
	return !below(d, n);
}

/*
 * One thing that a client does: mostly an ioctl, else a message, a kick, a change of its memory, a
 * device opened again in place of another, or a child that holds the devices as well.
 */
void anything_by_client(struct dice *d);

/* The parts of it: all that makes a device serve, one ioctl, one message. */
void anything_setup(struct dice *d, int fd);
void anything_ioctl(struct dice *d, int fd);
void anything_message(struct dice *d, int fd);

/* A guest that writes anything anywhere, sensible descriptors among it. Memory may be missing. */
void anything_in_memory(struct dice *d);

/* A part of guest memory is discarded, punched out, protected, replaced, mapped again or made late. */
void anything_to_mappings(struct dice *d);

struct tap;

/*
 * Never returns: threads of this process share devices, eventfds, two taps, which are its
 * backends, and memory, and do anything to them until it is killed.
 */
void anything_process(struct tap *taps, uint64_t begin) __attribute__((noreturn));

#endif
