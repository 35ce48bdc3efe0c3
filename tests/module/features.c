// SPDX-License-Identifier: GPL-2.0-only
/*
 * Later features: the array form of the feature ioctls, packed rings, and one ring reset while
 * the other runs. Would fail if: an array word were not looked at or not
 * bounded, an unbind moved the other ring.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "nic.h"
#include "tap.h"

#ifndef VIRTIO_F_RING_RESET
#define VIRTIO_F_RING_RESET 40
#endif

/* Older headers lack them. */
#define GET_ARRAY _IOR(VHOST_VIRTIO, 0x83, uint64_t)
#define SET_ARRAY _IOW(VHOST_VIRTIO, 0x83, uint64_t)

struct array {
	uint64_t count;
	uint64_t word[256];
};

static int set_array(int fd, uint64_t count, uint64_t w0, uint64_t w1)
{
	struct array a = { .count = count, .word = { w0, w1 } };

	return dev_ioctl(fd, SET_ARRAY, &a);
}

static void arrays(void)
{
	struct array a = { .count = 2 };
	uint64_t f = 0;
	int fd = dev_open();

	tap_err(dev_ioctl(fd, VHOST_SET_OWNER, NULL), 0, "SET_OWNER");
	tap_err(dev_ioctl(fd, VHOST_GET_FEATURES, &f), 0, "GET_FEATURES");
	tap_ok(f & BIT64(VIRTIO_F_RING_RESET), "offers RING_RESET");
	memset(a.word, 0xff, sizeof(a.word));
	tap_err(dev_ioctl(fd, GET_ARRAY, &a), 0, "GET_FEATURES_ARRAY of two words");
	tap_ok(a.count == 2 && a.word[0] == f && !a.word[1] && a.word[2] == ~0ULL,
	       "it holds the features, then zero, and nothing behind that is touched");
	a.count = 0;
	tap_err(dev_ioctl(fd, GET_ARRAY, &a), 0, "GET_FEATURES_ARRAY of no word");
	a.count = 1ULL << 61;
	tap_err(dev_ioctl(fd, GET_ARRAY, &a), -E2BIG, "GET_FEATURES_ARRAY of 2^61 words");
	tap_err(dev_ioctl(fd, GET_ARRAY, NULL), -EFAULT, "GET_FEATURES_ARRAY to NULL");
	tap_err(set_array(fd, 2, F_V1, 0), 0, "SET_FEATURES_ARRAY of two words");
	tap_err(set_array(fd, 0, 0, 0), 0, "SET_FEATURES_ARRAY of none: no features");
	tap_err(set_array(fd, 1, BIT64(62), 0), -EOPNOTSUPP, "SET_FEATURES_ARRAY: unknown bit");
	tap_err(set_array(fd, 2, F_V1, 1), -EOPNOTSUPP, "SET_FEATURES_ARRAY: a bit above 63");
	tap_err(set_array(fd, 1ULL << 61, 0, 0), -E2BIG, "SET_FEATURES_ARRAY of 2^61 words");
	tap_err(dev_ioctl(fd, SET_ARRAY, NULL), -EFAULT, "SET_FEATURES_ARRAY from NULL");
	close(fd);
}

/* What a driver's ring reset asks of the device: one ring set up again, the other untouched. */
static void ring_reset(void)
{
	struct guest g;
	struct tap t;
	struct ring *q = &g.q[TX];

	guest_start(&g, F_V1 | BIT64(VIRTIO_F_RING_RESET), 256);
	tap_new(&t, "vl0", g.hdr_len);
	guest_backend(&g, t.fd);
	rx_post(&g, 0, SLOT_SIZE);
	ring_kick(&g.q[RX]);
	tap_ok(tx_one(&g, t.far, 1, 200), "ring reset: a frame before it");
	tap_err(ring_backend(q, -1), 0, "ring reset: transmit is unbound");
	tap_is(ring_base(q), 1, "ring reset: its position is reported");
	tap_ok(rx_one(&g, t.far, 2, 300), "ring reset: receive goes on meanwhile");
	q->avail_idx = q->used_seen = 0;
	q->avail->idx = q->used->idx = 0;
	tap_err(ring_state(q, VHOST_SET_VRING_NUM, 128), 0, "ring reset: another size");
	q->num = 128;
	tap_err(ring_state(q, VHOST_SET_VRING_BASE, 0), 0, "ring reset: from the start");
	tap_err(ring_addr(q, g.mem, 0, 0), 0, "ring reset: addresses");
	tap_err(ring_backend(q, t.fd), 0, "ring reset: bound again");
	tap_ok(tx_one(&g, t.far, 3, 200), "ring reset: a frame after it");
	guest_stop(&g);
	tap_del(&t);
}

static int ring_addr_at(struct ring *q, size_t desc, size_t avail)
{
	int err;

	q->off_desc += desc;
	q->off_avail += avail;
	err = ring_addr(q, q->g->mem, 0, 0);
	q->off_desc -= desc;
	q->off_avail -= avail;
	return err;
}

static unsigned int base_of(struct ring *q)
{
	struct vhost_vring_state s = { .index = q->index };

	tap_err(dev_ioctl(q->g->fd, VHOST_GET_VRING_BASE, &s), 0, "packed: GET_VRING_BASE");
	return s.num;
}

/* Sizes, positions and addresses of a packed ring; the layout stays while it runs. */
static void packed_ioctls(void)
{
	uint64_t packed = F_V1 | F_PACKED, split = F_V1, logged = packed | F_LOG;
	struct guest g;
	struct tap t;
	struct ring *q = &g.q[TX];

	guest_start(&g, packed, 100);
	tap_new(&t, "vl0", g.hdr_len);
	tap_err(ring_state(q, VHOST_SET_VRING_NUM, 32769), -EINVAL, "packed: 32769 entries");
	tap_err(ring_state(q, VHOST_SET_VRING_NUM, 0), -EINVAL, "packed: no entries");
	tap_err(ring_addr_at(q, 8, 0), -EINVAL, "packed: ring not aligned to 16");
	tap_err(ring_addr_at(q, 0, 2), -EINVAL, "packed: event not aligned to 4");
	tap_err(ring_state(q, VHOST_SET_VRING_BASE, 0x00020003), 0, "packed: both positions");
	tap_is(base_of(q), 0x00020003, "packed: both are kept");
	tap_err(ring_state(q, VHOST_SET_VRING_BASE, 0x8003), 0, "packed: used position 0");
	tap_is(base_of(q), 0x8003, "packed: it is kept, too");
	tap_err(ring_state(q, VHOST_SET_VRING_BASE, 0x8000), 0, "packed: a new ring's lower half");
	tap_is(base_of(q), 0x80008000, "packed: the used position is the same then");
	tap_err(ring_state(q, VHOST_SET_VRING_BASE, 0x80648064), 0, "packed: position 100");
	tap_err(ring_backend(q, t.fd), -EFAULT, "packed: it is not in a ring of 100");
	tap_err(ring_begin(q, 0), 0, "packed: from the start");
	tap_err(ring_backend(q, t.fd), 0, "packed: bound");
	tap_err(dev_ioctl(g.fd, VHOST_SET_FEATURES, &split), -EBUSY,
		"packed: not split while it runs");
	tap_err(dev_ioctl(g.fd, VHOST_SET_FEATURES, &logged), 0,
		"packed: other features do change");
	tap_err(ring_backend(q, -1), 0, "packed: unbound");
	tap_err(dev_ioctl(g.fd, VHOST_SET_FEATURES, &split), 0, "split again");
	tap_is(base_of(q), 0, "split: from the start");
	tap_err(ring_backend(q, t.fd), -EFAULT, "split: 100 entries are no power of two");
	tap_err(dev_ioctl(g.fd, VHOST_SET_FEATURES, &packed), 0, "and packed");
	tap_is(base_of(q), 0x80008000, "packed: from the start");
	guest_stop(&g);
	tap_del(&t);
}

/* Sizes that are no power of two, three times around. */
static void packed_sizes(void)
{
	static const unsigned int sizes[] = { 2, 3, 100, 1023 };

	for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		unsigned int good = 0, n = sizes[i] < 300 ? 3 * sizes[i] + 1 : sizes[i] + 200;
		struct guest g;
		struct tap t;

		guest_start(&g, F_V1 | F_MRG | F_EVENT | F_PACKED, sizes[i]);
		tap_new(&t, "vl0", g.hdr_len);
		guest_backend(&g, t.fd);
		for (uint32_t k = 0; k < n; k++)
			good += tx_one(&g, t.far, k, 60 + k % 1000) &&
				rx_one(&g, t.far, k, 60 + k % 900);
		tap_is(good, n, "packed: a ring of %u: %u frames each way", sizes[i], n);
		tap_is(ring_base(&g.q[RX]), (uint16_t)n, "packed: a ring of %u: the position",
		       sizes[i]);
		guest_stop(&g);
		tap_del(&t);
	}
}

int main(int argc, char **argv)
{
	guest_args(argc, argv);
	net_private();
	arrays();
	ring_reset();
	if (is_ours()) {
		packed_ioctls();
		packed_sizes();
	}
	return tap_done();
}
