// SPDX-License-Identifier: GPL-2.0-only
/*
 * A 32-bit client of a 64-bit kernel: it can write addresses into the ioctls'
 * structures that it cannot have itself. They are refused, or faults that are
 * reported, and a client that corrects them is served. Built with -m32 only;
 * other test programs run as 32-bit programs, too.
 */
#include <errno.h>
#include <string.h>

#include "nic.h"
#include "tap.h"

#define BEYOND BIT64(40)
#define KERNEL 0xffff888000000000ULL

static int rings_at(struct ring *q, uint64_t at)
{
	struct vhost_vring_addr a = {
		.index = q->index,
		.desc_user_addr = at + q->off_desc,
		.avail_user_addr = at + q->off_avail,
		.used_user_addr = at + q->off_used,
	};

	return dev_ioctl(q->g->fd, VHOST_SET_VRING_ADDR, &a);
}

int main(int argc, char **argv)
{
	struct guest g;
	struct tap t;
	uint64_t base;

	_Static_assert(sizeof(void *) == 4, "built with -m32");
	guest_args(argc, argv);
	net_private();
	tap_new(&t, "vl0", 12);
	guest_start(&g, F_V1, 256);

	if (!rings_at(&g.q[TX], BEYOND))
		tap_err(ring_backend(&g.q[TX], t.fd), -EFAULT,
			"rings beyond 4 GiB: the backend is refused");
	else
		tap_ok(true, "rings beyond 4 GiB are refused");
	rings_at(&g.q[TX], KERNEL);
	tap_err(ring_backend(&g.q[TX], t.fd), -EFAULT,
		"rings in the kernel: the backend is refused");
	tap_err(rings_at(&g.q[TX], (uintptr_t)g.mem), 0, "rings where they are");

	tap_err(is_ours() ? guest_mem_table_at(&g, KERNEL) : -EFAULT, -EFAULT,
		"memory in the kernel");
	tap_err(guest_mem_table_at(&g, BEYOND), 0, "memory beyond 4 GiB");
	guest_backend(&g, t.fd);
	memset(g.mem + slot(0), 0, 12);
	frame_make(g.mem + slot(0) + 12, 100, 1);
	desc_set(&g.q[TX], 0, gpa_of(slot(0)), 112, 0, 0);
	ring_publish(&g.q[TX], 0);
	ring_kick(&g.q[TX]);
	tap_ok(far_recv(t.far, (uint8_t[200]){ 0 }, 200, 300) < 0,
	       "memory beyond 4 GiB: nothing is sent");
	if (is_ours())
		tap_ok(event_wait(g.q[TX].err, 5000), "memory beyond 4 GiB: error event");
	base = KERNEL;
	tap_err(dev_ioctl(g.fd, VHOST_SET_LOG_BASE, &base), -EFAULT, "a log in the kernel");

	tap_err(guest_mem_table(&g, g.mem), 0, "memory where it is");
	ring_repair(&g.q[TX], t.fd);
	tap_ok(tx_one(&g, t.far, 2, 1000), "a frame out");
	tap_ok(rx_one(&g, t.far, 3, 1000), "a frame in");
	guest_stop(&g);
	tap_del(&t);
	return tap_done();
}
