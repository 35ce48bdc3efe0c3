// SPDX-License-Identifier: GPL-2.0-only
/*
 * Frames that the device delivers to the network stack in the tap's name. An observer
 * of the tap sees no difference: what a packet socket is told of a frame, and what the
 * interface counts, are the same without. And it is done for no tap that has more to do
 * with frames than to pass them on. Whose name it is: namesake.c.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/if_link.h>
#include <linux/if_packet.h>
#include <linux/if_tun.h>
#include <linux/virtio_net.h>
#include <net/if.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "nic.h"
#include "tap.h"
#include "traffic.h"

#define SOME 12u /* frames */

static uint8_t buf[SLOT_SIZE];

static long long delivered(void)
{
	return stat_of("tx", "delivered");
}

/* Frames that arrive at @far of those that are sent now. */
static unsigned int send_some(struct guest *g, int far)
{
	unsigned int n = 0;

	for (uint32_t i = 0; i < SOME; i++)
		n += tx_one(g, far, i, 60 + i * 100);
	return n;
}

/* A device with a tap of these flags; the counters are the device's. */
static void start(struct guest *g, struct tap *t, int flags)
{
	guest_start(g, F_V1 | F_MRG, 256);
	stats_find();
	snprintf(t->name, sizeof(t->name), "vl0");
	t->fd = tap_fd("vl0", IFF_TAP | IFF_VNET_HDR | flags, g->hdr_len);
	if_up("vl0");
	t->far = packet_socket("vl0", ETH_TEST, false);
	guest_backend(g, t->fd);
}

static void stop(struct guest *g, struct tap *t)
{
	guest_stop(g);
	tap_del(t);
}

/* What the stack tells of a frame, and what the interface has counted after all. */
struct told {
	struct sockaddr_ll from;
	struct tpacket_auxdata aux;
	uint8_t bytes[200];
	long len;
};

static const struct {
	const char *what;
	uint8_t to[6];
	uint16_t type[2];
} frames[] = {
	{ "broadcast", { 255, 255, 255, 255, 255, 255 }, { ETH_TEST } },
	{ "multicast", { 1, 0, 0x5e, 0, 0, 1 }, { ETH_TEST } },
	{ "to the interface", { 2, 2, 2, 2, 2, 2 }, { ETH_TEST } },
	{ "to another", { 2, 2, 2, 2, 2, 3 }, { ETH_TEST } },
	{ "with a VLAN tag", { 2, 2, 2, 2, 2, 2 }, { ETH_P_8021Q, ETH_TEST } },
	{ "with two VLAN tags", { 2, 2, 2, 2, 2, 2 }, { ETH_P_8021AD, ETH_P_8021Q } },
	{ "802.3", { 2, 2, 2, 2, 2, 2 }, { 60 } },
	{ "IPv4, not whole", { 2, 2, 2, 2, 2, 2 }, { ETH_P_IP } },
};

#define KINDS (sizeof(frames) / sizeof(*frames))

static void listen_to(int far, struct told *t)
{
	union {
		struct cmsghdr head;
		char room[CMSG_SPACE(sizeof(struct tpacket_auxdata))];
	} control;
	struct iovec iov = { t->bytes, sizeof(t->bytes) };
	struct msghdr msg = { .msg_name = &t->from,
			      .msg_namelen = sizeof(t->from),
			      .msg_iov = &iov,
			      .msg_iovlen = 1,
			      .msg_control = &control,
			      .msg_controllen = sizeof(control) };

	memset(t, 0, sizeof(*t));
	for (unsigned int ms = 0; ms < 3000; ms += 10) {
		t->len = recvmsg(far, &msg, MSG_DONTWAIT);
		if (t->len >= 0)
			break;
		sleep_ms(10);
	}
	if (t->len >= 0 && CMSG_FIRSTHDR(&msg))
		memcpy(&t->aux, CMSG_DATA(CMSG_FIRSTHDR(&msg)), sizeof(t->aux));
	t->from.sll_ifindex = 0;
}

/* What the interface has received: bytes, frames, errors, dropped. */
static void counted(unsigned long long *n)
{
	FILE *f = fopen("/proc/thread-self/net/dev", "re");
	char line[300];
	bool found = false;

	while (f && !found && fgets(line, sizeof(line), f))
		found = sscanf(line, " vl0: %llu %llu %llu %llu", n, n + 1, n + 2, n + 3) == 4;
	if (!found)
		tap_bail("no counters of vl0");
	fclose(f);
}

/* Sends one frame of each kind; what is told of each, and counters: counted(). */
static void all_kinds(const char *without, struct told *told, unsigned long long *counts)
{
	struct vring_used_elem e;
	struct guest g;
	struct tap t;
	int on = 1;

	if (knob("without", without))
		tap_bail("parameter without");
	start(&g, &t, 0);
	knob("without", "none");
	if (sh("ip link set vl0 address 02:02:02:02:02:02"))
		tap_bail("no address");
	/* The first tells which interface it is. */
	if (!tx_one(&g, t.far, 0, 60))
		tap_bail("no first frame");
	close(t.far);
	t.far = packet_socket("vl0", ETH_P_ALL, false);
	if (setsockopt(t.far, SOL_PACKET, PACKET_AUXDATA, &on, sizeof(on)))
		tap_bail("PACKET_AUXDATA: %s", strerror(errno));
	for (size_t i = 0; i < KINDS; i++) {
		uint8_t *p = g.mem + slot(0);

		memset(p, 0, g.hdr_len);
		frame_make(p + g.hdr_len, 100, (uint32_t)i);
		memcpy(p + g.hdr_len, frames[i].to, 6);
		for (unsigned int k = 0; k < 2; k++)
			if (frames[i].type[k]) {
				p[g.hdr_len + 12 + 4 * k] = (uint8_t)(frames[i].type[k] >> 8);
				p[g.hdr_len + 13 + 4 * k] = (uint8_t)frames[i].type[k];
			}
		desc_set(&g.q[TX], 0, gpa_of(slot(0)), g.hdr_len + 100, 0, 0);
		ring_publish(&g.q[TX], 0);
		ring_kick(&g.q[TX]);
		if (!ring_wait(&g.q[TX], 5000) || !ring_take(&g.q[TX], &e))
			tap_bail("a buffer that does not come back");
		listen_to(t.far, &told[i]);
	}
	counted(counts);
	tap_is(delivered(), strcmp(without, "none") ? 0 : (long long)KINDS,
	       "without=%s: frames delivered without the tap", without);
	stop(&g, &t);
}

static void the_same(void)
{
	static struct told with[KINDS], without[KINDS];
	unsigned long long a[4], b[4];

	all_kinds("none", with, a);
	all_kinds("deliver", without, b);
	for (size_t i = 0; i < KINDS; i++)
		tap_ok(with[i].len > 0 && !memcmp(&with[i], &without[i], sizeof(with[i])),
		       "a frame %s: the same is told of it (%ld bytes, type %d, tag %u)",
		       frames[i].what, with[i].len, with[i].from.sll_pkttype,
		       with[i].aux.tp_vlan_tci);
	tap_ok(!memcmp(a, b, sizeof(a)) && a[1] >= KINDS,
	       "and the interface counts the same (%llu frames, %llu bytes)", a[1], a[0]);
}

/* Frames that the tap must see: none is delivered without it, and they keep their order. */
static void offloads(void)
{
	unsigned int right = 0;
	struct vring_used_elem e;
	struct guest g;
	struct tap t;

	start(&g, &t, 0);
	tx_one(&g, t.far, 0, 60);
	for (unsigned int i = 0; i < 64; i++) {
		struct virtio_net_hdr *h = (void *)(g.mem + slot(i));

		memset(h, 0, g.hdr_len);
		frame_make(g.mem + slot(i) + g.hdr_len, 200, i);
		if (i == 20 || i == 41) {
			h->flags = VIRTIO_NET_HDR_F_NEEDS_CSUM;
			h->csum_start = 34;
			h->csum_offset = 16;
		}
		desc_set(&g.q[TX], i, gpa_of(slot(i)), g.hdr_len + 200, 0, 0);
		ring_publish(&g.q[TX], (uint16_t)i);
	}
	ring_kick(&g.q[TX]);
	for (unsigned int i = 0; i < 64; i++) {
		if (!ring_wait(&g.q[TX], 2000) || !ring_take(&g.q[TX], &e) ||
		    far_recv(t.far, buf, sizeof(buf), 2000) != 200)
			break;
		/* A checksum asked for may have been written by now. */
		right += ntohl(*(uint32_t *)(buf + 14)) == i;
	}
	tap_is(right, 64, "two frames of 64 ask for a checksum: all arrive in order");
	tap_ok(delivered() < 64, "and not all without the tap (%lld)", delivered());
	stop(&g, &t);
}

static void other_taps(void)
{
	static const struct {
		const char *what;
		int flags;
	} cases[] = { { "a tap of several queues", IFF_MULTI_QUEUE },
		      { "a tap with NAPI", IFF_NAPI } };

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct guest g;
		struct tap t;

		start(&g, &t, cases[i].flags);
		tap_is(send_some(&g, t.far), SOME, "%s: frames arrive", cases[i].what);
		tap_is(delivered(), 0, "%s: through the tap", cases[i].what);
		stop(&g, &t);
	}
}

static void down(void)
{
	struct vring_used_elem e;
	long long before;
	struct guest g;
	struct tap t;

	start(&g, &t, 0);
	tap_is(send_some(&g, t.far), SOME, "a tap that is up: frames arrive");
	before = delivered();
	tap_is(before, SOME - 1, "all but the first without the tap");
	sh("ip link set vl0 down");
	for (uint32_t i = 0; i < SOME; i++) {
		desc_set(&g.q[TX], i, gpa_of(slot(0)), g.hdr_len + 60, 0, 0);
		ring_publish(&g.q[TX], (uint16_t)i);
		ring_kick(&g.q[TX]);
		if (!ring_wait(&g.q[TX], 2000) || !ring_take(&g.q[TX], &e))
			break;
	}
	tap_is(delivered(), before, "a tap that is down: none without the tap");
	sh("ip link set vl0 up");
	while (far_recv(t.far, buf, sizeof(buf), 50) > 0)
		;
	/* The error that the socket has for its interface that went down. */
	far_recv(t.far, buf, sizeof(buf), 50);
	tap_is(send_some(&g, t.far), SOME, "up again: frames arrive");
	tap_is(delivered(), before + SOME, "without the tap");
	stop(&g, &t);
}

static int bpf(int cmd, union bpf_attr *attr)
{
	return (int)syscall(SYS_bpf, cmd, attr, sizeof(*attr));
}

/* A program that drops all, attached to the interface until its descriptor is closed. */
static int attach(int prog)
{
	union bpf_attr attr = { .link_create = { .prog_fd = (uint32_t)prog,
						 .target_ifindex = if_nametoindex("vl0"),
						 .attach_type = BPF_XDP,
						 .flags = XDP_FLAGS_DRV_MODE } };

	return bpf(BPF_LINK_CREATE, &attr);
}

/* A program comes and goes while frames flow: none passes it, and it keeps none back. */
static void program(void)
{
	const struct bpf_insn drop[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 0, .imm = XDP_DROP },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	union bpf_attr attr = { .prog_type = BPF_PROG_TYPE_XDP,
				.insns = (uintptr_t)drop,
				.insn_cnt = 2,
				.license = (uintptr_t) "GPL" };
	unsigned int passed = 0, kept = 0, all = 0;
	int prog = bpf(BPF_PROG_LOAD, &attr), link;
	struct traffic tr;
	struct guest g;
	struct tap t;

	if (prog < 0) {
		tap_skip(4, "no XDP program can be loaded here", "a program of the tap");
		return;
	}
	guest_start(&g, F_V1 | F_MRG, TRAFFIC_NUM);
	stats_find();
	tap_new(&t, "vl0", g.hdr_len);
	guest_backend(&g, t.fd);
	traffic_start(&tr, &g, &t, &t);
	for (unsigned int i = 0; i < 20; i++) {
		unsigned int n, lost;

		if (!traffic_flows(&tr, 100))
			kept++;
		link = attach(prog);
		if (link < 0)
			tap_bail("XDP: %s", strerror(errno));
		/* What was on its way arrives; of those that are sent then none does. */
		sleep_ms(50);
		if (traffic_all_lost(&tr)) {
			n = tr.tx_arrived;
			lost = traffic_all_lost(&tr);
			passed += tr.tx_arrived - lost - n;
			all += lost > 0;
		}
		close(link);
	}
	tap_is(all, 20, "a program that drops all, attached 20 times under traffic: it does");
	tap_is(passed, 0, "and none passes");
	tap_is(kept, 0, "detached: frames flow");
	tap_ok(delivered() > 0, "some without the tap (%lld of %lld)", delivered(),
	       stat_of("tx", "packets"));
	traffic_stop(&tr);
	close(prog);
	stop(&g, &t);
}

int main(int argc, char **argv)
{
	guest_args(argc, argv);
	net_private();
	the_same();
	offloads();
	other_taps();
	down();
	program();
	return tap_done();
}
