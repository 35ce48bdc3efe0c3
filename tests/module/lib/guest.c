// SPDX-License-Identifier: GPL-2.0-only
/* The driver side of one vhost-net device: see guest.h. */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "guest.h"
#include "tap.h"

const char *device = "/dev/vhostlab-net";
unsigned int rounds;
unsigned int seed = 1;

bool is_ours(void)
{
	return strstr(device, "vhostlab") != NULL;
}

void guest_args(int argc, char **argv)
{
	static const struct option options[] = {
		{ "device", required_argument, NULL, 'd' },
		{ "rounds", required_argument, NULL, 'r' },
		{ "seed", required_argument, NULL, 's' },
		{ NULL, 0, NULL, 0 },
	};
	int c;

	if (getenv("VHOSTLAB_DEVICE"))
		device = getenv("VHOSTLAB_DEVICE");
	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (c) {
		case 'd':
			device = optarg;
			break;
		case 'r':
			rounds = (unsigned int)strtoul(optarg, NULL, 10);
			break;
		case 's':
			seed = (unsigned int)strtoul(optarg, NULL, 10);
			break;
		default:
			fprintf(stderr,
				"vhostlab: unknown option: %s: use --device PATH, --rounds N, "
				"--seed N\n",
				argv[0]);
			exit(2);
		}
	}
	if (access(device, F_OK)) {
		fprintf(stderr, "vhostlab: no such device: %s: load its module first\n", device);
		exit(77);
	}
}

uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000ULL + (uint64_t)ts.tv_nsec;
}

void sleep_ms(int ms)
{
	struct timespec ts = { ms / 1000, (ms % 1000) * 1000000L };

	nanosleep(&ts, NULL);
}

int dev_ioctl(int fd, unsigned long request, const void *arg)
{
	return ioctl(fd, request, arg) < 0 ? -errno : 0;
}

int dev_open(void)
{
	int fd = open(device, O_RDWR | O_CLOEXEC);

	if (fd < 0)
		tap_bail("open %s: %s", device, strerror(errno));
	return fd;
}

bool event_wait(int fd, int ms)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	return poll(&p, 1, ms) == 1;
}

void event_clear(int fd)
{
	uint64_t v;

	/* Another thread may have put an eventfd without news there meanwhile. */
	if (event_wait(fd, 0) && read(fd, &v, sizeof(v)) != sizeof(v) && errno != EAGAIN)
		tap_bail("read eventfd: %s", strerror(errno));
}

static int event_new(void)
{
	int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);

	if (fd < 0)
		tap_bail("eventfd: %s", strerror(errno));
	return fd;
}

static void ring_layout(struct ring *q, unsigned int num)
{
	size_t area = q->index * RING_AREA;

	q->num = num;
	q->off_desc = area;
	q->off_avail = area + 0x8000;
	q->off_used = area + 0x10000;
	q->desc = (void *)(q->g->mem + q->off_desc);
	q->avail = (void *)(q->g->mem + q->off_avail);
	q->used = (void *)(q->g->mem + q->off_used);
	memset(q->g->mem + area, 0, RING_AREA);
	q->avail_idx = 0;
	q->used_seen = 0;
	q->packed = q->g->features & F_PACKED;
	if (q->packed)
		packed_layout(q, 0);
}

void guest_init(struct guest *g)
{
	memset(g, 0, sizeof(*g));
	g->memfd = memfd_create("guest", MFD_CLOEXEC);
	if (g->memfd < 0 || ftruncate(g->memfd, GUEST_MEM))
		tap_bail("guest memory: %s", strerror(errno));
	g->mem = mmap(NULL, GUEST_MEM, PROT_READ | PROT_WRITE, MAP_SHARED, g->memfd, 0);
	if (g->mem == MAP_FAILED)
		tap_bail("map guest memory: %s", strerror(errno));
	for (unsigned int i = 0; i < 2; i++) {
		struct ring *q = &g->q[i];

		q->g = g;
		q->index = i;
		q->kick = event_new();
		q->call = event_new();
		q->err = event_new();
		ring_layout(q, 256);
	}
	g->fd = dev_open();
}

int guest_mem_table_at(struct guest *g, uint64_t uaddr)
{
	struct {
		struct vhost_memory head;
		struct vhost_memory_region region;
	} table = {
		.head = { .nregions = 1 },
		.region = { .guest_phys_addr = GUEST_GPA,
			    .memory_size = GUEST_MEM,
			    .userspace_addr = uaddr },
	};

	return dev_ioctl(g->fd, VHOST_SET_MEM_TABLE, &table);
}

int guest_mem_table(struct guest *g, const void *uaddr)
{
	return guest_mem_table_at(g, (uintptr_t)uaddr);
}

int ring_state(struct ring *q, unsigned long request, unsigned int num)
{
	struct vhost_vring_state s = { q->index, num };

	return dev_ioctl(q->g->fd, request, &s);
}

int ring_fd(struct ring *q, unsigned long request, int fd)
{
	struct vhost_vring_file f = { q->index, fd };

	return dev_ioctl(q->g->fd, request, &f);
}

int ring_event_move(struct ring *q, unsigned long request, int number)
{
	int fd = event_new(), err;
	uint64_t one = 1;
	bool due;

	err = ring_fd(q, request, fd);
	due = request == VHOST_SET_VRING_KICK || event_wait(number, 0);
	if (!err && dup2(fd, number) != number)
		err = -errno;
	if (!err && due && write(number, &one, sizeof(one)) != sizeof(one))
		err = -errno;
	close(fd);
	return err;
}

int ring_addr(struct ring *q, const uint8_t *base, unsigned int flags, uint64_t log_gpa)
{
	struct vhost_vring_addr a = {
		.index = q->index,
		.flags = flags,
		.desc_user_addr = (uintptr_t)(base + q->off_desc),
		.avail_user_addr = (uintptr_t)(base + q->off_avail),
		.used_user_addr = (uintptr_t)(base + q->off_used),
		.log_guest_addr = log_gpa,
	};

	return dev_ioctl(q->g->fd, VHOST_SET_VRING_ADDR, &a);
}

int ring_backend(struct ring *q, int fd)
{
	return ring_fd(q, VHOST_NET_SET_BACKEND, fd);
}

int ring_base(struct ring *q)
{
	struct vhost_vring_state s = { q->index, 0 };
	int err = dev_ioctl(q->g->fd, VHOST_GET_VRING_BASE, &s);

	if (err)
		return err;
	return q->packed ? packed_count(q, s.num) : (int)s.num;
}

int ring_begin(struct ring *q, uint16_t count)
{
	q->avail_idx = q->used_seen = count;
	if (q->packed)
		packed_layout(q, count);
	else
		q->avail->idx = q->used->idx = count;
	return ring_state(q, VHOST_SET_VRING_BASE, q->packed ? packed_base(q, count) : count);
}

static void must(int err, const char *what)
{
	if (err)
		tap_bail("%s: %s", what, strerror(-err));
}

void guest_start(struct guest *g, uint64_t features, unsigned int num)
{
	guest_init(g);
	g->features = features;
	g->hdr_len = features & (F_MRG | F_V1) ? 12 : 10;
	must(dev_ioctl(g->fd, VHOST_SET_OWNER, NULL), "SET_OWNER");
	must(dev_ioctl(g->fd, VHOST_SET_FEATURES, &features), "SET_FEATURES");
	must(guest_mem_table(g, g->mem), "SET_MEM_TABLE");
	for (unsigned int i = 0; i < 2; i++) {
		struct ring *q = &g->q[i];

		ring_layout(q, num);
		must(ring_state(q, VHOST_SET_VRING_NUM, num), "SET_VRING_NUM");
		must(ring_begin(q, 0), "SET_VRING_BASE");
		must(ring_addr(q, g->mem, 0, 0), "SET_VRING_ADDR");
		must(ring_fd(q, VHOST_SET_VRING_KICK, q->kick), "SET_VRING_KICK");
		must(ring_fd(q, VHOST_SET_VRING_CALL, q->call), "SET_VRING_CALL");
		must(ring_fd(q, VHOST_SET_VRING_ERR, q->err), "SET_VRING_ERR");
	}
}

void guest_backend(struct guest *g, int fd)
{
	must(ring_backend(&g->q[RX], fd), "SET_BACKEND rx");
	must(ring_backend(&g->q[TX], fd), "SET_BACKEND tx");
}

void guest_stop(struct guest *g)
{
	close(g->fd);
	for (unsigned int i = 0; i < 2; i++) {
		close(g->q[i].kick);
		close(g->q[i].call);
		close(g->q[i].err);
		free(g->q[i].p.shadow);
	}
	munmap(g->mem, GUEST_MEM);
	close(g->memfd);
}

void ring_repair(struct ring *q, int fd)
{
	must(ring_backend(q, -1), "SET_BACKEND -1");
	ring_layout(q, q->num);
	event_clear(q->err);
	event_clear(q->call);
	must(ring_begin(q, 0), "SET_VRING_BASE");
	must(ring_addr(q, q->g->mem, 0, 0), "SET_VRING_ADDR");
	must(ring_backend(q, fd), "SET_BACKEND");
}

void desc_set(struct ring *q, unsigned int i, uint64_t gpa, uint32_t len, uint16_t flags,
	      uint16_t next)
{
	q->desc[i] = (struct vring_desc){ gpa, len, flags, next };
}

void ring_publish(struct ring *q, uint16_t head)
{
	if (q->packed) {
		packed_publish(q, head);
		return;
	}
	q->avail->ring[q->avail_idx & (q->num - 1)] = head;
	q->avail_idx++;
	__atomic_store_n(&q->avail->idx, q->avail_idx, __ATOMIC_RELEASE);
}

void ring_call_at(struct ring *q, uint16_t used)
{
	if (q->packed)
		packed_call_at(q, used);
	else
		q->avail->ring[q->num] = used; /* heeded with event index only */
}

void ring_no_calls(struct ring *q)
{
	if (q->packed)
		q->p.driver->flags = VRING_PACKED_EVENT_FLAG_DISABLE;
	else
		q->avail->flags = VRING_AVAIL_F_NO_INTERRUPT;
}

bool ring_wants_kick(struct ring *q, uint16_t old)
{
	bool wanted;

	atomic_thread_fence(memory_order_seq_cst);
	if (q->packed)
		wanted = packed_wants_kick(q);
	else if (q->g->features & F_EVENT)
		wanted = vring_need_event(avail_event(q), q->avail_idx, old);
	else
		wanted = !(__atomic_load_n(&q->used->flags, __ATOMIC_ACQUIRE) &
			   VRING_USED_F_NO_NOTIFY);
	q->p.unasked = 0;
	return wanted;
}

void ring_kick(struct ring *q)
{
	uint64_t one = 1;

	if (write(q->kick, &one, sizeof(one)) != sizeof(one))
		tap_bail("kick: %s", strerror(errno));
}

unsigned int ring_wait(struct ring *q, int ms)
{
	uint64_t end = now_ns() + (uint64_t)ms * 1000000ULL;
	uint16_t n;

	for (;;) {
		n = (uint16_t)(used_idx(q) - q->used_seen);
		if (n || now_ns() >= end)
			return n;
		sleep_ms(1);
	}
}

bool ring_take(struct ring *q, struct vring_used_elem *e)
{
	if (used_idx(q) == q->used_seen)
		return false;
	*e = *used_elem(q, q->used_seen++);
	return true;
}
