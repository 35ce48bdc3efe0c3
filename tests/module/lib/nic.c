// SPDX-License-Identifier: GPL-2.0-only
/* Taps, packet sockets and frames: see nic.h. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_packet.h>
#include <linux/if_tun.h>
#include <limits.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "nic.h"
#include "tap.h"

#ifndef PACKET_IGNORE_OUTGOING
#define PACKET_IGNORE_OUTGOING 23
#endif

int sh(const char *fmt, ...)
{
	char cmd[512];
	va_list ap;
	int status;

	va_start(ap, fmt);
	vsnprintf(cmd, sizeof(cmd), fmt, ap);
	va_end(ap);
	fflush(stdout);
	status = system(cmd);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 255;
}

bool modprobe(const char *name)
{
	return sh("modprobe %s 1>&2", name) == 0;
}

int file_put(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_TRUNC | O_CLOEXEC);
	int err = 0;

	if (fd < 0)
		return -errno;
	if (write(fd, text, strlen(text)) < 0)
		err = -errno;
	close(fd);
	return err;
}

void net_private(void)
{
	if (unshare(CLONE_NEWNET))
		tap_bail("new network namespace: %s", strerror(errno));
	file_put("/proc/sys/net/ipv6/conf/default/disable_ipv6", "1");
	file_put("/proc/sys/net/ipv6/conf/all/disable_ipv6", "1");
}

void if_up(const char *name)
{
	struct ifreq ifr = { 0 };
	int s = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "%s", name);
	if (s < 0 || ioctl(s, SIOCGIFFLAGS, &ifr))
		tap_bail("flags of %s: %s", name, strerror(errno));
	ifr.ifr_flags |= IFF_UP;
	if (ioctl(s, SIOCSIFFLAGS, &ifr))
		tap_bail("set %s up: %s", name, strerror(errno));
	close(s);
}

int tap_fd(const char *name, int flags, unsigned int hdr_len)
{
	struct ifreq ifr = { 0 };
	int fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC | O_NONBLOCK);
	int sndbuf = INT_MAX, hdr = (int)hdr_len;

	if (fd < 0)
		tap_bail("open /dev/net/tun: %s", strerror(errno));
	snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "%s", name);
	ifr.ifr_flags = (short)(flags | IFF_NO_PI);
	if (ioctl(fd, TUNSETIFF, &ifr))
		tap_bail("TUNSETIFF %s: %s", name, strerror(errno));
	/* As QEMU does: only then are frames handed to tun in batches. */
	if (ioctl(fd, TUNSETSNDBUF, &sndbuf))
		tap_bail("TUNSETSNDBUF: %s", strerror(errno));
	if (hdr_len && ioctl(fd, TUNSETVNETHDRSZ, &hdr))
		tap_bail("TUNSETVNETHDRSZ: %s", strerror(errno));
	return fd;
}

int macvtap_fd(const char *name, unsigned int hdr_len)
{
	struct ifreq ifr = { .ifr_flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR };
	int sndbuf = INT_MAX, hdr = (int)hdr_len, fd = -1;
	char path[64];

	snprintf(path, sizeof(path), "/dev/tap%u", if_nametoindex(name));
	for (int i = 0; i < 50 && fd < 0; i++) {
		fd = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC);
		if (fd < 0)
			sleep_ms(20);
	}
	if (fd < 0)
		tap_bail("open %s: %s", path, strerror(errno));
	if (ioctl(fd, TUNSETIFF, &ifr) || ioctl(fd, TUNSETVNETHDRSZ, &hdr) ||
	    ioctl(fd, TUNSETSNDBUF, &sndbuf))
		tap_bail("set up %s: %s", path, strerror(errno));
	return fd;
}

int packet_socket(const char *ifname, int protocol, bool vnet_hdr)
{
	struct sockaddr_ll sll = {
		.sll_family = AF_PACKET,
		.sll_protocol = htons((uint16_t)protocol),
		.sll_ifindex = (int)if_nametoindex(ifname),
	};
	int one = 1, size = 64 << 20;
	int s = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (s < 0 || !sll.sll_ifindex)
		tap_bail("packet socket on %s: %s", ifname, strerror(errno));
	setsockopt(s, SOL_PACKET, PACKET_IGNORE_OUTGOING, &one, sizeof(one));
	setsockopt(s, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size));
	if (vnet_hdr && setsockopt(s, SOL_PACKET, PACKET_VNET_HDR, &one, sizeof(one)))
		tap_bail("PACKET_VNET_HDR: %s", strerror(errno));
	if (bind(s, (struct sockaddr *)&sll, sizeof(sll)))
		tap_bail("bind packet socket to %s: %s", ifname, strerror(errno));
	return s;
}

void tap_new(struct tap *t, const char *name, unsigned int hdr_len)
{
	snprintf(t->name, sizeof(t->name), "%s", name);
	t->fd = tap_fd(name, IFF_TAP | (hdr_len ? IFF_VNET_HDR : 0), hdr_len);
	if_up(name);
	t->far = packet_socket(name, ETH_TEST, false);
}

void tap_del(struct tap *t)
{
	close(t->far);
	close(t->fd);
}

void tapped_start(struct guest *g, struct tap *t, uint64_t features)
{
	guest_start(g, features, 256);
	tap_new(t, "vl0", g->hdr_len);
}

void tapped_stop(struct guest *g, struct tap *t)
{
	guest_stop(g);
	tap_del(t);
}

void tap_forwards(const char *tap, const char *dummy)
{
	if (sh("ip link add name %s type dummy && ip link set dev %s up && "
	       "tc qdisc add dev %s clsact && tc filter add dev %s ingress matchall action "
	       "mirred egress redirect dev %s && tc qdisc add dev %s root netem delay 200us "
	       "100us limit 10000 1>&2",
	       dummy, dummy, tap, tap, dummy, dummy))
		tap_bail("a tap that forwards");
}

void frame_make(uint8_t *p, size_t len, uint32_t seq)
{
	uint32_t n = htonl(seq), l = htonl((uint32_t)len);

	memset(p, 0xff, 6);
	memcpy(p + 6, "\x02vhost", 6);
	p[12] = ETH_TEST >> 8;
	p[13] = ETH_TEST & 0xff;
	memcpy(p + 14, &n, 4);
	memcpy(p + 18, &l, 4);
	for (size_t i = 22; i < len; i++)
		p[i] = (uint8_t)(seq * 31 + i + (i >> 8) * 7);
}

long long frame_check(const uint8_t *p, size_t len)
{
	uint32_t n, l;

	if (len < 22 || p[12] != ETH_TEST >> 8 || p[13] != (ETH_TEST & 0xff))
		return -1;
	memcpy(&n, p + 14, 4);
	memcpy(&l, p + 18, 4);
	n = ntohl(n);
	if (ntohl(l) != len || memcmp(p, "\xff\xff\xff\xff\xff\xff\x02vhost", 12))
		return -1;
	for (size_t i = 22; i < len; i++)
		if (p[i] != (uint8_t)(n * 31 + i + (i >> 8) * 7))
			return -1;
	return n;
}

long far_recv(int far, void *buf, size_t size, int ms)
{
	struct pollfd p = { .fd = far, .events = POLLIN };
	ssize_t n;

	if (poll(&p, 1, ms) != 1)
		return -1;
	n = recv(far, buf, size, MSG_DONTWAIT);
	return n;
}

int far_send(int far, const void *buf, size_t len)
{
	for (int tries = 0; tries < 200; tries++) {
		if (send(far, buf, len, MSG_DONTWAIT) == (ssize_t)len)
			return 0;
		if (errno != ENOBUFS && errno != EAGAIN)
			return -errno;
		sleep_ms(1);
	}
	return -errno;
}

bool tx_one(struct guest *g, int far, uint32_t seq, size_t len)
{
	struct ring *q = &g->q[TX];
	uint8_t *p = g->mem + slot(0), got[SLOT_SIZE];
	struct vring_used_elem e;
	long n;

	memset(p, 0, g->hdr_len);
	frame_make(p + g->hdr_len, len, seq);
	desc_set(q, 0, gpa_of(slot(0)), (uint32_t)(g->hdr_len + len), 0, 0);
	ring_publish(q, 0);
	ring_kick(q);
	if (!ring_wait(q, 5000) || !ring_take(q, &e) || e.id != 0) {
		tap_note("frame %u: buffer not returned", seq);
		return false;
	}
	n = far_recv(far, got, sizeof(got), 5000);
	if (n != (long)len || frame_check(got, (size_t)n) != seq) {
		tap_note("frame %u: far end got %ld bytes, number %lld", seq, n,
			 n > 0 ? frame_check(got, (size_t)n) : -1);
		return false;
	}
	return true;
}

void rx_post(struct guest *g, unsigned int i, uint32_t len)
{
	desc_set(&g->q[RX], i, gpa_of(slot(i)), len, VRING_DESC_F_WRITE, 0);
	ring_publish(&g->q[RX], (uint16_t)i);
	ring_kick(&g->q[RX]);
}

bool rx_one(struct guest *g, int far, uint32_t seq, size_t len)
{
	struct ring *q = &g->q[RX];
	uint8_t buf[SLOT_SIZE];
	struct vring_used_elem e;

	rx_post(g, 0, SLOT_SIZE);
	frame_make(buf, len, seq);
	if (far_send(far, buf, len)) {
		tap_note("send: %s", strerror(errno));
		return false;
	}
	if (!ring_wait(q, 5000) || !ring_take(q, &e) || e.id != 0) {
		tap_note("frame %u: nothing received", seq);
		return false;
	}
	if (e.len != g->hdr_len + len || frame_check(g->mem + slot(0) + g->hdr_len, len) != seq) {
		tap_note("frame %u: %u bytes used, number %lld", seq, e.len,
			 frame_check(g->mem + slot(0) + g->hdr_len, len));
		return false;
	}
	return true;
}

bool next_served(struct tap *t)
{
	uint8_t frame[2048];
	bool sent, received;
	struct guest g;

	while (read(t->fd, frame, sizeof(frame)) > 0 ||
	       far_recv(t->far, frame, sizeof(frame), 0) >= 0)
		;
	guest_start(&g, F_V1 | F_MRG | F_EVENT, 64);
	guest_backend(&g, t->fd);
	sent = tx_one(&g, t->far, 1, 200);
	received = rx_one(&g, t->far, 2, 300);
	guest_stop(&g);
	return sent && received;
}
