// SPDX-License-Identifier: GPL-2.0-only
/*
 * Every allocation and every copy of user memory fails once, in turn: first those of each call by
 * which a client sets a device up, then those of the packet path (lib/passage.h). A call that fails
 * says so by an errno, leaves the device as it was, and succeeds when it is repeated. Would fail if
 * an error path forgot to undo a step, reported success, or freed what is still in use. That it
 * frees all of it is what kmemleak is asked about at the end of the boot (lab/debug.config).
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../../kmod/vhostlab_uapi.h"
#include "fault.h"
#include "iommu.h"
#include "nic.h"
#include "passage.h"
#include "tap.h"

#define FEATURES (F_V1 | F_MRG | F_INDIRECT)
#define PATIENCE 5000

static struct guest g;
static struct tap t, other;
static uint64_t features;
static uint32_t seq;

/* What the guest does not have: where a change that took effect would show. */
static uint8_t *blank;

static void must(int err, const char *what)
{
	if (err)
		tap_bail("%s: %s", what, strerror(-err));
}

static int open_again(void)
{
	int fd = open(device, O_RDWR | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	close(fd);
	return 0;
}

static int get_features(void)
{
	uint64_t f = 0;

	return dev_ioctl(g.fd, VHOST_GET_FEATURES, &f);
}

static int set_backend_features(void)
{
	uint64_t f = BACKEND_V2;

	return dev_ioctl(g.fd, VHOST_SET_BACKEND_FEATURES, &f);
}

static int set_features(void)
{
	return dev_ioctl(g.fd, VHOST_SET_FEATURES, &features);
}

static int set_owner(void)
{
	return dev_ioctl(g.fd, VHOST_SET_OWNER, NULL);
}

static int reset_owner(void)
{
	return dev_ioctl(g.fd, VHOST_RESET_OWNER, NULL);
}

/* Without an owner, with the features that were set. */
static void disown(void)
{
	must(reset_owner(), "RESET_OWNER");
	must(set_features(), "SET_FEATURES");
}

/* The device has the features that were set before it had an owner. */
static bool has_features(void)
{
	char path[320];
	unsigned long long is = 0;
	FILE *f;

	snprintf(path, sizeof(path), "%s/features", stats_dir);
	f = fopen(path, "re");
	if (f && fscanf(f, "%llx", &is) != 1)
		is = 0;
	if (f)
		fclose(f);
	return is == features;
}

#define REGIONS 4u

/* Guest memory in several regions, each at its place behind base. */
static int table(const uint8_t *base)
{
	const size_t part = GUEST_MEM / REGIONS;
	struct {
		struct vhost_memory head;
		struct vhost_memory_region r[REGIONS];
	} m = { .head = { .nregions = REGIONS } };

	for (size_t i = 0; i < REGIONS; i++)
		m.r[i] = (struct vhost_memory_region){
			.guest_phys_addr = gpa_of(i * part),
			.memory_size = part,
			.userspace_addr = (uintptr_t)(base + i * part),
		};
	return dev_ioctl(g.fd, VHOST_SET_MEM_TABLE, &m);
}

static int set_table(void)
{
	return table(g.mem);
}

static int set_log_base(void)
{
	uint64_t at = (uintptr_t)blank;

	return dev_ioctl(g.fd, VHOST_SET_LOG_BASE, &at);
}

static int set_log_fd(void)
{
	return dev_ioctl(g.fd, VHOST_SET_LOG_FD, &g.q[TX].err);
}

/* The ring of the next calls. */
static struct ring *ring;

static int set_num(void)
{
	return ring_state(ring, VHOST_SET_VRING_NUM, ring->num);
}

/* Of a fresh ring, which ring_begin() has laid out before. */
static int set_base(void)
{
	return ring_state(ring, VHOST_SET_VRING_BASE, ring->packed ? packed_base(ring, 0) : 0);
}

static int set_addr(void)
{
	return ring_addr(ring, g.mem, 0, 0);
}

static int set_kick(void)
{
	return ring_fd(ring, VHOST_SET_VRING_KICK, ring->kick);
}

static int set_call(void)
{
	return ring_fd(ring, VHOST_SET_VRING_CALL, ring->call);
}

static int set_err(void)
{
	return ring_fd(ring, VHOST_SET_VRING_ERR, ring->err);
}

static int set_busyloop(void)
{
	return ring_state(ring, VHOST_SET_VRING_BUSYLOOP_TIMEOUT, 0);
}

static int set_backend(void)
{
	return ring_backend(ring, t.fd);
}

static int get_base(void)
{
	int base = ring_base(ring);

	return base < 0 ? base : 0;
}

/* Frames pass in both directions, and the calls come that announce them. */
static bool serves(void)
{
	bool good;

	event_clear(g.q[TX].call);
	good = tx_one(&g, t.far, seq, 300) && event_wait(g.q[TX].call, PATIENCE);
	good &= rx_one(&g, t.far, seq + 1, 300);
	seq += 2;
	return good;
}

/* For calls that copy and allocate nothing: no fault of theirs goes without an error. */
static bool never(void)
{
	return false;
}

/* From an open device to one that serves; each call as often as it has places to fail. */
static void set_up(uint64_t with, const char *what)
{
	static const struct call first[] = {
		{ "GET_FEATURES", get_features, NULL, NULL, never, 0 },
		{ "SET_BACKEND_FEATURES", set_backend_features, NULL, NULL, never, 0 },
		{ "SET_FEATURES", set_features, NULL, NULL, never, 0 },
		{ "SET_OWNER", set_owner, disown, has_features, NULL, 0 },
		{ "SET_MEM_TABLE", set_table, NULL, NULL, NULL, 0 },
		{ "SET_LOG_BASE", set_log_base, NULL, NULL, never, 0 },
		{ "SET_LOG_FD", set_log_fd, NULL, NULL, never, 0 },
	};
	static const struct call rings[] = {
		{ "SET_VRING_NUM", set_num, NULL, NULL, never, 0 },
		{ "SET_VRING_BASE", set_base, NULL, NULL, never, 0 },
		{ "SET_VRING_ADDR", set_addr, NULL, NULL, never, 0 },
		{ "SET_VRING_KICK", set_kick, NULL, NULL, never, 0 },
		{ "SET_VRING_CALL", set_call, NULL, NULL, never, 0 },
		{ "SET_VRING_ERR", set_err, NULL, NULL, never, 0 },
		{ "SET_VRING_BUSYLOOP_TIMEOUT", set_busyloop, NULL, NULL, never, 0 },
		{ "NET_SET_BACKEND", set_backend, NULL, NULL, NULL, 0 },
	};
	static const struct call last[] = {
		{ "GET_VRING_BASE", get_base, NULL, serves, never, 0 },
		{ "RESET_OWNER", reset_owner, NULL, NULL, NULL, 0 },
	};

	tap_prefix(what);
	guest_init(&g);
	stats_find();
	features = g.features = with;
	g.hdr_len = 12;
	for (size_t i = 0; i < sizeof(first) / sizeof(*first); i++)
		fault_each(&first[i]);
	for (int i = 0; i < 2; i++) {
		ring = &g.q[i];
		ring->packed = with & F_PACKED;
		must(ring_begin(ring, 0), "SET_VRING_BASE");
		for (size_t k = 0; k < sizeof(rings) / sizeof(*rings); k++)
			fault_each(&rings[k]);
	}
	tap_ok(serves(), "the device serves then");
	for (size_t i = 0; i < sizeof(last) / sizeof(*last); i++)
		fault_each(&last[i]);
	guest_stop(&g);
	tap_prefix("");
}

/* A device that serves, and calls that would change that. */

static int to_other_table(void)
{
	return table(blank);
}

static int to_no_log(void)
{
	int none = -1;

	return dev_ioctl(g.fd, VHOST_SET_LOG_FD, &none);
}

static int to_other_features(void)
{
	uint64_t f = F_INDIRECT; /* another header */

	return dev_ioctl(g.fd, VHOST_SET_FEATURES, &f);
}

static int to_other_addr(void)
{
	return ring_addr(ring, blank, 0, 0);
}

static int stray;

static int to_other_kick(void)
{
	return ring_fd(ring, VHOST_SET_VRING_KICK, stray);
}

static int to_other_call(void)
{
	return ring_fd(ring, VHOST_SET_VRING_CALL, stray);
}

static int to_other_tap(void)
{
	return ring_backend(ring, other.fd);
}

/* What is sent arrives at the other tap, also when its interface is not known. */
static bool sends_to_other(void)
{
	return tx_one(&g, other.far, seq++, 300);
}

static void back(int (*call)(void))
{
	must(call(), "the change back");
}

static void table_back(void)
{
	back(set_table);
}

static void features_back(void)
{
	back(set_features);
}

static void addr_back(void)
{
	back(set_addr);
}

static void kick_back(void)
{
	back(set_kick);
}

static void call_back(void)
{
	back(set_call);
}

static void tap_back(void)
{
	back(set_backend);
}

static void running(void)
{
	static const struct call calls[] = {
		{ "running: the same SET_MEM_TABLE", set_table, NULL, serves, serves, 0 },
		{ "running: the same SET_FEATURES", set_features, NULL, serves, never, 0 },
		{ "running: the same SET_VRING_ADDR", set_addr, NULL, serves, never, 0 },
		{ "running: the same SET_VRING_KICK", set_kick, NULL, serves, never, 0 },
		{ "running: the same SET_VRING_CALL", set_call, NULL, serves, never, 0 },
		{ "running: the same NET_SET_BACKEND", set_backend, NULL, serves, serves, 0 },
		{ "running: SET_MEM_TABLE", to_other_table, table_back, serves, NULL, 0 },
		{ "running: SET_LOG_BASE", set_log_base, NULL, serves, never, 0 },
		{ "running: SET_LOG_FD", to_no_log, NULL, serves, never, 0 },
		{ "running: SET_FEATURES", to_other_features, features_back, serves, never, 0 },
		{ "running: SET_VRING_ADDR", to_other_addr, addr_back, serves, never, 0 },
		{ "running: SET_VRING_KICK", to_other_kick, kick_back, serves, never, 0 },
		{ "running: SET_VRING_CALL", to_other_call, call_back, serves, never, 0 },
		{ "running: NET_SET_BACKEND", to_other_tap, tap_back, serves, sends_to_other, 0 },
	};

	features = FEATURES;
	guest_start(&g, features, 256);
	guest_backend(&g, t.fd);
	ring = &g.q[TX];
	for (size_t i = 0; i < sizeof(calls) / sizeof(*calls); i++) {
		fault_each(&calls[i]);
		if (calls[i].undo)
			calls[i].undo();
		tap_ok(serves(), "%s: and back: frames pass", calls[i].name);
	}
	guest_stop(&g);
}

/* The owner's arrays and workers, in every threading model. */
static void owners(void)
{
	static const char *const models[] = { "device", "queue", "shared", "workqueue", "caller" };
	char name[2][40];

	guest_init(&g);
	stats_find();
	features = F_V1 | F_PACKED;
	must(set_features(), "SET_FEATURES");
	knob("zerocopy", "1000");
	knob("ring_access", "pinned");
	for (size_t i = 0; i < sizeof(models) / sizeof(*models); i++) {
		struct call c = { name[0], set_owner, disown, has_features, NULL, 0 };

		if (knob("worker", models[i])) {
			tap_skip(1, "this kernel has no such model", models[i]);
			continue;
		}
		snprintf(name[0], sizeof(name[0]), "SET_OWNER, worker=%s", models[i]);
		fault_each(&c);
		disown();
		fault_memory(&c);
	}
	knob("ring_access", "uaccess");
	knob("zerocopy", "0");
	knob("worker", "device");
	guest_stop(&g);
}

static int send_floor(void)
{
	static uint8_t frame[100];
	struct vhostlab_floor f = { .backend = t.fd,
				    .len = sizeof(frame),
				    .frame = (uintptr_t)frame,
				    .send = 3,
				    .turns = 1 };

	frame_make(frame, sizeof(frame), 1);
	return dev_ioctl(g.fd, VHOSTLAB_FLOOR, &f);
}

/* The device has no backend, as for the call; and takes one. */
static bool takes_backend(void)
{
	bool good;

	guest_backend(&g, t.fd);
	while (far_recv(t.far, blank, 2000, 0) > 0)
		;
	good = serves();
	must(ring_backend(&g.q[RX], -1), "SET_BACKEND -1");
	must(ring_backend(&g.q[TX], -1), "SET_BACKEND -1");
	return good;
}

static void floor_of_costs(void)
{
	/* EINVAL: the tap could not be asked what it is, so that it is not known to be one. */
	static const struct call c = { "VHOSTLAB_FLOOR", send_floor, NULL,
				       takes_backend,	 NULL,	     .also = -EINVAL };

	guest_start(&g, FEATURES, 256);
	fault_each(&c);
	tap_ok(takes_backend(), "VHOSTLAB_FLOOR: then a backend is served");
	guest_stop(&g);
}

static struct iommu m;

static int update(void)
{
	long n = iommu_update(&m, gpa_of(0), GUEST_MEM, places_at(&m.places, 0));

	return n < 0 ? (int)n : 0;
}

static void update_back(void)
{
	must(update(), "IOTLB: update");
}

static int invalidate(void)
{
	long n = iommu_invalidate(&m, gpa_of(0), GUEST_MEM);

	return n < 0 ? (int)n : 0;
}

/* A kick asks for an address: that makes a question to be read. */
static int ask(void)
{
	struct vhost_msg_v2 got;
	ssize_t n = read(m.g.fd, &got, sizeof(got));

	return n == sizeof(got) ? 0 : n < 0 ? -errno : -EPROTO;
}

static bool question_waits(void)
{
	return event_wait(m.g.fd, 0);
}

static void ask_again(void)
{
	ring_kick(&m.g.q[TX]);
	if (!event_wait(m.g.fd, PATIENCE))
		tap_bail("no question");
}

static bool translates(void)
{
	return tx_one(&m.g, t.far, seq++, 300);
}

static void messages(void)
{
	static const struct call question = {
		"IOTLB: read", ask, ask_again, question_waits, NULL, 0
	};
	static const struct call entry = { "IOTLB: update", update, NULL, NULL, NULL, 0 };
	static const struct call again = {
		"IOTLB: update of what is there", update, NULL, translates, NULL, 0
	};
	static const struct call gone = { "IOTLB: invalidate", invalidate, update_back,
					  translates,	       NULL,	   0 };

	iommu_init(&m, FEATURES, 256, 1);
	guest_backend(&m.g, t.fd);
	ask_again();
	/* Those of both queues; from then on there is one. */
	while (!ask())
		;
	ask_again();
	fault_each(&question);
	fault_each(&entry);
	tap_ok(translates(), "IOTLB: a frame passes then");
	fault_each(&again);
	fault_each(&gone);
	update_back();
	tap_ok(translates(), "IOTLB: and again");
	iommu_free(&m);
}

static void opens(void)
{
	static const struct call c = { "open", open_again, NULL, NULL, NULL, 0 };

	guest_init(&g);
	fault_each(&c);
	fault_memory(&c);
	guest_stop(&g);
}

int main(int argc, char **argv)
{
	guest_args(argc, argv);
	if (!is_ours()) {
		tap_skip(1, "the in-tree module is not under test", "faults on demand");
		return tap_done();
	}
	if (!faults_begin()) {
		tap_skip(1, "this kernel has no fail-nth, or not all of its faults",
			 "faults on demand");
		return tap_done();
	}
	net_private();
	blank = mmap(NULL, GUEST_MEM, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	stray = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (blank == MAP_FAILED || stray < 0)
		tap_bail("memory: %s", strerror(errno));
	tap_new(&t, "vl0", 12);
	tap_new(&other, "vl1", 12);
	opens();
	set_up(FEATURES, "split: ");
	set_up(FEATURES | F_PACKED, "packed: ");
	running();
	owners();
	floor_of_costs();
	messages();
	tap_del(&other);
	tap_del(&t);
	/* What failed for lack of memory before is in the log, by the kernel. */
	kmsg_mark();
	passages();
	tap_note("figures: faults=%lu", faults);
	tap_is(kmsg_lines(), 0, "nothing in the kernel log");
	return tap_done();
}
