// SPDX-License-Identifier: GPL-2.0-only
/*
 * Addresses: the memory table, the ring addresses, the order in which a client
 * may give them, and the unbind that must work whatever is broken.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "nic.h"
#include "tap.h"

#define KERNEL_SPACE 0xffff888000000000ULL

static int either(int intree, int ours)
{
	return is_ours() ? ours : intree;
}

struct table {
	struct vhost_memory head;
	struct vhost_memory_region region[1024];
};

static struct table *table_new(unsigned int n)
{
	struct table *t = calloc(1, sizeof(*t));

	t->head.nregions = n;
	return t;
}

static int table_one(int fd, uint64_t gpa, uint64_t size, uint64_t uaddr)
{
	struct table *t = table_new(1);
	int err;

	t->region[0] = (struct vhost_memory_region){ gpa, size, uaddr, 0 };
	err = dev_ioctl(fd, VHOST_SET_MEM_TABLE, t);
	free(t);
	return err;
}

/* Every page of guest memory a region of its own, in no order at all. */
static int table_many(struct guest *g, unsigned int n)
{
	struct table *t = table_new(n);
	size_t size = GUEST_MEM / 1024;
	unsigned int i;
	int err;

	for (i = 0; i < n; i++) {
		unsigned int k = (i * 37) % n;
		size_t off = k * size;

		t->region[i] = (struct vhost_memory_region){ GUEST_GPA + off,
							     k == n - 1 ? GUEST_MEM - off : size,
							     (uintptr_t)g->mem + off, 0 };
	}
	err = dev_ioctl(g->fd, VHOST_SET_MEM_TABLE, t);
	free(t);
	return err;
}

static void mem_table(void)
{
	struct table *t;
	struct guest g;
	uint8_t *two;

	guest_init(&g);
	dev_ioctl(g.fd, VHOST_SET_OWNER, NULL);
	tap_err(dev_ioctl(g.fd, VHOST_SET_MEM_TABLE, NULL), -EFAULT, "SET_MEM_TABLE from NULL");
	t = table_new(0);
	tap_err(dev_ioctl(g.fd, VHOST_SET_MEM_TABLE, t), 0, "SET_MEM_TABLE of no region");
	t->head.padding = 1;
	tap_err(dev_ioctl(g.fd, VHOST_SET_MEM_TABLE, t), -EOPNOTSUPP, "SET_MEM_TABLE with padding");
	t->head.padding = 0;
	t->head.nregions = 0xffffffff;
	tap_err(dev_ioctl(g.fd, VHOST_SET_MEM_TABLE, t), -E2BIG, "SET_MEM_TABLE of 2^32-1 regions");
	t->head.nregions = 1024;
	tap_err(dev_ioctl(g.fd, VHOST_SET_MEM_TABLE, t), -E2BIG, "SET_MEM_TABLE of 1024 regions");
	free(t);
	tap_err(table_many(&g, 64), 0, "SET_MEM_TABLE of 64 regions");
	tap_err(table_many(&g, 509), either(-E2BIG, 0), "SET_MEM_TABLE of 509 regions");
	tap_err(table_one(g.fd, GUEST_GPA, 0, (uintptr_t)g.mem), -EFAULT, "region of size 0");
	tap_err(table_one(g.fd, 0, 0, (uintptr_t)g.mem), either(0, -EFAULT),
		"region of size 0 at address 0");
	tap_err(table_one(g.fd, ~0ULL - 4095, 8192, (uintptr_t)g.mem), -EFAULT,
		"region that wraps around");
	tap_err(table_one(g.fd, GUEST_GPA + 1, 4097, (uintptr_t)g.mem + 3), 0,
		"region without any alignment");
	tap_err(table_one(g.fd, 4096, (1ULL << 47) - 8192, 4096), 0,
		"identity region over all of user space");
	/* The header says one region, which lies in a hole. */
	two = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	munmap(two + 4096, 4096);
	((struct vhost_memory *)(two + 4088))->nregions = 1;
	tap_err(dev_ioctl(g.fd, VHOST_SET_MEM_TABLE, two + 4088), -EFAULT,
		"SET_MEM_TABLE whose region is in a hole");
	munmap(two, 4096);
	guest_stop(&g);
}

/* The largest table a device takes is not only taken: it also translates. */
static void many_regions_work(void)
{
	unsigned int n = is_ours() ? 509 : 64;
	struct guest g;
	struct tap t;
	size_t len = 1500, edge;
	struct vring_used_elem e;
	uint8_t got[SLOT_SIZE];

	guest_start(&g, F_V1 | F_MRG, 256);
	tap_new(&t, "vl0", 12);
	tap_err(table_many(&g, n), 0, "a table of %u regions", n);
	guest_backend(&g, t.fd);
	tap_ok(tx_one(&g, t.far, 5, 300), "a frame is sent through it");
	tap_ok(rx_one(&g, t.far, 6, 300), "a frame is received through it");
	/* One descriptor over the border of two regions, 16 KiB apart. */
	edge = GUEST_MEM / 1024 * 40;
	memset(g.mem + edge - 700, 0, 12);
	frame_make(g.mem + edge - 700 + 12, len, 7);
	desc_set(&g.q[TX], 1, gpa_of(edge - 700), (uint32_t)len + 12, 0, 0);
	ring_publish(&g.q[TX], 1);
	ring_kick(&g.q[TX]);
	tap_ok(ring_wait(&g.q[TX], 5000) && ring_take(&g.q[TX], &e) && e.id == 1,
	       "a buffer over a region border is returned");
	tap_is(far_recv(t.far, got, sizeof(got), 5000), (long)len, "it was sent whole");
	tap_is(frame_check(got, len), 7, "and unchanged");
	guest_stop(&g);
	tap_del(&t);
}

#define TOGETHER 32u

/*
 * Frames from the beginnings (or ends) of regions, many at once, as only what
 * waits behind another one takes the module's short way. Returns how many came.
 */
static unsigned int send_from(struct guest *g, int far, const struct table *t, unsigned int n,
			      bool ends)
{
	unsigned int came = 0, posted;
	uint8_t got[SLOT_SIZE];
	struct vring_used_elem e;

	for (unsigned int i = 0; i < n; i += posted) {
		for (posted = 0; posted < TOGETHER && i + posted < n; posted++) {
			/* Never the region of the frame before. */
			const struct vhost_memory_region *r = &t->region[(i + posted) * 101 % n];
			uint64_t at = ends ? r->memory_size - 72 : 0;
			uint8_t *p = (uint8_t *)(uintptr_t)(r->userspace_addr + at);

			memset(p, 0, 12);
			frame_make(p + 12, 60, i + posted);
			desc_set(&g->q[TX], posted, r->guest_phys_addr + at, 72, 0, 0);
			ring_publish(&g->q[TX], (uint16_t)posted);
		}
		ring_kick(&g->q[TX]);
		for (unsigned int k = 0; k < posted; k++) {
			if (far_recv(far, got, sizeof(got), 2000) != 60)
				return came;
			came += frame_check(got, 60) == i + k;
		}
		for (unsigned int k = 0; k < posted; k++)
			if (!ring_wait(&g->q[TX], 2000) || !ring_take(&g->q[TX], &e))
				return came;
	}
	return came;
}

/*
 * Regions of many sizes, some behind holes, small and huge, so that no rule of
 * thumb finds the one an address is in: both ends of each, and the holes.
 */
static void uneven_regions(void)
{
	unsigned int n = is_ours() ? 509 : 64;
	struct table *table = table_new(n);
	uint64_t gpa = GUEST_GPA;
	size_t off = GUEST_MEM;
	struct guest g;
	struct tap t;

	guest_start(&g, F_V1, 256);
	tap_new(&t, "vl0", 12);
	/* The first one lies last in memory, so that a wrong one is never right by chance. */
	for (unsigned int i = 0; i < n; i++) {
		size_t size = 4096 * (1 + i * 7 % 11);

		if (i % 3 == 0)
			gpa += 4096 * (1 + i % 64);
		if (i % 100 == 99)
			gpa += 1ULL << 38;
		off -= size;
		table->region[i] =
			(struct vhost_memory_region){ gpa, size, (uintptr_t)g.mem + off, 0 };
		gpa += size;
	}
	tap_err(dev_ioctl(g.fd, VHOST_SET_MEM_TABLE, table), 0, "a table of %u uneven regions", n);
	guest_backend(&g, t.fd);
	tap_is(send_from(&g, t.far, table, n, false), n, "a frame from the beginning of each");
	tap_is(send_from(&g, t.far, table, n, true), n, "a frame from the end of each");
	/* Behind region 2 is a hole; the queue reports it and serves nothing. */
	table->region[0].guest_phys_addr =
		table->region[2].guest_phys_addr + table->region[2].memory_size;
	tap_is(send_from(&g, t.far, table, 1, false), 0, "no frame from a hole behind one");
	guest_stop(&g);
	tap_del(&t);
	free(table);
}

static void ring_addresses(void)
{
	struct vhost_vring_addr a;
	struct guest g;
	struct tap t;

	guest_start(&g, F_V1, 256);
	tap_new(&t, "vl0", 12);
	a = (struct vhost_vring_addr){
		.index = TX,
		.desc_user_addr = (uintptr_t)g.q[TX].desc,
		.avail_user_addr = (uintptr_t)g.q[TX].avail,
		.used_user_addr = (uintptr_t)g.q[TX].used,
	};
#define ADDR_WITH(field, value, want, text) \
	do { \
		struct vhost_vring_addr b = a; \
		b.field = value; \
		tap_err(dev_ioctl(g.fd, VHOST_SET_VRING_ADDR, &b), want, text); \
	} while (0)
	ADDR_WITH(flags, 2, -EOPNOTSUPP, "SET_VRING_ADDR: unknown flag");
	ADDR_WITH(avail_user_addr, a.avail_user_addr + 1, -EINVAL, "SET_VRING_ADDR: odd avail");
	ADDR_WITH(used_user_addr, a.used_user_addr + 2, -EINVAL,
		  "SET_VRING_ADDR: used not a multiple of 4");
	ADDR_WITH(log_guest_addr, 2, -EINVAL, "SET_VRING_ADDR: log not a multiple of 4");
	ADDR_WITH(desc_user_addr, a.desc_user_addr + 1, 0, "SET_VRING_ADDR: desc is not checked");
	if (is_ours()) {
		uint64_t packed = g.features | F_PACKED;

		ADDR_WITH(desc_user_addr, a.desc_user_addr + 4, 0, "SET_VRING_ADDR: nor by 16");
		tap_err(dev_ioctl(g.fd, VHOST_SET_FEATURES, &packed), 0, "then RING_PACKED");
		tap_err(ring_backend(&g.q[TX], t.fd), -EFAULT, "then SET_BACKEND refuses");
		tap_err(dev_ioctl(g.fd, VHOST_SET_FEATURES, &g.features), 0, "and back");
	}
	ADDR_WITH(used_user_addr, KERNEL_SPACE, 0, "SET_VRING_ADDR: kernel address, no backend");
	tap_err(ring_backend(&g.q[TX], t.fd), -EFAULT, "then SET_BACKEND refuses");
	ADDR_WITH(desc_user_addr, ~0ULL - 63, 0, "SET_VRING_ADDR: wrapping address, no backend");
	tap_err(ring_backend(&g.q[TX], t.fd), -EFAULT, "then SET_BACKEND refuses");
	tap_err(ring_addr(&g.q[TX], g.mem, 0, 0), 0, "SET_VRING_ADDR: good again");
	tap_err(ring_backend(&g.q[TX], t.fd), 0, "then SET_BACKEND accepts");
	ADDR_WITH(avail_user_addr, KERNEL_SPACE, -EINVAL,
		  "SET_VRING_ADDR: kernel address, running");
	ADDR_WITH(used_user_addr, ~0ULL - 63, -EINVAL, "SET_VRING_ADDR: wrapping address, running");
	ADDR_WITH(flags, 2, -EOPNOTSUPP, "SET_VRING_ADDR: unknown flag, running");
	tap_ok(tx_one(&g, t.far, 1, 100), "the old addresses still serve");
	tap_err(table_one(g.fd, GUEST_GPA, GUEST_MEM, KERNEL_SPACE), -EFAULT,
		"SET_MEM_TABLE: kernel address, running");
	tap_err(table_one(g.fd, GUEST_GPA, GUEST_MEM, ~0ULL - 4095), -EFAULT,
		"SET_MEM_TABLE: wrapping user address, running");
	tap_ok(tx_one(&g, t.far, 2, 100), "the old table still serves");
	guest_stop(&g);
	tap_del(&t);
}

static void order(void)
{
	struct guest g;
	struct tap t;

	tap_new(&t, "vl0", 12);
	guest_init(&g);
	dev_ioctl(g.fd, VHOST_SET_OWNER, NULL);
	tap_err(ring_backend(&g.q[TX], t.fd), -EFAULT, "SET_BACKEND before everything");
	tap_err(ring_backend(&g.q[TX], -1), either(-EFAULT, 0), "SET_BACKEND -1 before everything");
	tap_err(guest_mem_table(&g, g.mem), 0, "SET_MEM_TABLE");
	tap_err(ring_backend(&g.q[TX], t.fd), -EFAULT, "SET_BACKEND before SET_VRING_ADDR");
	/* The order of one client: kick first, then num, base, address, call. */
	tap_err(ring_fd(&g.q[TX], VHOST_SET_VRING_KICK, g.q[TX].kick), 0, "kick before num");
	tap_err(ring_state(&g.q[TX], VHOST_SET_VRING_NUM, 256), 0, "num");
	tap_err(ring_addr(&g.q[TX], g.mem, 0, 0), 0, "address");
	g.hdr_len = 10;
	tap_err(dev_ioctl(g.fd, VHOST_SET_FEATURES, &g.features), 0, "features, last");
	tap_err(ring_backend(&g.q[TX], t.fd), 0, "SET_BACKEND with kick but neither call nor err");
	tap_del(&t);
	tap_new(&t, "vl1", 10);
	tap_err(ring_backend(&g.q[TX], t.fd), 0, "another tap over one whose fd is closed");
	tap_ok(tx_one(&g, t.far, 3, 90), "a frame without a call eventfd, legacy header");
	guest_stop(&g);
	tap_del(&t);
}

static void used_ring_access(void)
{
	struct guest g;
	struct tap t;

	guest_start(&g, F_V1, 256);
	tap_new(&t, "vl0", 12);
	mprotect(g.mem + g.q[TX].off_used, 4096, PROT_READ);
	tap_err(ring_backend(&g.q[TX], t.fd), -EFAULT, "SET_BACKEND with a read-only used ring");
	mprotect(g.mem + g.q[TX].off_used, 4096, PROT_READ | PROT_WRITE);
	tap_err(ring_backend(&g.q[TX], t.fd), 0, "writable again: accepted");
	tap_ok(tx_one(&g, t.far, 1, 100), "and it serves");

	/* Taken away under the running device: an error event, never an oops. */
	event_clear(g.q[TX].err);
	mprotect(g.mem + g.q[TX].off_used, 4096, PROT_READ);
	frame_make(g.mem + slot(1) + 12, 100, 2);
	desc_set(&g.q[TX], 1, gpa_of(slot(1)), 112, 0, 0);
	ring_publish(&g.q[TX], 1);
	ring_kick(&g.q[TX]);
	tap_ok(event_wait(g.q[TX].err, 3000),
	       "used ring made read-only: the error event is raised");
	munmap(g.mem, GUEST_MEM);
	tap_err(ring_backend(&g.q[TX], -1), 0, "SET_BACKEND -1 with all memory unmapped");
	tap_err(ring_backend(&g.q[RX], -1), 0, "SET_BACKEND -1 of the other ring");
	close(g.fd);
	tap_del(&t);
}

static void unbind_broken(void)
{
	struct guest g;
	struct tap t;

	guest_start(&g, F_V1, 256);
	tap_new(&t, "vl0", 12);
	guest_backend(&g, t.fd);
	tap_err(table_one(g.fd, GUEST_GPA, 0, 0), -EFAULT, "a bad table is refused while running");
	tap_ok(tx_one(&g, t.far, 1, 100), "the good one still serves");
	dev_ioctl(g.fd, VHOST_SET_MEM_TABLE, &(struct vhost_memory){ 0 });
	tap_err(ring_backend(&g.q[TX], -1), 0, "SET_BACKEND -1 with an empty table");
	tap_err(ring_backend(&g.q[RX], -1), 0, "SET_BACKEND -1 of the other ring");
	{
		struct ring q = g.q[TX];

		/* Addresses no ring can live at; without a backend they are stored. */
		tap_err(ring_addr(&q, (uint8_t *)KERNEL_SPACE, 0, 0), 0, "kernel addresses stored");
	}
	tap_err(ring_backend(&g.q[TX], -1), either(-EFAULT, 0),
		"SET_BACKEND -1 with addresses no ring can live at");
	guest_stop(&g);
	tap_del(&t);
}

int main(int argc, char **argv)
{
	guest_args(argc, argv);
	net_private();
	mem_table();
	many_regions_work();
	uneven_regions();
	ring_addresses();
	order();
	used_ring_access();
	unbind_broken();
	return tap_done();
}
