// SPDX-License-Identifier: GPL-2.0-only
/*
 * Frames that wait in a tap when its backend is attached, so that the device takes them many at a
 * time: plain ones, and between them others, and buffers that are too short or cannot be written.
 * Each frame must come whole, in its order, with its own header; with without=burst, too.
 */
#include <errno.h>
#include <linux/if_tun.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "nic.h"
#include "tap.h"

#define FRAMES	 120u
#define ROOM	 8192u /* bytes of a buffer */
#define PATIENCE 10000

/* A frame that waits for its checksum, and one that is not in one piece. */
#define PARTIAL(i) ((i) % 7 == 3)
#define PIECES(i)  (pieces && (i) % 11 == 5)

static bool pieces = true;
static uint8_t frame[ROOM], got[2 * ROOM];

static size_t length(unsigned int i)
{
	return PIECES(i) ? 5000 + i : 60 + i * 37 % 1400;
}

static size_t buffer(unsigned int i)
{
	return slot(2 * i);
}

/* Frames [from, to) into the tap, by a socket with headers. */
static void send_some(int far, unsigned int from, unsigned int to)
{
	struct virtio_net_hdr *h = (void *)frame;

	for (unsigned int i = from; i < to; i++) {
		size_t len = sizeof(*h) + length(i);

		memset(h, 0, sizeof(*h));
		if (PARTIAL(i)) {
			h->flags = VIRTIO_NET_HDR_F_NEEDS_CSUM;
			h->csum_start = (uint16_t)(34 + i % 20);
			h->csum_offset = 6;
		}
		/* The rest of a frame that is longer than a page is in pages of its own. */
		h->hdr_len = PIECES(i) ? 64 : 0;
		frame_make(frame + sizeof(*h), length(i), i);
		if (send(far, frame, len, 0) != (ssize_t)len)
			tap_bail("send %zu: %s", len, strerror(errno));
	}
}

struct net {
	struct guest g;
	struct tap t;
	int far;
};

static void net_open(struct net *n, uint64_t features, unsigned int num)
{
	guest_start(&n->g, F_V1 | features, num);
	stats_find();
	tap_new(&n->t, "vl0", n->g.hdr_len);
	sh("ip link set dev vl0 mtu 9000");
	if (ioctl(n->t.fd, TUNSETOFFLOAD, TUN_F_CSUM))
		tap_bail("TUNSETOFFLOAD");
	n->far = packet_socket("vl0", ETH_TEST, true);
}

static void net_close(struct net *n)
{
	guest_stop(&n->g);
	close(n->far);
	tap_del(&n->t);
}

static void post(struct ring *q, unsigned int i, uint32_t len)
{
	memset(q->g->mem + buffer(i), 0xee, ROOM);
	desc_set(q, i, gpa_of(buffer(i)), len, VRING_DESC_F_WRITE, 0);
	ring_publish(q, (uint16_t)i);
}

/* The next frame, of one buffer or of as many as its header says: its number, or -1. */
static long long take(struct net *n)
{
	struct virtio_net_hdr_mrg_rxbuf *h = (void *)got;
	unsigned int want = 1, have = 0;
	struct vring_used_elem e;
	size_t len = 0;
	long long i;

	while (have < want) {
		if (!ring_wait(&n->g.q[RX], PATIENCE) || !ring_take(&n->g.q[RX], &e) ||
		    len + e.len > sizeof(got))
			return -1;
		memcpy(got + len, n->g.mem + buffer(e.id), e.len);
		len += e.len;
		if (!have++)
			want = h->num_buffers;
	}
	i = frame_check(got + n->g.hdr_len, len - n->g.hdr_len);
	if (i < 0 || len != n->g.hdr_len + length((unsigned int)i))
		return -1;
	if (h->hdr.gso_type || h->hdr.gso_size ||
	    !!(h->hdr.flags & VIRTIO_NET_HDR_F_NEEDS_CSUM) != PARTIAL(i))
		return -1;
	if (PARTIAL(i) && (h->hdr.csum_start != 34 + i % 20 || h->hdr.csum_offset != 6))
		return -1;
	return i;
}

/* How many of the frames [from, to) come, one after the other. */
static unsigned int take_some(struct net *n, unsigned int from, unsigned int to)
{
	unsigned int i = from;

	while (i < to && take(n) == i)
		i++;
	return i - from;
}

static void mixed(uint64_t features, const char *what)
{
	struct net n;
	struct ring *q = &n.g.q[RX];
	long long bytes = 0;

	net_open(&n, features, 256);
	send_some(n.far, 0, FRAMES);
	for (unsigned int i = 0; i < FRAMES; i++) {
		post(q, i, ROOM);
		bytes += (long long)length(i);
	}
	guest_backend(&n.g, n.t.fd);
	tap_is(take_some(&n, 0, FRAMES), FRAMES, "%s: frames of all kinds, whole and in order",
	       what);
	if (is_ours()) {
		tap_is(stat_of("rx", "packets"), FRAMES, "%s: they are counted", what);
		tap_is(stat_of("rx", "bytes"), bytes, "%s: and their bytes", what);
	}
	net_close(&n);
}

/* One buffer of 70 bytes in the middle: two buffers for that frame, or the frame is dropped. */
static void short_buffer(uint64_t features, const char *what)
{
	struct net n;
	struct ring *q = &n.g.q[RX];
	unsigned int at = 30, in;

	net_open(&n, features, 256);
	send_some(n.far, 0, FRAMES);
	for (unsigned int i = 0; i < FRAMES + 10; i++)
		post(q, i, i == at ? 70 : ROOM);
	guest_backend(&n.g, n.t.fd);
	in = take_some(&n, 0, at);
	if (features & F_MRG) {
		in += take_some(&n, at, FRAMES);
		tap_is(in, FRAMES, "%s: a short buffer among others: one frame has two", what);
	} else {
		/* The frames do not fit until one of 58 bytes comes: none does. */
		tap_is(in, at, "%s: a short buffer: what comes before it", what);
		tap_ok(!ring_wait(q, 300), "%s: and the others are dropped", what);
		if (is_ours())
			tap_is(stat_of("rx", "truncated"), FRAMES - at, "%s: counted", what);
	}
	net_close(&n);
}

/*
 * Frame @at has a buffer that cannot be written, from byte @off on: frames are dropped until it
 * can. In-tree takes a frame for delivered that tun could not copy behind its header: @off is 0.
 */
static void no_access(unsigned int at, size_t off, const char *what)
{
	struct net n;
	struct ring *q = &n.g.q[RX];
	unsigned int in;
	uint8_t *page;

	net_open(&n, F_MRG, 256);
	send_some(n.far, 0, 64);
	for (unsigned int i = 0; i < FRAMES; i++)
		post(q, i, i == at ? ROOM / 2 - 10 : ROOM);
	/* Its buffer begins before a page that is taken away: at the header, or behind it. */
	page = n.g.mem + buffer(at) + ROOM / 2;
	desc_set(q, at, gpa_of(buffer(at) + ROOM / 2 - off), ROOM / 2, VRING_DESC_F_WRITE, 0);
	if (mprotect(page, ROOM / 2, PROT_NONE))
		tap_bail("mprotect");
	guest_backend(&n.g, n.t.fd);
	in = take_some(&n, 0, at);
	tap_is(in, at, "%s: the frames before it", what);
	tap_ok(!ring_wait(q, 300), "%s: no frame after it", what);
	if (is_ours())
		tap_is(stat_of("rx", "error_rx_access"), 64 - at, "%s: each is counted", what);
	if (mprotect(page, ROOM / 2, PROT_READ | PROT_WRITE))
		tap_bail("mprotect");
	desc_set(q, at, gpa_of(buffer(at)), ROOM, VRING_DESC_F_WRITE, 0);
	send_some(n.far, 64, FRAMES);
	tap_is(take_some(&n, 64, FRAMES), FRAMES - 64, "%s: when it can be written, frames come",
	       what);
	net_close(&n);
}

/* Few buffers, again and again: rings of 1, 2 and 4. */
static void few(unsigned int num)
{
	unsigned int in = 0;
	struct net n;

	net_open(&n, F_EVENT, num);
	send_some(n.far, 0, FRAMES);
	guest_backend(&n.g, n.t.fd);
	while (in < FRAMES) {
		for (unsigned int i = 0; i < num; i++)
			post(&n.g.q[RX], i, ROOM);
		ring_kick(&n.g.q[RX]);
		if (take_some(&n, in, in + num) != num)
			break;
		in += num;
	}
	tap_is(in, FRAMES, "a ring of %u: frame after frame", num);
	net_close(&n);
}

int main(int argc, char **argv)
{
	static const char *const without[] = { "none", "burst", "direct", "all" };

	guest_args(argc, argv);
	net_private();
	for (unsigned int k = 0; k < (is_ours() ? 4 : 1); k++) {
		if (is_ours())
			knob("without", without[k]);
		tap_note("without=%s", without[k]);
		mixed(0, "split");
		mixed(F_MRG, "split, mergeable");
		if (is_ours()) {
			mixed(F_PACKED, "packed");
			mixed(F_PACKED | F_MRG | F_EVENT, "packed, mergeable");
		}
		short_buffer(F_MRG, "mergeable");
		short_buffer(0, "one buffer each");
		no_access(40, 0, "a buffer without access");
		if (is_ours()) {
			no_access(40, 12, "access to the header only");
			no_access(38, 12, "access to the header only, for a frame in pieces");
			no_access(0, 12, "access to the header only, for the first frame");
		}
		for (unsigned int num = 1; num <= 4; num *= 2)
			few(num);
	}
	if (is_ours())
		knob("without", "none");
	return tap_done();
}
