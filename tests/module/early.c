// SPDX-License-Identifier: GPL-2.0-only
/*
 * Filters that see a frame from the guest before a protocol has found its transport
 * header: on the tap itself, on a VLAN of it, on the port by which a bridge passes it
 * on. A tap looks for that header, and so filters of tc can compare UDP ports. They do
 * when frames are delivered without the tap's code, as well. Would fail if: such a
 * filter found the network header there, and let pass what it is to drop.
 */
#include <linux/if_ether.h>
#include <string.h>

#include "nic.h"
#include "tap.h"

#define SOME	 20u /* frames to each port */
#define TAG_SIZE 4u /* of a VLAN */
#define FRAME	 (ETH_LEN + 20 + 8 + 58) /* IPv4 and UDP headers, data */
#define DROPPED	 5555
#define OTHER	 6666

#define FILTER \
	"prio 1 protocol ip basic match 'cmp(u16 at 2 layer transport mask 0xffff eq 5555)' " \
	"action drop"

static const struct {
	const char *where, *set_up, *clean_up, *device, *hook;
	bool tagged;
} cases[] = {
	{ "on the tap", "true", "true", "vl0", "ingress", false },
	{ "on a VLAN of it",
	  "ip link add link vl0 name vl0.5 type vlan id 5 && ip link set vl0.5 up", "true", "vl0.5",
	  "ingress", true },
	{ "on a bridge's other port",
	  "ip link add vd1 type dummy && ip link add br0 type bridge && ip link set vl0 master br0 "
	  "&& "
	  "ip link set vd1 master br0 && ip link set vd1 up && ip link set br0 up",
	  "ip link del br0 && ip link del vd1", "vd1", "egress", false },
};

/* An IPv4 datagram to everyone; returns the frame's length. */
static unsigned int datagram(uint8_t *p, uint16_t port, bool tagged)
{
	static const uint8_t head[ETH_LEN - 2] = { 255, 255, 255, 255, 255, 255, 2 };
	static const uint8_t tag[TAG_SIZE] = { 0x81, 0, 0, 5 };
	static const uint8_t ip[20] = {
		0x45, [3] = FRAME - ETH_LEN, [8] = 64, 17, [12] = 10, 0, 0, 1, 10, 0, 0, 2
	};
	const uint8_t udp[8] = { 0x12, 0x34, port >> 8, port & 255, [5] = FRAME - ETH_LEN - 20 };
	uint8_t *at = p;

	memset(p, 0, FRAME + TAG_SIZE);
	at = mempcpy(at, head, sizeof(head));
	if (tagged)
		at = mempcpy(at, tag, sizeof(tag));
	at = mempcpy(at, (uint8_t[]){ ETH_P_IP >> 8, ETH_P_IP & 255 }, 2);
	at = mempcpy(at, ip, sizeof(ip));
	memcpy(at, udp, sizeof(udp));
	return FRAME + (tagged ? TAG_SIZE : 0);
}

/* Sends one frame, and waits for its buffer. */
static void send_one(struct guest *g, uint16_t port, bool tagged)
{
	uint8_t *p = g->mem + slot(0);
	struct vring_used_elem e;
	unsigned int len;

	memset(p, 0, g->hdr_len);
	len = datagram(p + g->hdr_len, port, tagged);
	desc_set(&g->q[TX], 0, gpa_of(slot(0)), g->hdr_len + len, 0, 0);
	ring_publish(&g->q[TX], 0);
	ring_kick(&g->q[TX]);
	if (!ring_wait(&g->q[TX], 5000) || !ring_take(&g->q[TX], &e))
		tap_bail("no buffer came back");
}

static void filtered(size_t i, const char *without)
{
	long long delivered;
	struct guest g;
	struct tap t;

	knob("without", without);
	guest_start(&g, F_V1 | F_MRG, 256);
	stats_find();
	knob("without", "none");
	tap_new(&t, "vl0", g.hdr_len);
	if (sh("%s && tc qdisc add dev %s clsact && tc filter add dev %s %s " FILTER,
	       cases[i].set_up, cases[i].device, cases[i].device, cases[i].hook))
		tap_bail("a filter %s", cases[i].where);
	guest_backend(&g, t.fd);
	for (unsigned int n = 0; n < SOME; n++) {
		send_one(&g, OTHER, cases[i].tagged);
		send_one(&g, DROPPED, cases[i].tagged);
	}
	tap_is(sh("tc -s filter show dev %s %s | grep -q '(dropped %u,'", cases[i].device,
		  cases[i].hook, SOME),
	       0, "a filter by UDP port %s, without=%s: drops all of its %u frames and no other",
	       cases[i].where, without, SOME);
	delivered = stat_of("tx", "delivered");
	tap_is(delivered, strcmp(without, "none") ? 0 : 2 * SOME - 1,
	       "a filter by UDP port %s, without=%s: frames delivered without the tap's code",
	       cases[i].where, without);
	guest_stop(&g);
	tap_del(&t);
	sh("%s", cases[i].clean_up);
}

int main(int argc, char **argv)
{
	static const char *const modules[] = { "cls_basic", "em_cmp", "act_gact", "sch_ingress",
					       "dummy",	    "bridge", "8021q" };

	guest_args(argc, argv);
	net_private();
	for (size_t i = 0; i < sizeof(modules) / sizeof(*modules); i++) {
		if (modprobe(modules[i]))
			continue;
		tap_skip(12, "this kernel lacks a module of tc, bridges or VLANs", "filters");
		return tap_done();
	}
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		filtered(i, "deliver");
		filtered(i, "none");
	}
	return tap_done();
}
