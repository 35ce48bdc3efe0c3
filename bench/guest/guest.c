// SPDX-License-Identifier: GPL-2.0-only
/* The userspace guest: what a virtio-net driver does, and nothing else. */
#define _GNU_SOURCE
#include "guest.h"

#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>
#include <x86intrin.h>

/* A header of at most 12 bytes ends where its frame begins, 16 bytes into a slot. */
#define SLOT_HEAD	16
#define MERGEABLE_BYTES 2048
#define RX_BYTES_MAX	(256UL << 20)
/* Descriptors of an indirect table: header and frame. */
#define TABLE_DESCS 2

static size_t round_up(size_t n, size_t to)
{
	return (n + to - 1) / to * to;
}

/* Decides where everything lies; nothing is allocated yet. */
static void plan_memory(struct guest *g, size_t *tx_stride, size_t *rx_stride)
{
	const struct options *o = g->o;
	unsigned int descs = 1, pieces = o->regions > 1 ? o->regions - 1 : 1;
	size_t at = 0;

	for (int q = 0; q < QUEUES; q++) {
		g->ring_offset[q] = at;
		at += o->packed ? vring_packed_bytes(o->ring) : vring_bytes(o->ring);
	}
	g->table_offset = at;
	at += round_up(o->burst * TABLE_DESCS * sizeof(struct vring_desc), 4096);
	g->first_piece = at;

	g->tx_slots = o->burst > pieces ? o->burst : pieces;
	*tx_stride = round_up(SLOT_HEAD + o->size, 64);
	if (o->mrg_rxbuf) {
		g->rx_buffer_bytes = MERGEABLE_BYTES;
	} else {
		size_t need = g->hlen + (o->size > 1514 ? o->size : 1514);

		g->rx_buffer_bytes = round_up(need, 64);
		descs = o->version_1 ? 1 : 2;
	}
	*rx_stride = SLOT_HEAD + round_up(g->rx_buffer_bytes, 64);
	*rx_stride = o->mrg_rxbuf ? MERGEABLE_BYTES : round_up(*rx_stride, 64);
	g->rx_buffers = o->ring / descs;
	if (g->rx_buffers * *rx_stride > RX_BYTES_MAX)
		g->rx_buffers = RX_BYTES_MAX / *rx_stride;
	/* Every piece has its part of both. */
	g->rx_part = (g->tx_slots + pieces - 1) / pieces * *tx_stride;
	if (pieces == 1)
		g->rx_part = round_up(g->rx_part, 4096);
	g->piece = round_up(g->rx_part + (g->rx_buffers + pieces - 1) / pieces * *rx_stride, 4096);
	g->bytes = at + pieces * g->piece;
}

/* Slot after slot in piece after piece, so that neighbours never share one. */
static int place_buffers(struct guest *g, size_t tx_stride, size_t rx_stride)
{
	unsigned int pieces = g->o->regions > 1 ? g->o->regions - 1 : 1;

	g->tx_table = calloc(g->tx_slots + g->o->burst, sizeof(*g->tx_table));
	g->rx_at = calloc(g->rx_buffers, sizeof(*g->rx_at));
	if (!g->tx_table || !g->rx_at)
		return fail(RC_FAIL, "out of memory: guest: give the machine more");
	for (unsigned int i = 0; i < g->tx_slots + g->o->burst; i++) {
		unsigned int slot = i % g->tx_slots;

		g->tx_table[i] = g->first_piece + slot % pieces * g->piece +
				 slot / pieces * tx_stride + SLOT_HEAD;
	}
	g->tx_at = g->tx_table;
	for (unsigned int i = 0; i < g->rx_buffers; i++)
		g->rx_at[i] = g->first_piece + i % pieces * g->piece + g->rx_part +
			      i / pieces * rx_stride;
	return RC_OK;
}

size_t guest_piece(const struct guest *g, unsigned int i, size_t *bytes)
{
	if (g->o->regions == 1) {
		*bytes = g->bytes;
		return 0;
	}
	*bytes = i ? g->piece : g->first_piece;
	return i ? g->first_piece + (i - 1) * g->piece : 0;
}

int guest_open(struct guest *g, const struct options *o)
{
	size_t tx_stride, rx_stride;
	int rc;

	memset(g, 0, sizeof(*g));
	g->o = o;
	g->memfd = -1;
	for (int q = 0; q < QUEUES; q++)
		g->kick[q] = g->call[q] = -1;
	g->hlen = header_len(o);
	plan_memory(g, &tx_stride, &rx_stride);
	rc = place_buffers(g, tx_stride, rx_stride);
	if (rc)
		return rc;

	g->memfd = memfd_create("vhostlab-guest", MFD_CLOEXEC);
	if (g->memfd < 0 || ftruncate(g->memfd, g->bytes))
		return fail(RC_FAIL, "guest memory: %zu bytes: %s", g->bytes, strerror(errno));
	g->mem = mmap(NULL, g->bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, g->memfd,
		      0);
	if (g->mem == MAP_FAILED) {
		g->mem = NULL;
		return fail(RC_FAIL, "guest memory: %zu bytes: %s", g->bytes, strerror(errno));
	}
	for (int q = 0; q < QUEUES; q++) {
		char *at = g->mem + g->ring_offset[q];

		rc = o->packed ? vring_packed_open(&g->ring[q], o->ring, o->event_idx, at)
			       : vring_open(&g->ring[q], o->ring, o->event_idx, at);
		if (!rc && o->in_order)
			(o->packed ? vring_packed_in_order : vring_in_order)(&g->ring[q]);
		if (rc)
			return rc;
		g->kick[q] = eventfd(0, EFD_CLOEXEC);
		g->call[q] = eventfd(0, EFD_CLOEXEC);
		if (g->kick[q] < 0 || g->call[q] < 0)
			return fail(RC_FAIL, "eventfd: guest: %s", strerror(errno));
	}
	for (unsigned int i = 0; i < g->rx_buffers; i++)
		guest_rx_add(g, i);
	vring_publish(&g->ring[QUEUE_RX]);
	return RC_OK;
}

void guest_close(struct guest *g)
{
	for (int q = 0; q < QUEUES; q++) {
		vring_close(&g->ring[q]);
		if (g->kick[q] >= 0)
			close(g->kick[q]);
		if (g->call[q] >= 0)
			close(g->call[q]);
	}
	free(g->tx_table);
	free(g->rx_at);
	if (g->mem)
		munmap(g->mem, g->bytes);
	if (g->memfd >= 0)
		close(g->memfd);
}

static uint64_t gpa_of(const struct guest *g, size_t offset)
{
	(void)g;
	return GUEST_GPA + offset;
}

char *guest_tx_frame(struct guest *g, unsigned int i)
{
	return g->mem + g->tx_at[i];
}

bool guest_tx_add(struct guest *g, unsigned int i)
{
	size_t head = g->tx_at[i] - g->hlen;
	size_t table = g->table_offset + i * TABLE_DESCS * sizeof(struct vring_desc);
	struct vring_driver *v = &g->ring[QUEUE_TX];
	struct vring_seg segs[2] = {
		{ .gpa = gpa_of(g, head), .len = g->hlen },
		{ .gpa = gpa_of(g, head + g->hlen), .len = g->o->size },
	};

	if (g->o->indirect)
		return vring_add(v, segs, 2, 0, i, (struct vring_desc *)(g->mem + table),
				 gpa_of(g, table));
	if (tx_descs(g->o) == 2)
		return vring_add(v, segs, 2, 0, i, NULL, 0);
	segs[0].len += segs[1].len;
	return vring_add(v, segs, 1, 0, i, NULL, 0);
}

bool guest_rx_add(struct guest *g, unsigned int i)
{
	size_t at = g->rx_at[i];
	struct vring_seg segs[2] = {
		{ .gpa = gpa_of(g, at), .len = g->rx_buffer_bytes },
	};

	if (g->o->mrg_rxbuf || g->o->version_1)
		return vring_add(&g->ring[QUEUE_RX], segs, 0, 1, i, NULL, 0);
	segs[0].len = g->hlen;
	segs[1].gpa = gpa_of(g, at + g->hlen);
	segs[1].len = g->rx_buffer_bytes - g->hlen;
	return vring_add(&g->ring[QUEUE_RX], segs, 0, 2, i, NULL, 0);
}

static void stamp(struct guest *g, unsigned int q, bool awake)
{
	struct stamps *s = g->stamps;

	if (s && s->have < s->room)
		s->at[s->have++] = (struct stamp){ __rdtsc(), q, awake };
}

int guest_publish(struct guest *g, unsigned int q)
{
	uint64_t one = 1;

	vring_publish(&g->ring[q]);
	if (!vring_need_kick(&g->ring[q]))
		return RC_OK;
	stamp(g, q, false);
	if (write(g->kick[q], &one, sizeof(one)) != sizeof(one))
		return fail(RC_FAIL, "kick: queue %u: %s", q, strerror(errno));
	g->kicks++;
	return RC_OK;
}

/* Sleeps until the server calls, or a signal comes. */
static int take_call(struct guest *g, unsigned int q)
{
	uint64_t value;

	if (watch_stop)
		return RC_FAIL;
	if (read(g->call[q], &value, sizeof(value)) == sizeof(value)) {
		stamp(g, q, true);
		g->calls += value;
		g->wakeups++;
	} else if (errno != EINTR) {
		return fail(RC_FAIL, "call: queue %u: %s", q, strerror(errno));
	}
	return RC_OK;
}

/* Knob calls=0: no interrupt is asked for, the ring is looked at in turns. */
static int spin(struct guest *g, unsigned int q, unsigned int count)
{
	while (vring_used_pending(&g->ring[q]) < count) {
		if (watch_stop)
			return RC_FAIL;
		sched_yield();
	}
	return RC_OK;
}

int guest_wait(struct guest *g, unsigned int q, unsigned int count)
{
	int rc = RC_OK;

	if (!g->o->calls)
		return spin(g, q, count);
	while (!rc && !vring_arm(&g->ring[q], count))
		rc = take_call(g, q);
	vring_mute(&g->ring[q]);
	return rc;
}

void guest_arm(struct guest *g, unsigned int q, unsigned int count)
{
	if (g->o->calls)
		vring_arm(&g->ring[q], count);
}

int guest_wait_armed(struct guest *g, unsigned int q, unsigned int count)
{
	int rc;

	if (!g->o->calls)
		return spin(g, q, count);
	do
		rc = take_call(g, q);
	while (!rc && !vring_arm(&g->ring[q], count));
	vring_mute(&g->ring[q]);
	return rc;
}

int guest_rx_take(struct guest *g, struct rx_frame *f)
{
	struct vring_driver *v = &g->ring[QUEUE_RX];
	unsigned int want = 1, total = 0;
	int got;

	for (f->pieces = 0; f->pieces < want; f->pieces++) {
		got = vring_get_used(v, &f->cookie[f->pieces], &f->len[f->pieces]);
		if (got <= 0)
			return f->pieces ? -1 : got;
		if (f->len[f->pieces] > g->rx_buffer_bytes)
			return -1;
		total += f->len[f->pieces];
		if (!f->pieces && g->o->mrg_rxbuf) {
			const char *head = g->mem + g->rx_at[f->cookie[0]];
			uint16_t num;

			memcpy(&num, head + 10, sizeof(num));
			want = num;
			if (!want || want > VRING_MAX_SEGS)
				return -1;
		}
	}
	if (total < g->hlen)
		return -1;
	f->bytes = total - g->hlen;
	return 1;
}

void guest_rx_copy(const struct guest *g, const struct rx_frame *f, char *to)
{
	for (unsigned int i = 0; i < f->pieces; i++) {
		const char *from = g->mem + g->rx_at[f->cookie[i]];
		unsigned int skip = i ? 0 : g->hlen;

		memcpy(to, from + skip, f->len[i] - skip);
		to += f->len[i] - skip;
	}
}

const char *guest_rx_head(const struct guest *g, const struct rx_frame *f)
{
	return g->mem + g->rx_at[f->cookie[0]] + g->hlen;
}

void guest_rx_return(struct guest *g, const struct rx_frame *f)
{
	for (unsigned int i = 0; i < f->pieces; i++)
		guest_rx_add(g, f->cookie[i]);
}

void guest_zero(struct guest *g)
{
	g->all_kicks += g->kicks;
	g->all_calls += g->calls;
	g->kicks = g->calls = g->wakeups = 0;
}

void guest_total(struct guest *g, uint64_t *kicks, uint64_t *calls)
{
	*kicks = g->all_kicks + g->kicks;
	*calls = g->all_calls + g->calls;
	for (int q = 0; q < QUEUES; q++) {
		struct pollfd p = { .fd = g->call[q], .events = POLLIN };
		uint64_t value;

		/* Calls that were no longer waited for. */
		if (g->call[q] >= 0 && poll(&p, 1, 0) == 1 &&
		    read(g->call[q], &value, sizeof(value)) == sizeof(value))
			*calls += value;
	}
}
