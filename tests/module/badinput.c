// SPDX-License-Identifier: GPL-2.0-only
/*
 * Bad input by a client: the cases of doc/bad-input.md that no other program tests, with the answer
 * that each must get. Every case is put to the in-tree module as well, whose answer is the same or
 * stands beside ours with the reason. Would fail if: an answer changed, a refused call changed the
 * device, or a message said more than it means. Files, logs and limits: badfile.c; what a guest does:
 * badguest.c.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "both.h"
#include "iommu.h"
#include "nic.h"
#include "tap.h"

#define KERNEL_SPACE 0xffff888000000000ULL
#define PAGE	     4096u
#define PATIENCE     4000
#define SET_ARRAY    _IOW(VHOST_VIRTIO, 0x83, uint64_t)

/* Every ioctl with an argument that reads or changes a device. */
static const struct request {
	unsigned long cmd;
	const char *name;
	size_t size;
	enum { DEVICE, QUEUE, FEATURES } kind;
} requests[] = {
	{ VHOST_SET_FEATURES, "SET_FEATURES", 8, FEATURES },
	{ SET_ARRAY, "SET_FEATURES_ARRAY", 8, FEATURES },
	{ VHOST_SET_BACKEND_FEATURES, "SET_BACKEND_FEATURES", 8, FEATURES },
	{ VHOST_SET_MEM_TABLE, "SET_MEM_TABLE", 8, DEVICE },
	{ VHOST_SET_LOG_BASE, "SET_LOG_BASE", 8, DEVICE },
	{ VHOST_SET_LOG_FD, "SET_LOG_FD", 4, DEVICE },
	{ VHOST_SET_VRING_NUM, "SET_VRING_NUM", 8, QUEUE },
	{ VHOST_SET_VRING_BASE, "SET_VRING_BASE", 8, QUEUE },
	{ VHOST_GET_VRING_BASE, "GET_VRING_BASE", 8, QUEUE },
	{ VHOST_SET_VRING_ADDR, "SET_VRING_ADDR", 40, QUEUE },
	{ VHOST_SET_VRING_KICK, "SET_VRING_KICK", 8, QUEUE },
	{ VHOST_SET_VRING_CALL, "SET_VRING_CALL", 8, QUEUE },
	{ VHOST_SET_VRING_ERR, "SET_VRING_ERR", 8, QUEUE },
	{ VHOST_SET_VRING_BUSYLOOP_TIMEOUT, "SET_VRING_BUSYLOOP_TIMEOUT", 8, QUEUE },
	{ VHOST_GET_VRING_BUSYLOOP_TIMEOUT, "GET_VRING_BUSYLOOP_TIMEOUT", 8, QUEUE },
	{ VHOST_NET_SET_BACKEND, "NET_SET_BACKEND", 8, QUEUE },
};

#define REQUESTS (sizeof(requests) / sizeof(*requests))

static struct guest g;
static struct tap t;

/* The in-tree module of 6.1 does not know the array, and says so in its own way. */
static bool unknown(const struct request *r)
{
	return r->cmd == SET_ARRAY && !is_ours();
}

static void pointers(void)
{
	uint8_t *end_of = hole();

	tapped_start(&g, &t, F_V1);
	if (ring_begin(&g.q[TX], 7))
		tap_bail("SET_VRING_BASE");
	for (size_t i = 0; i < REQUESTS; i++) {
		const struct request *r = &requests[i];
		void *const bad[] = { NULL, (void *)(uintptr_t)KERNEL_SPACE, end_of - r->size / 2 };
		int err = -EFAULT;

		if (unknown(r))
			continue;
		for (int k = 0; k < 3 && err == -EFAULT; k++)
			err = dev_ioctl(g.fd, r->cmd, bad[k]);
		answer(err, -EFAULT, -EFAULT, NULL,
		       "%s: argument at NULL, in the kernel, and over a hole", r->name);
	}
	answer(ring_base(&g.q[TX]) - 7, 0, 0, NULL, "bad arguments: the position is as it was");
	guest_backend(&g, t.fd);
	tap_ok(tx_one(&g, t.far, 1, 100), "bad arguments: the device serves as it was set up");
	tapped_stop(&g, &t);
}

static void indexes(void)
{
	static const uint32_t bad[] = { 2, 0x80000000, 0xffffffff };

	tapped_start(&g, &t, F_V1);
	for (size_t i = 0; i < REQUESTS; i++) {
		int err = -ENOBUFS;

		if (requests[i].kind != QUEUE)
			continue;
		for (int k = 0; k < 3 && err == -ENOBUFS; k++)
			err = dev_ioctl(g.fd, requests[i].cmd, &(uint32_t[16]){ bad[k] });
		answer(err, -ENOBUFS, -ENOBUFS, NULL, "%s: queue 2, 2^31 and 2^32-1",
		       requests[i].name);
	}
	tapped_stop(&g, &t);
}

static void no_owner(void)
{
	struct vhost_msg_v2 m = { .type = VHOST_IOTLB_MSG_V2 };
	int fd = dev_open();

	fcntl(fd, F_SETFL, O_NONBLOCK);
	answer(dev_ioctl(fd, VHOST_GET_VRING_BUSYLOOP_TIMEOUT, &(uint64_t){ 0 }), -EPERM, -EPERM,
	       NULL, "GET_VRING_BUSYLOOP_TIMEOUT without an owner");
	answer(read(fd, &m, sizeof(m)) < 0 ? -errno : 0, -EPERM, -EAGAIN,
	       "messages are for the owner", "read without an owner");
	answer(write(fd, &m, sizeof(m)) < 0 ? -errno : 0, -EPERM, -EFAULT,
	       "messages are for the owner", "write without an owner");
	close(fd);
}

/* One descriptor over a socket; a negative fd receives. */
static int pass(int sock, int fd)
{
	union {
		struct cmsghdr head;
		char room[CMSG_SPACE(sizeof(int))];
	} c = { 0 };
	char one = 1;
	struct iovec iov = { &one, 1 };
	struct msghdr m = {
		.msg_iov = &iov, .msg_iovlen = 1, .msg_control = &c, .msg_controllen = sizeof(c)
	};

	if (fd < 0) {
		if (recvmsg(sock, &m, 0) != 1 || !CMSG_FIRSTHDR(&m))
			return -1;
		memcpy(&fd, CMSG_DATA(&c.head), sizeof(fd));
		return fd;
	}
	c.head = (struct cmsghdr){ .cmsg_len = CMSG_LEN(sizeof(int)),
				   .cmsg_level = SOL_SOCKET,
				   .cmsg_type = SCM_RIGHTS };
	memcpy(CMSG_DATA(&c.head), &fd, sizeof(fd));
	return sendmsg(sock, &m, 0) == 1 ? 0 : -1;
}

/* A process that gets the descriptor of a device that serves. It asks for what is set already. */
static void passed_on(void)
{
	int got[REQUESTS + 1] = { 0 }, sock[2];
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, sock))
		tap_bail("socketpair: %s", strerror(errno));
	fflush(stdout);
	pid = fork();
	if (!pid) {
		int fd = pass(sock[1], -1);
		size_t i;

		for (i = 0; i < REQUESTS; i++) {
			uint64_t arg[8] = { requests[i].cmd == VHOST_SET_FEATURES ? F_V1 : 0 };

			got[i] = dev_ioctl(fd, requests[i].cmd, arg);
		}
		got[i] = dev_ioctl(fd, VHOST_RESET_OWNER, NULL);
		_exit(write(sock[1], got, sizeof(got)) != sizeof(got));
	}
	tapped_start(&g, &t, F_V1);
	guest_backend(&g, t.fd);
	if (pass(sock[0], g.fd) || read(sock[0], got, sizeof(got)) != sizeof(got))
		tap_bail("the other process has no device");
	waitpid(pid, NULL, 0);
	for (size_t i = 0; i <= REQUESTS; i++) {
		const struct request *r = &requests[i];
		bool features = i < REQUESTS && r->kind == FEATURES;

		if (i < REQUESTS && unknown(r))
			continue;
		answer(got[i], -EPERM, features ? 0 : -EPERM,
		       features ? "another process may not turn a feature under a device that runs"
				: NULL,
		       "%s by a process that was passed the descriptor",
		       i < REQUESTS ? r->name : "RESET_OWNER");
	}
	tap_ok(tx_one(&g, t.far, 1, 100), "passed on: the device serves its owner");
	close(sock[0]);
	close(sock[1]);
	tapped_stop(&g, &t);
}

static int table(unsigned int n, const struct vhost_memory_region *r)
{
	struct {
		struct vhost_memory head;
		struct vhost_memory_region r[4];
	} m = { .head.nregions = n };

	memcpy(m.r, r, n * sizeof(*r));
	return dev_ioctl(g.fd, VHOST_SET_MEM_TABLE, &m);
}

/* A frame from that guest address, where slot 0 is. */
static bool sends_from(uint64_t gpa, uint32_t seq)
{
	static uint8_t got[200];
	struct vring_used_elem e;

	memset(g.mem + slot(0), 0, g.hdr_len);
	frame_make(g.mem + slot(0) + g.hdr_len, 100, seq);
	desc_set(&g.q[TX], 0, gpa, g.hdr_len + 100, 0, 0);
	ring_publish(&g.q[TX], 0);
	ring_kick(&g.q[TX]);
	return ring_wait(&g.q[TX], PATIENCE) && ring_take(&g.q[TX], &e) &&
	       far_recv(t.far, got, sizeof(got), PATIENCE) == 100 && frame_check(got, 100) == seq;
}

/* The table that no queue may run with, or with nothing in it; and tables that look odd and are right. */
static void tables(void)
{
	const char *early = "addresses that no client has are refused before a queue uses them";
	uintptr_t mem;
	struct vhost_memory *last = (void *)(hole() - sizeof(*last));
	static struct {
		struct vhost_memory head;
		struct vhost_memory_region r[510];
	} many;

	tapped_start(&g, &t, F_V1);
	mem = (uintptr_t)g.mem;
	last->nregions = 0xffffffff;
	answer(dev_ioctl(g.fd, VHOST_SET_MEM_TABLE, last), -E2BIG, -E2BIG, NULL,
	       "SET_MEM_TABLE of 2^32-1 regions, none of them there: refused by their number");
	many.head.nregions = 510;
	answer(dev_ioctl(g.fd, VHOST_SET_MEM_TABLE, &many), -E2BIG, -E2BIG, NULL,
	       "SET_MEM_TABLE of 510 regions");
	answer(guest_mem_table_at(&g, KERNEL_SPACE), -EFAULT, 0, early,
	       "SET_MEM_TABLE: kernel address, no backend");
	answer(ring_backend(&g.q[TX], t.fd), 0, -EFAULT, "our table is still the one before",
	       "SET_BACKEND after a table in the kernel");
	answer(ring_backend(&g.q[TX], -1), 0, -EFAULT, "nothing keeps a client from unbinding",
	       "SET_BACKEND -1 after a table in the kernel");
	answer(guest_mem_table_at(&g, -4096ULL), -EFAULT, 0, early,
	       "SET_MEM_TABLE: wrapping user address, no backend");

	if (guest_mem_table(&g, g.mem))
		tap_bail("SET_MEM_TABLE");
	guest_backend(&g, t.fd);
	answer(table(0, NULL), 0, 0, NULL, "SET_MEM_TABLE of no region, running");
	desc_set(&g.q[TX], 0, gpa_of(slot(0)), 112, 0, 0);
	ring_publish(&g.q[TX], 0);
	ring_kick(&g.q[TX]);
	tap_ok(event_wait(g.q[TX].err, PATIENCE), "no region: a frame is an error event");
	if (guest_mem_table(&g, g.mem))
		tap_bail("SET_MEM_TABLE");
	ring_repair(&g.q[TX], t.fd);
	tap_ok(tx_one(&g, t.far, 1, 100), "the region is there again: served");

#define TABLE(...) \
	table(sizeof((struct vhost_memory_region[]){ __VA_ARGS__ }) / \
		      sizeof(struct vhost_memory_region), \
	      (struct vhost_memory_region[]){ __VA_ARGS__ })
	answer(TABLE({ PAGE, (1ULL << 47) - 3 * PAGE, PAGE, 0 }), 0, 0, NULL,
	       "identity region over all of user space, running");
	tap_ok(sends_from(mem + slot(0), 2), "identity region: a frame is sent through it");
	answer(TABLE({ GUEST_GPA + 0x12345, 0x2001, mem + slot(0) - 0x1000, 0 }), 0, 0, NULL,
	       "region of 8193 bytes at odd addresses, running");
	tap_ok(sends_from(GUEST_GPA + 0x13345, 3), "odd region: a frame is sent through it");
	answer(TABLE({ GUEST_GPA + 4, GUEST_MEM - 4, mem + 4, 0 },
		     { GUEST_GPA, GUEST_MEM, mem, 0 }),
	       0, 0, NULL, "two regions that overlap and agree, running");
	tap_ok(sends_from(gpa_of(slot(0)), 4), "regions that agree: a frame is sent");
	/* Which of two that disagree is looked at is not said, but it is one of them. */
	memcpy(g.mem + BIG, g.mem + slot(0), PAGE);
	frame_make(g.mem + BIG + 12, 100, 5);
	answer(TABLE({ GUEST_GPA, GUEST_MEM, mem, 0 }, { gpa_of(slot(0)), PAGE, mem + BIG, 0 }), 0,
	       0, NULL, "two regions that overlap and disagree, running");
	desc_set(&g.q[TX], 0, gpa_of(slot(0)), 112, 0, 0);
	ring_publish(&g.q[TX], 0);
	ring_kick(&g.q[TX]);
	{
		uint8_t got[200] = { 0 };
		long n = far_recv(t.far, got, sizeof(got), PATIENCE);
		long long seq = n == 100 ? frame_check(got, 100) : -1;

		tap_ok(seq == 4 || seq == 5, "regions that disagree: one of both frames is sent");
	}
	tapped_stop(&g, &t);
}

static void order(void)
{
	uint8_t got[200];

	guest_init(&g);
	g.features = F_V1;
	g.hdr_len = 12;
	tap_new(&t, "vl0", 12);
	dev_ioctl(g.fd, VHOST_SET_OWNER, NULL);
	dev_ioctl(g.fd, VHOST_SET_FEATURES, &g.features);
	if (ring_addr(&g.q[TX], g.mem, 0, 0))
		tap_bail("SET_VRING_ADDR");
	answer(ring_backend(&g.q[TX], t.fd), -EFAULT, -EFAULT, NULL,
	       "SET_BACKEND with addresses and without a table");
	if (guest_mem_table(&g, g.mem) || ring_fd(&g.q[TX], VHOST_SET_VRING_KICK, g.q[TX].kick))
		tap_bail("set up");
	answer(ring_backend(&g.q[TX], t.fd), 0, 0, NULL, "SET_BACKEND without a size: one entry");
	g.q[TX].num = 1;
	tap_ok(sends_from(gpa_of(slot(0)), 1) && sends_from(gpa_of(slot(0)), 2),
	       "a ring of one entry: two frames are sent");
	while (far_recv(t.far, got, sizeof(got), 0) > 0)
		;
	tapped_stop(&g, &t);
}

static struct iommu mmu;

static void post(struct ring *q, uint64_t gpa)
{
	desc_set(q, 0, gpa, 112, 0, 0);
	ring_publish(q, 0);
	ring_kick(q);
}

/* Nothing but what the message means is in it: the rest would be the kernel's memory. */
static void message_padding(bool v2)
{
	uint64_t features = v2 ? BACKEND_V2 : 0;
	struct vhost_iotlb_msg *m;
	uint8_t raw[sizeof(struct vhost_msg_v2)];
	unsigned int left = 0;
	ssize_t n;

	if (!v2 && sizeof(void *) == 4 &&
	    !ours_alone("in-tree gives 32-bit clients the 64-bit layout", "the first layout"))
		return;
	iommu_init(&mmu, F_V1, 256, 1);
	dev_ioctl(mmu.g.fd, VHOST_SET_BACKEND_FEATURES, &features);
	tap_new(&t, "vl0", 12);
	iommu_used_rings(&mmu);
	if (ring_backend(&mmu.g.q[TX], t.fd))
		tap_bail("SET_BACKEND");
	post(&mmu.g.q[TX], gpa_of(slot(0)));
	event_wait(mmu.g.fd, PATIENCE);
	memset(raw, 0xff, sizeof(raw));
	n = read(mmu.g.fd, raw, sizeof(raw));
	m = (void *)(raw + (v2 ? offsetof(struct vhost_msg_v2, iotlb)
			       : offsetof(struct vhost_msg, iotlb)));
	m->iova = 0;
	m->perm = m->type = 0;
	memset(raw, 0, sizeof(uint32_t));
	for (ssize_t i = 0; i < n; i++)
		left += raw[i] != 0;
	tap_ok(n > 0 && !left, "a question in the %s layout: %u bytes beside it are not 0",
	       v2 ? "second" : "first", left);
	iommu_free(&mmu);
	tap_del(&t);
}

/* The ring goes elsewhere, and where it was is still known: nothing may be written there. */
static void ring_moved(void)
{
	struct ring *q = &mmu.g.q[TX];
	struct vring_used *before;
	uint16_t was;
	bool sent;

	if (!ours_alone("in-tree kernels before the fix of CVE-2026-74580 write there",
			"ring moved under an IOTLB"))
		return;
	iommu_init(&mmu, F_V1, 256, 1);
	tap_new(&t, "vl0", 12);
	iommu_update(&mmu, gpa_of(0), GUEST_MEM, places_at(&mmu.places, 0));
	guest_backend(&mmu.g, t.fd);
	sent = tx_one(&mmu.g, t.far, 1, 100);
	before = q->used;
	was = before->idx;
	memcpy(mmu.g.mem + BIG, mmu.g.mem, 2 * RING_AREA);
	q->off_desc += BIG;
	q->off_avail += BIG;
	q->off_used += BIG;
	q->desc = (void *)(mmu.g.mem + q->off_desc);
	q->avail = (void *)(mmu.g.mem + q->off_avail);
	q->used = (void *)(mmu.g.mem + q->off_used);
	tap_err(ring_addr(q, (uint8_t *)(uintptr_t)gpa_of(0), 0, 0), 0,
		"IOTLB: the ring's addresses change, running");
	tap_ok(sent && tx_one(&mmu.g, t.far, 2, 100) && before->idx == was,
	       "IOTLB: it is served where it is, and not written where it was");
	iommu_free(&mmu);
	tap_del(&t);
}

/* What is known of the ring's addresses was enough before it had more entries. */
static void ring_grown(void)
{
	struct ring *q = &mmu.g.q[TX];
	struct vhost_iotlb_msg m = { 0 };
	bool sent, asked;

	if (!ours_alone("in-tree kernels before the fix of CVE-2026-74580 do not ask",
			"ring grown under an IOTLB"))
		return;
	iommu_init(&mmu, F_V1, 256, 1);
	tap_new(&t, "vl0", 12);
	/* Of the descriptors as many as 256 are, of all else what there is. */
	iommu_update(&mmu, gpa_of(q->off_desc), 256 * 16, places_at(&mmu.places, q->off_desc));
	iommu_update(&mmu, gpa_of(q->off_avail), RING_AREA - 0x8000,
		     places_at(&mmu.places, q->off_avail));
	iommu_update(&mmu, gpa_of(slot(0)), PAGE, places_at(&mmu.places, slot(0)));
	if (ring_backend(q, t.fd))
		tap_bail("SET_BACKEND");
	sent = tx_one(&mmu.g, t.far, 1, 100);
	if (ring_backend(q, -1) || ring_state(q, VHOST_SET_VRING_NUM, 512) || ring_backend(q, t.fd))
		tap_bail("another size");
	ring_kick(q);
	do
		asked = iommu_question(&mmu, &m, 1000);
	while (asked && m.iova != gpa_of(q->off_desc) + 256 * 16);
	tap_ok(sent && asked, "IOTLB: a ring of more entries: the device asks for the rest of it");
	iommu_free(&mmu);
	tap_del(&t);
}

static void cases(void)
{
	pointers();
	indexes();
	no_owner();
	passed_on();
	tables();
	order();
	message_padding(true);
	message_padding(false);
	ring_moved();
	ring_grown();
}

int main(int argc, char **argv)
{
	guest_args(argc, argv);
	net_private();
	both(cases);
	return tap_done();
}
