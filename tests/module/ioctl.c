// SPDX-License-Identifier: GPL-2.0-only
/*
 * The ioctls: what succeeds, and which errno each bad argument earns. A client
 * that was written for /dev/vhost-net tests these numbers, so they are fixed.
 *
 * Where the module is better than the in-tree one on purpose, either() names
 * both answers: the in-tree one first, ours second.
 */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <arpa/inet.h>
#include <linux/if_packet.h>
#include <linux/if_tun.h>
#include <net/if.h>

#include "nic.h"
#include "tap.h"

static const uint8_t *const KERNEL_SPACE = (uint8_t *)0xffff888000000000ULL;

static int either(int intree, int ours)
{
	return is_ours() ? ours : intree;
}

static void features(void)
{
	static const struct {
		int bit;
		const char *name;
	} want[] = {
		{ VIRTIO_F_NOTIFY_ON_EMPTY, "NOTIFY_ON_EMPTY" },
		{ VHOST_F_LOG_ALL, "LOG_ALL" },
		{ VHOST_NET_F_VIRTIO_NET_HDR, "VIRTIO_NET_HDR / ANY_LAYOUT" },
		{ VIRTIO_RING_F_INDIRECT_DESC, "INDIRECT_DESC" },
		{ VIRTIO_RING_F_EVENT_IDX, "EVENT_IDX" },
		{ VIRTIO_F_VERSION_1, "VERSION_1" },
		{ VIRTIO_NET_F_MRG_RXBUF, "MRG_RXBUF" },
	};
	uint64_t f = 0, bad;
	int fd = dev_open();

	tap_err(dev_ioctl(fd, VHOST_GET_FEATURES, &f), 0, "GET_FEATURES without an owner");
	for (size_t i = 0; i < sizeof(want) / sizeof(*want); i++)
		tap_ok(f & BIT64(want[i].bit), "offers %s", want[i].name);
	tap_ok(!(f & (BIT64(VIRTIO_NET_F_CSUM) | BIT64(VIRTIO_NET_F_HOST_TSO4))),
	       "offers no offload, those belong to the tap");
	tap_err(dev_ioctl(fd, VHOST_GET_FEATURES, NULL), -EFAULT, "GET_FEATURES to NULL");
	tap_err(dev_ioctl(fd, VHOST_GET_FEATURES, KERNEL_SPACE), -EFAULT,
		"GET_FEATURES to a kernel address");
	tap_err(dev_ioctl(fd, VHOST_SET_OWNER, NULL), 0, "SET_OWNER");
	tap_err(dev_ioctl(fd, VHOST_SET_FEATURES, &f), 0, "SET_FEATURES: all that is offered");
	bad = BIT64(62);
	tap_err(dev_ioctl(fd, VHOST_SET_FEATURES, &bad), -EOPNOTSUPP, "SET_FEATURES: unknown bit");
	bad = BIT64(VIRTIO_NET_F_CSUM);
	tap_err(dev_ioctl(fd, VHOST_SET_FEATURES, &bad), -EOPNOTSUPP,
		"SET_FEATURES: known bit, not offered");
	tap_err(dev_ioctl(fd, VHOST_SET_FEATURES, NULL), -EFAULT, "SET_FEATURES from NULL");
	close(fd);
}

static void no_owner(void)
{
	static const struct {
		unsigned long request;
		const char *name;
	} needs[] = {
		{ VHOST_RESET_OWNER, "RESET_OWNER" },
		{ VHOST_SET_MEM_TABLE, "SET_MEM_TABLE" },
		{ VHOST_SET_LOG_BASE, "SET_LOG_BASE" },
		{ VHOST_SET_LOG_FD, "SET_LOG_FD" },
		{ VHOST_SET_VRING_NUM, "SET_VRING_NUM" },
		{ VHOST_SET_VRING_ADDR, "SET_VRING_ADDR" },
		{ VHOST_SET_VRING_BASE, "SET_VRING_BASE" },
		{ VHOST_GET_VRING_BASE, "GET_VRING_BASE" },
		{ VHOST_SET_VRING_KICK, "SET_VRING_KICK" },
		{ VHOST_SET_VRING_CALL, "SET_VRING_CALL" },
		{ VHOST_SET_VRING_ERR, "SET_VRING_ERR" },
		{ VHOST_SET_VRING_BUSYLOOP_TIMEOUT, "SET_VRING_BUSYLOOP_TIMEOUT" },
		{ VHOST_NET_SET_BACKEND, "NET_SET_BACKEND" },
	};
	uint64_t arg[8] = { 0 };
	int fd = dev_open();

	for (size_t i = 0; i < sizeof(needs) / sizeof(*needs); i++)
		tap_err(dev_ioctl(fd, needs[i].request, arg), -EPERM, "%s without an owner",
			needs[i].name);
	tap_err(dev_ioctl(fd, VHOST_SET_OWNER, NULL), 0, "SET_OWNER");
	tap_err(dev_ioctl(fd, VHOST_SET_OWNER, NULL), -EBUSY, "SET_OWNER a second time");
	tap_err(dev_ioctl(fd, VHOST_RESET_OWNER, NULL), 0, "RESET_OWNER");
	tap_err(dev_ioctl(fd, VHOST_RESET_OWNER, NULL), -EPERM, "RESET_OWNER a second time");
	tap_err(dev_ioctl(fd, VHOST_SET_OWNER, NULL), 0, "SET_OWNER after RESET_OWNER");
	close(fd);
}

static void vring_state(void)
{
	static const unsigned int bad_num[] = { 0, 3, 65536, 65535, 0x80000000 };
	struct guest g;
	struct ring odd;

	guest_start(&g, F_V1, 256);
	for (size_t i = 0; i < sizeof(bad_num) / sizeof(*bad_num); i++)
		tap_err(ring_state(&g.q[0], VHOST_SET_VRING_NUM, bad_num[i]), -EINVAL,
			"SET_VRING_NUM %u", bad_num[i]);
	tap_err(ring_state(&g.q[0], VHOST_SET_VRING_NUM, 32768), 0, "SET_VRING_NUM 32768");
	tap_err(ring_state(&g.q[0], VHOST_SET_VRING_NUM, 1), 0, "SET_VRING_NUM 1");
	tap_err(ring_state(&g.q[0], VHOST_SET_VRING_BASE, 0x10000), -EINVAL,
		"SET_VRING_BASE 0x10000");
	tap_err(ring_state(&g.q[0], VHOST_SET_VRING_BASE, 0xffff), 0, "SET_VRING_BASE 0xffff");
	tap_is(ring_base(&g.q[0]), 0xffff, "GET_VRING_BASE reads it back");
	tap_is(ring_base(&g.q[1]), 0, "the other ring keeps its own");
	tap_err(ring_state(&g.q[0], VHOST_SET_VRING_BUSYLOOP_TIMEOUT, 0xffffffff), 0,
		"SET_VRING_BUSYLOOP_TIMEOUT: the largest");
	tap_err(ring_state(&g.q[0], VHOST_SET_VRING_BUSYLOOP_TIMEOUT, 7), 0,
		"SET_VRING_BUSYLOOP_TIMEOUT 7");
	{
		struct vhost_vring_state s = { 0, 0 };

		tap_err(dev_ioctl(g.fd, VHOST_GET_VRING_BUSYLOOP_TIMEOUT, &s), 0,
			"GET_VRING_BUSYLOOP_TIMEOUT");
		tap_is(s.num, 7, "it reads back what was set");
	}
	for (int i = 0; i < 2; i++) {
		odd = g.q[0];
		odd.index = i ? 0xffffffff : 2;
		tap_err(ring_state(&odd, VHOST_SET_VRING_NUM, 256), -ENOBUFS,
			"SET_VRING_NUM of ring %u", odd.index);
		tap_err(ring_state(&odd, VHOST_GET_VRING_BASE, 0), -ENOBUFS,
			"GET_VRING_BASE of ring %u", odd.index);
		tap_err(ring_fd(&odd, VHOST_SET_VRING_KICK, -1), -ENOBUFS,
			"SET_VRING_KICK of ring %u", odd.index);
		tap_err(ring_addr(&odd, g.mem, 0, 0), -ENOBUFS, "SET_VRING_ADDR of ring %u",
			odd.index);
		tap_err(ring_backend(&odd, -1), -ENOBUFS, "SET_BACKEND of ring %u", odd.index);
	}
	tap_err(dev_ioctl(g.fd, VHOST_SET_VRING_NUM, NULL), -EFAULT, "SET_VRING_NUM from NULL");
	tap_err(dev_ioctl(g.fd, VHOST_GET_VRING_BASE, KERNEL_SPACE), -EFAULT,
		"GET_VRING_BASE to a kernel address");
	{
		/* The first word is readable, the second lies in a hole. */
		uint8_t *two = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
				    -1, 0);

		munmap(two + 4096, 4096);
		tap_err(dev_ioctl(g.fd, VHOST_SET_VRING_NUM, two + 4092), -EFAULT,
			"SET_VRING_NUM from an argument that ends in a hole");
		tap_err(dev_ioctl(g.fd, VHOST_NET_SET_BACKEND, two + 4092), -EFAULT,
			"NET_SET_BACKEND from an argument that ends in a hole");
		munmap(two, 4096);
	}
	tap_is(ring_base(&g.q[0]), 0xffff, "no failed call changed the ring");
	guest_stop(&g);
}

static void unknown(void)
{
	uint32_t arg[64] = { 0 };
	int fd = dev_open();

	tap_err(dev_ioctl(fd, _IOW(VHOST_VIRTIO, 0x7e, int), arg), either(-EPERM, -ENOTTY),
		"an unknown ioctl without an owner");
	dev_ioctl(fd, VHOST_SET_OWNER, NULL);
	tap_err(dev_ioctl(fd, _IOW(VHOST_VIRTIO, 0x7e, int), arg), -ENOTTY, "an unknown ioctl");
	arg[0] = 77;
	tap_err(dev_ioctl(fd, _IOW(VHOST_VIRTIO, 0x7e, int), arg), either(-ENOBUFS, -ENOTTY),
		"an unknown ioctl whose argument is no ring index");
	tap_err(dev_ioctl(fd, _IOW(VHOST_VIRTIO, 0x7e, int), NULL), either(-EFAULT, -ENOTTY),
		"an unknown ioctl whose argument is NULL");
	close(fd);
}

static void events(void)
{
	static const struct {
		unsigned long request;
		const char *name;
	} set[] = {
		{ VHOST_SET_VRING_KICK, "KICK" },
		{ VHOST_SET_VRING_CALL, "CALL" },
		{ VHOST_SET_VRING_ERR, "ERR" },
	};
	int file = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	int closed = 1 << 16, one = eventfd(0, EFD_NONBLOCK), err = 0;
	struct guest g;

	guest_start(&g, F_V1, 256);
	for (size_t i = 0; i < 3; i++) {
		tap_err(ring_fd(&g.q[1], set[i].request, closed), -EBADF, "SET_VRING_%s: closed fd",
			set[i].name);
		tap_err(ring_fd(&g.q[1], set[i].request, file), -EINVAL,
			"SET_VRING_%s: not an eventfd", set[i].name);
		tap_err(ring_fd(&g.q[1], set[i].request, -1), 0, "SET_VRING_%s: -1 unbinds",
			set[i].name);
		tap_err(ring_fd(&g.q[1], set[i].request, -1), 0, "SET_VRING_%s: -1 again",
			set[i].name);
		tap_err(ring_fd(&g.q[1], set[i].request, one), 0,
			"SET_VRING_%s: one eventfd for everything", set[i].name);
	}
	tap_err(dev_ioctl(g.fd, VHOST_SET_LOG_FD, &closed), -EBADF, "SET_LOG_FD: closed fd");
	tap_err(dev_ioctl(g.fd, VHOST_SET_LOG_FD, &file), -EINVAL, "SET_LOG_FD: not an eventfd");
	/* Each leaked reference would keep an anonymous inode; see that none is. */
	for (int i = 0; i < 20000 && !err; i++)
		err = dev_ioctl(g.fd, VHOST_SET_LOG_FD, &one);
	tap_err(err, 0, "SET_LOG_FD 20000 times");
	err = -1;
	tap_err(dev_ioctl(g.fd, VHOST_SET_LOG_FD, &err), 0, "SET_LOG_FD: -1 unbinds");
	close(one);
	ring_kick(&g.q[1]);
	guest_stop(&g);
	close(file);
	tap_ok(true, "kick, call and error eventfd closed by their owner first");
}

static void backend_fds(void)
{
	struct guest g;
	struct tap t;
	int fds[8], pipefd[2], half;
	static const char *const what[] = { "a regular file", "a TCP socket",
					    "a UDP socket",   "an AF_PACKET datagram socket",
					    "an epoll fd",    "another device of its kind",
					    "a pipe",	      "a closed fd" };

	guest_start(&g, F_V1, 256);
	tap_new(&t, "vl0", 12);
	fds[0] = open("/proc/self/exe", O_RDONLY);
	fds[1] = socket(AF_INET, SOCK_STREAM, 0);
	fds[2] = socket(AF_INET, SOCK_DGRAM, 0);
	fds[3] = socket(AF_PACKET, SOCK_DGRAM, 0);
	fds[4] = epoll_create1(0);
	fds[5] = dev_open();
	if (pipe(pipefd))
		tap_bail("pipe");
	fds[6] = pipefd[0];
	fds[7] = dup(fds[0]);
	close(fds[7]);
	for (int i = 0; i < 8; i++)
		tap_err(ring_backend(&g.q[TX], fds[i]), -ENOTSOCK, "SET_BACKEND: %s", what[i]);
	tap_err(ring_backend(&g.q[TX], -2), -ENOTSOCK, "SET_BACKEND: -2");
	half = open("/dev/net/tun", O_RDWR);
	tap_err(ring_backend(&g.q[TX], half), -EINVAL, "SET_BACKEND: tun without an interface");

	tap_err(ring_backend(&g.q[TX], t.fd), 0, "SET_BACKEND: a tap");
	tap_err(ring_backend(&g.q[TX], t.fd), 0, "SET_BACKEND: the same tap again");
	tap_err(ring_backend(&g.q[TX], half), -EINVAL, "SET_BACKEND: a bad fd over a good one");
	tap_err(ring_backend(&g.q[TX], fds[0]), -ENOTSOCK, "SET_BACKEND: a file over a good one");
	tap_ok(tx_one(&g, t.far, 1, 100), "the old backend still sends after both");
	tap_err(ring_state(&g.q[TX], VHOST_SET_VRING_NUM, 256), -EBUSY,
		"SET_VRING_NUM with a backend");
	tap_err(ring_state(&g.q[TX], VHOST_SET_VRING_BASE, 0), -EBUSY,
		"SET_VRING_BASE with a backend");
	tap_is(ring_base(&g.q[TX]), 1, "GET_VRING_BASE with a backend");
	tap_err(ring_state(&g.q[RX], VHOST_SET_VRING_NUM, 256), 0,
		"the other ring has no backend and may change");
	tap_err(ring_backend(&g.q[TX], -1), 0, "SET_BACKEND -1");
	tap_err(ring_backend(&g.q[TX], -1), 0, "SET_BACKEND -1 again");
	tap_err(ring_state(&g.q[TX], VHOST_SET_VRING_NUM, 256), 0,
		"SET_VRING_NUM after the unbind");
	for (int i = 0; i < 7; i++)
		close(fds[i]);
	close(pipefd[1]);
	close(half);
	guest_stop(&g);
	/* A reference left behind would keep the interface alive. */
	tap_del(&t);
	tap_is(if_nametoindex("vl0"), 0, "the tap is gone with its last fd");
}

int main(int argc, char **argv)
{
	guest_args(argc, argv);
	net_private();
	features();
	no_owner();
	vring_state();
	unknown();
	events();
	backend_fds();
	return tap_done();
}
