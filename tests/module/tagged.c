// SPDX-License-Identifier: GPL-2.0-only
/*
 * VLAN tags through packet sockets, which keep them beside the frame. Would fail if:
 * a tagged frame were dropped, came without its tag or with another frame's, or a
 * checksum to be finished pointed four bytes beside its place.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "nic.h"
#include "tap.h"

#define FRAMES 20u

static uint8_t buf[SLOT_SIZE];

static void veth(void)
{
	if (sh("ip link add ve0 type veth peer name ve1 1>&2") || sh("ip link set ve0 up") ||
	    sh("ip link set ve1 up"))
		tap_bail("veth pair");
	sleep_ms(200);
}

/* A frame of len bytes, tag included. */
static void tagged_make(uint8_t *p, size_t len, uint32_t seq, uint16_t proto, uint16_t tci)
{
	uint16_t tag[2] = { htons(proto), htons(tci) };

	frame_make(p, len - 4, seq);
	memmove(p + 16, p + 12, len - 16);
	memcpy(p + 12, tag, 4);
}

static bool received(struct guest *g, const uint8_t *want, size_t len, unsigned int buffers)
{
	size_t got = 0, off = g->hdr_len;
	struct vring_used_elem e;

	for (unsigned int i = 0; i < buffers; i++) {
		if (!ring_wait(&g->q[RX], 500) || !ring_take(&g->q[RX], &e))
			return false;
		if (memcmp(g->mem + slot(e.id) + off, want + got, e.len - off))
			return false;
		got += e.len - off;
		off = 0;
	}
	return got == len;
}

static void tags(uint64_t features, bool own_header, const char *what)
{
	unsigned int plain = 0, in = 0, outer = 0, pieces = 0, mixed = 0;
	struct guest g;
	int fd, far;

	veth();
	fd = packet_socket("ve0", ETH_P_ALL, own_header);
	far = packet_socket("ve1", ETH_P_ALL, false);
	guest_start(&g, features, 256);
	guest_backend(&g, fd);
	for (uint32_t i = 0; i < FRAMES; i++) {
		plain += rx_one(&g, far, i, 60 + i * 70);

		rx_post(&g, 0, SLOT_SIZE);
		tagged_make(buf, 64 + i * 70, i, ETH_P_8021Q, (uint16_t)(0x6000 + i));
		far_send(far, buf, 64 + i * 70);
		in += received(&g, buf, 64 + i * 70, 1);

		rx_post(&g, 0, SLOT_SIZE);
		tagged_make(buf, 200, i, ETH_P_8021AD, 77);
		far_send(far, buf, 200);
		outer += received(&g, buf, 200, 1);
	}
	tap_is(plain, FRAMES, "%s: frames without a tag", what);
	tap_is(in, FRAMES, "%s: tagged frames come with their tag", what);
	tap_is(outer, FRAMES, "%s: of 802.1ad, too", what);
	/* Both kinds wait in the socket's queue. */
	for (uint32_t i = 0; i < FRAMES; i++) {
		tagged_make(buf, 104, i, ETH_P_8021Q, (uint16_t)i);
		far_send(far, buf, 104);
		frame_make(buf, 100, i);
		far_send(far, buf, 100);
	}
	for (uint32_t i = 0; i < FRAMES; i++) {
		rx_post(&g, 0, SLOT_SIZE);
		tagged_make(buf, 104, i, ETH_P_8021Q, (uint16_t)i);
		mixed += received(&g, buf, 104, 1);
		rx_post(&g, 1, SLOT_SIZE);
		frame_make(buf, 100, i);
		mixed += received(&g, buf, 100, 1);
	}
	tap_is(mixed, 2 * FRAMES, "%s: with and without, in their order", what);
	if (features & F_MRG) {
		for (uint32_t i = 0; i < FRAMES; i++) {
			/* The first border is anywhere in header, addresses and tag. */
			rx_post(&g, 0, 12 + i);
			rx_post(&g, 1, 100);
			rx_post(&g, 2, SLOT_SIZE);
			tagged_make(buf, 300, i, ETH_P_8021Q, 5);
			far_send(far, buf, 300);
			pieces += received(&g, buf, 300, 3);
		}
		tap_is(pieces, FRAMES, "%s: over three buffers", what);
	}
	guest_stop(&g);
	close(fd);
	close(far);
	sh("ip link del ve0");
}

/* A checksum that the receiver is left to finish. */
static void checksum(void)
{
	struct virtio_net_hdr h = { .flags = VIRTIO_NET_HDR_F_NEEDS_CSUM,
				    .csum_start = 18 + 20,
				    .csum_offset = 6 };
	struct virtio_net_hdr *got;
	struct guest g;
	int fd, far;

	veth();
	fd = packet_socket("ve0", ETH_P_ALL, true);
	far = packet_socket("ve1", ETH_P_ALL, true);
	guest_start(&g, 0, 256);
	guest_backend(&g, fd);
	rx_post(&g, 0, SLOT_SIZE);
	memcpy(buf, &h, 10);
	tagged_make(buf + 10, 200, 1, ETH_P_8021Q, 5);
	far_send(far, buf, 210);
	tap_ok(received(&g, buf + 10, 200, 1), "a tagged frame without its checksum comes");
	got = (struct virtio_net_hdr *)(g.mem + slot(0));
	tap_is(got->flags & VIRTIO_NET_HDR_F_NEEDS_CSUM, 1, "its header says so");
	tap_is(got->csum_start, 38, "and where, behind the tag");
	guest_stop(&g);
	close(fd);
	close(far);
	sh("ip link del ve0");
}

int main(int argc, char **argv)
{
	guest_args(argc, argv);
	net_private();
	if (!is_ours() || !modprobe("veth")) {
		tap_skip(1, "the in-tree module drops them, or no veth", "tags");
		return tap_done();
	}
	tags(F_HDR | F_MRG, false, "header of 12 made here");
	tags(F_HDR, false, "header of 10 made here");
	tags(0, true, "header of 10 made by the socket");
	checksum();
	return tap_done();
}
