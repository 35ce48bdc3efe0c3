// SPDX-License-Identifier: GPL-2.0-only
/*
 * Frames of a tap are copied from the skb to the guest without recvmsg(), once
 * the socket has written the header in front of one. The guest must see no
 * difference. Would fail if: such frames were not counted by the interface, a
 * checksum that is not yet filled in were marked as valid, or frames were still
 * counted on an interface that was deleted.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "nic.h"
#include "tap.h"

static uint8_t buf[SLOT_SIZE];

/* "packets" or "bytes" that left the interface, as it counts. */
static long long tap_sent(const char *name, const char *what)
{
	/* /sys shows the namespace of the process that mounted it. */
	FILE *f = fopen("/proc/net/dev", "r");
	char line[300];
	long long n = -1;

	if (!f)
		return -1;
	while (fgets(line, sizeof(line), f)) {
		long long v[10];
		char dev[32];

		if (sscanf(line, " %31[^:]: %lld %lld %lld %lld %lld %lld %lld %lld %lld %lld", dev,
			   &v[0], &v[1], &v[2], &v[3], &v[4], &v[5], &v[6], &v[7], &v[8],
			   &v[9]) == 11 &&
		    !strcmp(dev, name))
			n = v[strcmp(what, "bytes") ? 9 : 8];
	}
	fclose(f);
	return n;
}

static void counted(void)
{
	long long packets, bytes;
	unsigned int in = 0;
	struct guest g;
	struct tap t;

	guest_start(&g, F_V1 | F_MRG, 256);
	tap_new(&t, "vl0", g.hdr_len);
	guest_backend(&g, t.fd);
	packets = tap_sent("vl0", "packets");
	bytes = tap_sent("vl0", "bytes");
	for (uint32_t i = 0; i < 50; i++)
		in += rx_one(&g, t.far, i, 60 + 20 * i);
	tap_is(in, 50, "50 frames arrive");
	tap_is(tap_sent("vl0", "packets") - packets, 50, "the interface counted them");
	tap_is(tap_sent("vl0", "bytes") - bytes, 50 * 60 + 20 * 49 * 50 / 2, "and their bytes");
	guest_stop(&g);
	tap_del(&t);
}

/* A frame whose checksum the guest is left to finish: 14 + 20 + 8 + 32 bytes of UDP. */
static void checksums(void)
{
	struct virtio_net_hdr_mrg_rxbuf *h;
	struct vring_used_elem e;
	unsigned int partial = 0;
	struct guest g;
	struct tap t;

	guest_start(&g, F_V1 | F_MRG, 256);
	tap_new(&t, "vl0", g.hdr_len);
	if (ioctl(t.fd, TUNSETOFFLOAD, TUN_F_CSUM))
		tap_bail("TUNSETOFFLOAD");
	guest_backend(&g, t.fd);
	tap_ok(rx_one(&g, t.far, 1, 100), "a frame goes through the socket first");
	if (sh("ip addr add 10.9.0.1/24 dev vl0") ||
	    sh("ip neigh replace 10.9.0.2 lladdr 02:00:00:00:00:01 dev vl0"))
		tap_bail("ip");
	for (unsigned int i = 0; i < 3; i++) {
		struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(9) };
		int fd = socket(AF_INET, SOCK_DGRAM, 0);

		inet_pton(AF_INET, "10.9.0.2", &to.sin_addr);
		rx_post(&g, i, 2048);
		ring_kick(&g.q[RX]);
		memset(buf, i, 32);
		if (sendto(fd, buf, 32, 0, (void *)&to, sizeof(to)) != 32)
			tap_bail("sendto");
		close(fd);
		if (!ring_wait(&g.q[RX], 2000) || !ring_take(&g.q[RX], &e))
			break;
		h = (struct virtio_net_hdr_mrg_rxbuf *)(g.mem + slot(i));
		partial += h->hdr.flags == VIRTIO_NET_HDR_F_NEEDS_CSUM && h->hdr.csum_start == 34 &&
			   h->hdr.csum_offset == 6 && h->num_buffers == 1 && e.len == 12 + 74;
	}
	tap_is(partial, 3, "headers tell where the checksum of 3 datagrams is to go");
	guest_stop(&g);
	tap_del(&t);
}

/* The interface leaves its namespace, comes back under another name, and is deleted. */
static void gone(void)
{
	unsigned int in = 0;
	struct guest g;
	struct tap t;

	guest_start(&g, F_V1 | F_MRG, 256);
	tap_new(&t, "vl0", g.hdr_len);
	guest_backend(&g, t.fd);
	stats_find();
	for (uint32_t i = 0; i < 10; i++)
		in += rx_one(&g, t.far, i, 100);
	tap_is(in, 10, "before the move: 10 frames");
	if (sh("ip netns add vldirect") || sh("ip link set vl0 netns vldirect") ||
	    sh("ip -n vldirect link set vl0 name vl1") ||
	    sh("ip -n vldirect link set vl1 netns $$") || sh("ip link set vl1 up"))
		tap_note("the interface could not be moved");
	close(t.far);
	strcpy(t.name, "vl1");
	t.far = packet_socket("vl1", ETH_TEST, false);
	in = 0;
	for (uint32_t i = 0; i < 10; i++)
		in += rx_one(&g, t.far, 100 + i, 100);
	tap_is(in, 10, "after two moves and a new name: 10 frames");
	tap_is(tap_sent("vl1", "packets") >= 10, 1, "and the interface counted them");
	for (uint32_t i = 0; i < 20; i++) {
		rx_post(&g, i, 2048);
		frame_make(buf, 100, i);
		far_send(t.far, buf, 100);
	}
	tap_err(sh("ip link del vl1"), 0, "it is deleted while frames wait");
	ring_kick(&g.q[RX]);
	sleep_ms(50);
	if (is_ours())
		tap_is(stat_of("rx", "error_ring_access"), 0, "and the queue is none the worse");
	sh("ip netns del vldirect");
	guest_stop(&g);
	close(t.fd);
	close(t.far);
}

/* How often a function of the kernel was called since probe(); -1: no probes here. */
#define TRACING "/sys/kernel/debug/tracing/"

static bool probe(const char *function)
{
	char line[100];

	snprintf(line, sizeof(line), "p:vhl_direct %s\n", function);
	return !file_put(TRACING "kprobe_events", line) &&
	       !file_put(TRACING "events/kprobes/vhl_direct/enable", "1");
}

static long long probe_hits(void)
{
	FILE *f = fopen(TRACING "kprobe_profile", "re");
	char line[200];
	long long n = -1;

	while (f && fgets(line, sizeof(line), f))
		sscanf(line, " vhl_direct %lld", &n);
	if (f)
		fclose(f);
	return n;
}

/* A device that copies frames from where they are, whatever `without` says. */
static void start_direct(struct guest *g)
{
	FILE *f = fopen(KNOB_DIR "without", "re");
	char before[64] = "none";

	if (f && fscanf(f, "%63s", before) != 1)
		tap_note("parameter without cannot be read");
	if (f)
		fclose(f);
	knob("without", "none");
	guest_start(g, F_V1 | F_MRG, 256);
	knob("without", before);
}

/* A backend that is refused leaves the old one as it was, its interface known. */
static void restored(void)
{
	int bad = open("/dev/net/tun", O_RDWR | O_CLOEXEC);
	unsigned int in = 0;
	struct guest g;
	struct tap t;

	if (!is_ours() || !probe("tun_recvmsg")) {
		tap_skip(3, "no such path, or no probes", "a backend restored");
		return;
	}
	start_direct(&g);
	tap_new(&t, "vl0", g.hdr_len);
	guest_backend(&g, t.fd);
	for (uint32_t i = 0; i < 20; i++)
		in += rx_one(&g, t.far, i, 100);
	tap_ok(in == 20 && probe_hits() == 1, "20 frames, %lld of them by the socket",
	       probe_hits());
	tap_err(ring_backend(&g.q[RX], bad), -EINVAL, "a tun without an interface is refused");
	for (uint32_t i = 0; i < 20; i++)
		in += rx_one(&g, t.far, i, 100);
	tap_ok(in == 40 && probe_hits() == 2, "then 20 frames, %lld more by the socket",
	       probe_hits() - 1);
	file_put(TRACING "events/kprobes/vhl_direct/enable", "0");
	file_put(TRACING "kprobe_events", "-:vhl_direct\n");
	guest_stop(&g);
	tap_del(&t);
	close(bad);
}

int main(int argc, char **argv)
{
	guest_args(argc, argv);
	net_private();
	counted();
	checksums();
	gone();
	restored();
	return tap_done();
}
