// SPDX-License-Identifier: GPL-2.0-only
/* Whatever a client and its guest can do to a device, chosen by dice. */
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../../../kmod/vhostlab_uapi.h"
#include "anything.h"

#define PAGE 4096u
#define MEM  ANYTHING_MEM

struct anything anything;

/* An address: of guest memory mostly, else anything. */
static uint64_t an_address(struct dice *d)
{
	switch (below(d, 8)) {
	case 0:
		return roll(d);
	case 1:
		return (uintptr_t)anything.mem + MEM - below(d, 64);
	default:
		return (uintptr_t)anything.mem + below(d, MEM / PAGE) * PAGE;
	}
}

static uint64_t a_length(struct dice *d)
{
	static const uint64_t odd[] = { 0, 1, PAGE, MEM, 1ULL << 32, 1ULL << 63, ~0ULL };

	return one_in(d, 4) ? odd[below(d, 7)] : below(d, MEM / PAGE) * PAGE;
}

static int a_file(struct dice *d)
{
	switch (below(d, 6)) {
	case 0:
		return -1;
	case 1:
		return anything.devices[below(d, DEVICES)];
	case 2:
		return (int)below(d, 40);
	default:
		return anything.files[below(d, 4)];
	}
}

static int an_event(struct dice *d)
{
	return one_in(d, 8) ? a_file(d) : anything.events[below(d, EVENTS)];
}

static unsigned int an_index(struct dice *d)
{
	return one_in(d, 16) ? (unsigned int)roll(d) : (unsigned int)below(d, 2);
}

static bool ask(int fd, unsigned long request, const void *arg)
{
	bool good = !dev_ioctl(fd, request, arg);

	anything.totals->ioctls++;
	anything.totals->accepted += good;
	return good;
}

static void table(struct dice *d, int fd)
{
	struct {
		struct vhost_memory head;
		struct vhost_memory_region r[8];
	} t = { .head.nregions = (uint32_t)below(d, 9) };

	if (one_in(d, 16))
		t.head.nregions = (uint32_t)roll(d);
	for (unsigned int i = 0; i < 8; i++) {
		t.r[i].guest_phys_addr = GUEST_GPA + i * (MEM / 8);
		t.r[i].memory_size = one_in(d, 8) ? a_length(d) : MEM / 8;
		t.r[i].userspace_addr = one_in(d, 8) ? an_address(d)
						     : (uintptr_t)anything.mem + i * (MEM / 8);
	}
	ask(fd, VHOST_SET_MEM_TABLE, one_in(d, 16) ? (void *)(uintptr_t)an_address(d) : &t);
}

static uint64_t features(struct dice *d)
{
	static const uint64_t all[] = { F_MRG, F_EVENT, F_INDIRECT, F_V1,    F_LOG,
					F_HDR, F_EMPTY, F_PLATFORM, F_ORDER, F_PACKED };
	uint64_t f = 0;

	if (one_in(d, 16))
		return roll(d);
	for (unsigned int i = 0; i < sizeof(all) / sizeof(*all); i++)
		f |= one_in(d, 2) ? all[i] : 0;
	/* Without it far more devices get to serve: nearly all accesses of an IOTLB miss. */
	return one_in(d, 3) ? f : f & ~F_PLATFORM;
}

static void ring_setup(struct dice *d, int fd, unsigned int index)
{
	unsigned int num = 1u << below(d, 9);
	struct vhost_vring_state s = { index, one_in(d, 16) ? (unsigned int)roll(d) : num };
	struct vhost_vring_addr a = { .index = index,
				      .flags = (unsigned int)below(d, 2),
				      .desc_user_addr = an_address(d),
				      .avail_user_addr = an_address(d),
				      .used_user_addr = an_address(d),
				      .log_guest_addr = GUEST_GPA + below(d, MEM) };
	struct vhost_vring_file f = { index, an_event(d) };

	ask(fd, VHOST_SET_VRING_NUM, &s);
	s.num = one_in(d, 4) ? (unsigned int)roll(d) : 0;
	ask(fd, VHOST_SET_VRING_BASE, &s);
	ask(fd, VHOST_SET_VRING_ADDR, &a);
	ask(fd, VHOST_SET_VRING_KICK, &f);
	f.fd = an_event(d);
	ask(fd, VHOST_SET_VRING_CALL, &f);
}

/* All that makes a device serve, so that the rest happens to one that does. */
void anything_setup(struct dice *d, int fd)
{
	uint64_t f = features(d);
	struct vhost_vring_file backend = { 0, anything.files[below(d, 2)] };

	ask(fd, VHOST_SET_OWNER, NULL);
	ask(fd, VHOST_SET_FEATURES, &f);
	table(d, fd);
	for (backend.index = 0; backend.index < 2; backend.index++) {
		ring_setup(d, fd, backend.index);
		ask(fd, VHOST_NET_SET_BACKEND, &backend);
	}
}

void anything_ioctl(struct dice *d, int fd)
{
	static const unsigned long ring[] = {
		VHOST_SET_VRING_NUM,
		VHOST_SET_VRING_BASE,
		VHOST_GET_VRING_BASE,
		VHOST_SET_VRING_ENDIAN,
		VHOST_SET_VRING_BUSYLOOP_TIMEOUT,
		VHOST_SET_VRING_ERR,
		VHOST_SET_VRING_KICK,
		VHOST_SET_VRING_CALL,
		VHOST_NET_SET_BACKEND,
	};
	struct vhost_vring_state s = { an_index(d), (unsigned int)below(d, 1024) };
	uint64_t bits = features(d);
	struct vhostlab_floor floor = { .backend = a_file(d),
					.len = (uint32_t)below(d, 2000),
					.frame = an_address(d),
					.send = (uint32_t)below(d, 64),
					.sent = (uint32_t)below(d, 64),
					.turns = below(d, 4) };
	int file = an_event(d);

	switch (below(d, 12)) {
	case 0:
		ask(fd, VHOST_SET_FEATURES, &bits);
		break;
	case 1:
		table(d, fd);
		break;
	case 2:
		ask(fd, one_in(d, 2) ? VHOST_RESET_OWNER : VHOST_SET_OWNER, NULL);
		break;
	case 3:
		bits = an_address(d);
		ask(fd, VHOST_SET_LOG_BASE, &bits);
		break;
	case 4:
		ask(fd, VHOST_SET_LOG_FD, &file);
		break;
	case 5:
		bits = below(d, 4);
		ask(fd, VHOST_SET_BACKEND_FEATURES, &bits);
		break;
	case 6:
		ask(fd, one_in(d, 8) ? roll(d) : VHOSTLAB_FLOOR, &floor);
		break;
	case 7:
		ring_setup(d, fd, an_index(d));
		break;
	default:
		if (one_in(d, 2))
			s.num = (unsigned int)a_file(d);
		ask(fd, ring[below(d, 9)],
		    one_in(d, 16) ? (void *)(uintptr_t)an_address(d) : (void *)&s);
		break;
	}
}

/* IOTLB updates and invalidations, and what the device asks. */
void anything_message(struct dice *d, int fd)
{
	struct vhost_msg_v2 m = { .type = one_in(d, 2) ? VHOST_IOTLB_MSG_V2 : VHOST_IOTLB_MSG };
	struct pollfd p = { fd, POLLIN, 0 };

	m.iotlb.iova = GUEST_GPA + below(d, MEM / PAGE) * PAGE;
	m.iotlb.size = a_length(d);
	m.iotlb.uaddr = an_address(d);
	m.iotlb.perm = (uint8_t)below(d, 5);
	m.iotlb.type = (uint8_t)below(d, 8);
	if (one_in(d, 3) && poll(&p, 1, 0) > 0 && read(fd, &m, sizeof(m)) > 0)
		m.iotlb.type = VHOST_IOTLB_UPDATE;
	if (write(fd, &m, one_in(d, 16) ? below(d, sizeof(m)) : sizeof(m)) < 0)
		m.type = 0;
	anything.totals->messages++;
}

/* A guest that writes anything anywhere, sensible descriptors among it. */
void anything_in_memory(struct dice *d)
{
	for (unsigned int i = 0; i < 64; i++) {
		struct vring_desc *desc = (void *)(anything.mem + below(d, MEM / 16) * 16);
		struct vring_desc fresh = { GUEST_GPA + below(d, MEM), (uint32_t)below(d, 4096),
					    (uint16_t)below(d, 8), (uint16_t)below(d, 16) };

		if (one_in(d, 4))
			*(uint64_t *)(void *)desc = roll(d);
		else
			*desc = fresh;
	}
	/* The first words of a page are where a ring has its index. */
	for (unsigned int i = 0; i < 16; i++)
		((uint16_t *)(void *)(anything.mem + below(d, MEM / PAGE) * PAGE))[1] +=
			(uint16_t)below(d, 8);
	anything.totals->noise++;
}

void anything_to_mappings(struct dice *d)
{
	size_t off = below(d, MEM / PAGE) * PAGE, len = (1 + below(d, 64)) * PAGE;
	struct uffdio_register reg = { .mode = UFFDIO_REGISTER_MODE_MISSING };
	uint8_t *at = anything.mem + off;

	len = off + len > MEM ? MEM - off : len;
	reg.range = (struct uffdio_range){ (uintptr_t)at, len };
	switch (below(d, 7)) {
	case 0:
		madvise(at, len, MADV_DONTNEED);
		break;
	case 1:
		fallocate(anything.memfd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, (off_t)off,
			  len);
		break;
	case 2:
		mprotect(at, len, one_in(d, 2) ? PROT_READ : PROT_NONE);
		break;
	case 3:
		mmap(at, len, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
		break;
	case 4:
		/* The page comes late, or never: see late(). */
		if (anything.uffd >= 0 && one_in(d, 16))
			ioctl(anything.uffd, UFFDIO_REGISTER, &reg);
		break;
	default:
		mmap(at, len, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, anything.memfd,
		     (off_t)off);
		break;
	}
	anything.totals->mappings++;
}

/* A process of ours that holds the devices, does something to them, and execs or ends. */
static void fork_one(struct dice *d)
{
	pid_t pid = fork();

	anything.totals->forks++;
	if (pid)
		return;
	for (unsigned int i = 0; i < 16; i++)
		anything_ioctl(d, anything.devices[below(d, DEVICES)]);
	if (one_in(d, 2))
		execl("/bin/true", "true", NULL);
	_exit(0);
}

static void reopen(struct dice *d)
{
	unsigned int i = (unsigned int)below(d, DEVICES);
	int fd = open(device, O_RDWR | O_CLOEXEC | O_NONBLOCK);

	if (fd < 0)
		return;
	/* In one step, so that a number is never free for another file. */
	dup3(fd, anything.devices[i], one_in(d, 2) ? O_CLOEXEC : 0);
	close(fd);
}

void anything_by_client(struct dice *d)
{
	int fd = anything.devices[below(d, DEVICES)];
	uint64_t one = 1;

	switch (below(d, 64)) {
	case 0:
		reopen(d);
		break;
	case 1:
		if (one_in(d, 8))
			fork_one(d);
		break;
	case 2 ... 5:
		anything_setup(d, fd);
		break;
	case 6 ... 15:
		anything_message(d, fd);
		break;
	case 16 ... 25:
		if (write(anything.events[below(d, EVENTS)], &one, sizeof(one)) == sizeof(one))
			anything.totals->kicks++;
		break;
	case 26 ... 30:
		anything_to_mappings(d);
		break;
	default:
		anything_ioctl(d, fd);
		break;
	}
}
