// SPDX-License-Identifier: GPL-2.0-only
/* One client and its guest, by the bytes of an input: see script.h. */
#include <linux/if_tun.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "oddguest.h"
#include "script.h"
#include "tap.h"

#define MOST 64u /* things done in one input */

struct script_totals script_totals;

static struct guest g;
static struct tap taps[2];
static int others[2];

/* The knobs that an input chooses, and their values; the first is that of the others. */
static const struct choice {
	const char *name, *values[6];
} choices[] = {
	{ "worker", { "caller", "caller", "device", "queue", "workqueue", "shared" } },
	{ "ring_access", { "uaccess", "uaccess", "uaccess", "pinned" } },
	{ "zerocopy", { "0", "0", "1", "200" } },
	{ "without", { "none", "none", "none", "all" } },
	{ "prefetch", { "N", "N", "N", "Y" } },
	{ "poll_us", { "0", "0", "0", "30" } },
	{ "caller_weight", { "128", "128", "2" } },
};
#define CHOICES (sizeof(choices) / sizeof(*choices))

static const char *now[CHOICES];
static char before[CHOICES][32];

static void choose(unsigned int i, const char *value)
{
	if (now[i] && !strcmp(now[i], value))
		return;
	if (knob(choices[i].name, value))
		tap_bail("%s=%s", choices[i].name, value);
	now[i] = value;
}

static void knobs(struct dice *d)
{
	for (unsigned int i = 0; i < CHOICES; i++) {
		unsigned int n = 0;

		while (n < 6 && choices[i].values[n])
			n++;
		choose(i, choices[i].values[below(d, n)]);
	}
}

/* The guest meets a hole in its memory, and goes on. */
static void hole_met(int sig, siginfo_t *info, void *context)
{
	(void)context;
	if ((uint8_t *)info->si_addr < g.mem || (uint8_t *)info->si_addr >= g.mem + GUEST_MEM)
		signal(sig, SIG_DFL);
	mmap(g.mem, GUEST_MEM, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, g.memfd, 0);
}

void script_begin(void)
{
	static const struct sigaction act = { .sa_sigaction = hole_met, .sa_flags = SA_SIGINFO };
	static struct totals t;

	for (unsigned int i = 0; i < CHOICES; i++) {
		char path[100];
		FILE *f;

		snprintf(path, sizeof(path), KNOB_DIR "%s", choices[i].name);
		f = fopen(path, "r");
		if (!f || !fgets(before[i], sizeof(before[i]), f))
			tap_bail("%s", path);
		fclose(f);
	}
	sigaction(SIGSEGV, &act, NULL);
	sigaction(SIGBUS, &act, NULL);
	tap_new(&taps[0], "script0", 12);
	tap_new(&taps[1], "script1", 12);
	others[0] = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	others[1] = packet_socket(taps[0].name, ETH_TEST, true);
	anything.totals = &t;
	anything.uffd = -1;
}

void script_end(void)
{
	for (unsigned int i = 0; i < CHOICES; i++) {
		before[i][strcspn(before[i], "\n")] = 0;
		choose(i, before[i]);
	}
	tap_del(&taps[0]);
	tap_del(&taps[1]);
	close(others[0]);
	close(others[1]);
}

static void kick(unsigned int q)
{
	uint64_t one = 1;

	if (write(g.q[q].kick, &one, sizeof(one)) == sizeof(one))
		script_totals.kicks++;
}

/* Frames to receive, or a frame with an offload from a socket that may send one. */
static void from_far(struct dice *d)
{
	static const uint32_t lengths[] = { 60, 61, 200, 1000, 1514 };
	uint8_t buf[12 + 2048];

	for (unsigned int n = 1 + (unsigned int)below(d, 4); n; n--) {
		size_t len = lengths[below(d, 5)];
		bool plain = !one_in(d, 4);
		struct virtio_net_hdr h = { 0 };

		frame_make(buf + sizeof(h), len, (uint32_t)script_totals.frames);
		if (!plain) {
			h.flags = (uint8_t)below(d, 2);
			h.csum_start = (uint16_t)below(d, 64);
			h.csum_offset = (uint16_t)below(d, 16);
		}
		memcpy(buf, &h, sizeof(h));
		if (send(plain ? taps[0].far : others[1], plain ? buf + sizeof(h) : buf,
			 plain ? len : len + sizeof(h), MSG_DONTWAIT) > 0)
			script_totals.frames++;
	}
}

/* The client stops a queue and starts it again, with or without its state. */
static void restart(struct dice *d)
{
	struct ring *r = &g.q[below(d, 2)];
	int fd = one_in(d, 4) ? others[1] : taps[below(d, 4) == 3].fd;

	if (one_in(d, 2))
		ring_backend(r, -1);
	else
		ring_base(r);
	if (one_in(d, 2)) {
		ring_begin(r, (uint16_t)odd_number(d, r->num));
		odd_from(r, 0);
	}
	ring_addr(r, g.mem, (unsigned int)below(d, 2), GUEST_GPA + r->off_used);
	ring_backend(r, fd);
	script_totals.changes++;
}

/* All of guest memory in the IOTLB, or in two parts. */
static void translate(struct dice *d)
{
	uint64_t half = one_in(d, 2) ? 0 : (1 + below(d, 64)) << 12;

	for (unsigned int i = 0; i < 2; i++) {
		uint64_t from = i ? half : 0, to = i ? GUEST_MEM : half;
		struct vhost_msg_v2 m = { .type = VHOST_IOTLB_MSG_V2 };

		/* Rings are at user addresses then, buffers at those of the guest. */
		for (unsigned int rings = 0; from < to && rings < 2; rings++) {
			m.iotlb = (struct vhost_iotlb_msg){
				.iova = (rings ? (uintptr_t)g.mem : GUEST_GPA) + from,
				.size = to - from,
				.uaddr = (uintptr_t)g.mem + from,
				.perm = one_in(d, 8) ? VHOST_ACCESS_RO : VHOST_ACCESS_RW,
				.type = VHOST_IOTLB_UPDATE,
			};
			if (write(g.fd, &m, sizeof(m)) == sizeof(m))
				anything.totals->messages++;
		}
	}
}

static void log_on(struct dice *d)
{
	uint64_t base = (uintptr_t)g.mem + BIG + (4u << 20), f = g.features | F_LOG;

	dev_ioctl(g.fd, VHOST_SET_LOG_BASE, &base);
	dev_ioctl(g.fd, VHOST_SET_FEATURES, &f);
	if (one_in(d, 2))
		ring_addr(&g.q[below(d, 2)], g.mem, 1, GUEST_GPA + below(d, 256));
}

/* The whole table again in up to eight regions, with borders where it likes, or other memory. */
static void regions(struct dice *d)
{
	struct {
		struct vhost_memory head;
		struct vhost_memory_region r[8];
	} t = { .head.nregions = 0 };
	uint64_t from = 0;

	while (t.head.nregions < 7 && from < GUEST_MEM && !one_in(d, 4)) {
		uint64_t len = 1 + below(d, 65536);

		len *= one_in(d, 2) ? 1 : 64;
		len = from + len > GUEST_MEM ? GUEST_MEM - from : len;
		t.r[t.head.nregions++] = (struct vhost_memory_region){ GUEST_GPA + from, len,
								       (uintptr_t)g.mem + from, 0 };
		from += len;
	}
	if (from < GUEST_MEM)
		t.r[t.head.nregions++] = (struct vhost_memory_region){ GUEST_GPA + from,
								       GUEST_MEM - from,
								       (uintptr_t)g.mem + from, 0 };
	if (one_in(d, 4))
		t.head.nregions--;
	dev_ioctl(g.fd, VHOST_SET_MEM_TABLE, &t);
	script_totals.changes++;
}

static void one_thing(struct dice *d)
{
	unsigned int q = (unsigned int)below(d, 2), n;

	switch (below(d, 16)) {
	case 0 ... 3:
		for (n = 1 + (unsigned int)below(d, 3); n; n--)
			odd_offer(d, &g.q[q]);
		kick(q);
		break;
	case 4:
		from_far(d);
		break;
	case 5:
		odd_offer(d, &g.q[RX]);
		kick(RX);
		from_far(d);
		break;
	case 6:
	case 7:
		odd_scribble(d, &g.q[q]);
		break;
	case 8:
		kick(q);
		break;
	case 9:
		anything_ioctl(d, anything.devices[below(d, DEVICES)]);
		break;
	case 10:
		anything_message(d, g.fd);
		break;
	case 11:
		anything_to_mappings(d);
		script_totals.changes++;
		break;
	case 12:
		restart(d);
		break;
	case 13:
		translate(d);
		break;
	case 14:
		log_on(d);
		break;
	default:
		regions(d);
		break;
	}
}

static void begin(struct dice *d)
{
	static const uint64_t bits[] = { F_V1,	  F_MRG,   F_EVENT, F_INDIRECT, F_PACKED,
					 F_ORDER, F_EMPTY, F_HDR,   F_PLATFORM };
	uint64_t f = 0, wanted = below(d, 65536);
	uint8_t drain[2048];

	for (unsigned int i = 0; i < sizeof(bits) / sizeof(*bits); i++)
		f |= wanted >> i & 1 ? bits[i] : 0;
	/* Most inputs would serve no frame otherwise. */
	if (wanted >> 14)
		f &= ~F_PLATFORM;
	for (unsigned int i = 0; i < 2; i++)
		while (read(taps[i].fd, drain, sizeof(drain)) > 0 ||
		       recv(taps[i].far, drain, sizeof(drain), MSG_DONTWAIT) > 0)
			;
	guest_start(&g, f, 2u << below(d, 8));
	for (unsigned int i = 0; i < 2; i++) {
		odd_from(&g.q[i], 0);
		ioctl(taps[i].fd, TUNSETVNETHDRSZ, &g.hdr_len);
	}
	anything.mem = g.mem;
	anything.memfd = g.memfd;
	anything.devices[0] = anything.devices[2] = g.fd;
	anything.devices[1] = dev_open();
	anything.events[0] = g.q[RX].kick;
	anything.events[1] = g.q[TX].kick;
	anything.events[2] = g.q[TX].call;
	anything.events[3] = g.q[TX].err;
	anything.files[0] = taps[0].fd;
	anything.files[1] = taps[1].fd;
	anything.files[2] = others[0];
	anything.files[3] = others[1];
	if (f & F_PLATFORM)
		translate(d);
	for (unsigned int i = 0; i < 2; i++)
		ring_backend(&g.q[i], taps[0].fd);
}

void script_run(const uint8_t *bytes, size_t n)
{
	struct dice d = { .at = bytes, .end = bytes + n };

	knobs(&d);
	begin(&d);
	for (unsigned int i = 0; i < MOST && d.at < d.end; i++)
		one_thing(&d);
	/* Waits for the runs, so that what they execute counts for this input. */
	for (unsigned int i = 0; i < 2; i++)
		ring_backend(&g.q[i], -1);
	close(anything.devices[1]);
	guest_stop(&g);
	script_totals.inputs++;
}
