// SPDX-License-Identifier: GPL-2.0-only
/*
 * Transmit by reference where it cannot be: a backend that forgets a reference, and a used ring
 * whose addresses a client takes away while frames are under way, or which other addresses displace.
 * Would fail if: a head did not come back, the backend could not be given up, or a frame or a
 * reference to the module stayed.
 */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "iommu.h"
#include "keep.h"
#include "nic.h"
#include "tap.h"

#define FRAMES	 10u
#define LEN	 1000u
#define PATIENCE 5000
#define ENTRIES	 2048u /* that the device keeps */

static void put(struct guest *g, unsigned int n)
{
	for (unsigned int i = 0; i < n; i++) {
		memset(g->mem + slot(i), 0, g->hdr_len);
		frame_make(g->mem + slot(i) + g->hdr_len, LEN, i);
		desc_set(&g->q[TX], i, gpa_of(slot(i)), (uint32_t)(g->hdr_len + LEN), 0, 0);
		ring_publish(&g->q[TX], (uint16_t)i);
	}
	ring_kick(&g->q[TX]);
}

/* How many heads come back. */
static unsigned int back(struct guest *g, unsigned int n)
{
	struct vring_used_elem e;
	unsigned int got = 0;

	while (got < n && ring_wait(&g->q[TX], PATIENCE) && ring_take(&g->q[TX], &e))
		got++;
	return got;
}

/* Sends to a macvtap whose interface was deleted, and gives it up: 0, or which step failed. */
static int to_nothing(void)
{
	struct guest g;
	int fd;

	guest_start(&g, F_V1 | F_MRG, 256);
	fd = macvtap_fd("mv0", g.hdr_len);
	guest_backend(&g, fd);
	if (sh("ip link del mv0"))
		return 1;
	put(&g, FRAMES);
	if (back(&g, FRAMES) != FRAMES)
		return 2;
	if (ring_backend(&g.q[TX], -1))
		return 3;
	guest_stop(&g);
	return 0;
}

/* In a process of its own, which is killed if it waits for what never comes. */
static void macvtap(void)
{
	int before = module_references(), status = 0, got = 0;
	pid_t pid;

	if (!modprobe("macvtap") || !modprobe("dummy")) {
		tap_skip(3, "the kernel has no macvtap or dummy module", "a macvtap");
		return;
	}
	if (sh("ip link add zl0 type dummy && ip link set zl0 up && ip link add link zl0 name mv0 "
	       "type macvtap mode bridge 1>&2 && ip link set mv0 up"))
		tap_bail("macvtap");
	fflush(stdout);
	pid = fork();
	if (!pid)
		_exit(to_nothing());
	for (int i = 0; i < 4 * PATIENCE && !got; i += 10) {
		got = waitpid(pid, &status, WNOHANG);
		sleep_ms(10);
	}
	tap_ok(got == pid, "a macvtap that is deleted: its client ends by itself");
	if (!got) {
		kill(pid, SIGKILL);
		waitpid(pid, &status, 0);
	}
	tap_is(WIFEXITED(status) ? WEXITSTATUS(status) : -1, 0, "all buffers are back before");
	tap_ok(module_references_are(before), "and nothing holds the module");
	sh("ip link del zl0");
}

static struct iommu m;
static atomic_bool detached;
static int position;

/* As at the start of a migration: the same features again (@arg), then the position. */
static void *features_and_position(void *arg)
{
	position = arg ? dev_ioctl(m.g.fd, VHOST_SET_FEATURES, arg) : 0;
	if (!position)
		position = ring_base(&m.g.q[TX]);
	detached = true;
	return NULL;
}

/* As many other addresses as the device keeps, while the transmit queue is idle. */
static void displace(void)
{
	for (unsigned int i = 0; i < ENTRIES; i++)
		if (iommu_update(&m, BIT64(40) + i * 2ULL * IOMMU_PAGE, IOMMU_PAGE, m.g.mem) < 0)
			tap_bail("IOTLB");
}

static void addresses(uint64_t features, bool displaced, const char *what)
{
	pthread_t thread;
	struct tap t;

	iommu_init(&m, F_V1 | F_MRG | features, 256, 1);
	forwarding_tap(&t, m.g.hdr_len);
	if (iommu_update(&m, gpa_of(0), 2 * RING_AREA, places_at(&m.places, 0)) < 0 ||
	    iommu_update(&m, gpa_of(2 * RING_AREA), GUEST_MEM - 2 * RING_AREA,
			 places_at(&m.places, 2 * RING_AREA)) < 0)
		tap_bail("IOTLB");
	guest_backend(&m.g, t.fd);
	stats_find();
	keep();
	put(&m.g, FRAMES);
	for (int i = 0; i < PATIENCE && stat_of("tx", "packets") < FRAMES; i += 10)
		sleep_ms(10);
	sleep_ms(50);
	tap_ok(!ring_wait(&m.g.q[TX], 0), "%s: frames are under way", what);
	if (displaced)
		displace();
	detached = false;
	if (pthread_create(&thread, NULL, features_and_position, displaced ? NULL : &m.g.features))
		tap_bail("thread");
	sleep_ms(200);
	tap_ok(!detached, "%s: the position waits for them", what);
	let_go();
	pthread_join(thread, NULL);
	tap_ok(position >= 0, "%s: and is known then", what);
	tap_is(back(&m.g, FRAMES), FRAMES, "%s: all buffers are back", what);
	tap_is(stat_of("tx", "error_ring_access"), 0, "%s: the used ring had its addresses", what);
	if (displaced) {
		struct vhost_iotlb_msg asked = { 0 };

		put(&m.g, 1);
		tap_ok(iommu_question(&m, &asked, PATIENCE) && asked.iova == gpa_of(slot(0)),
		       "%s: the frames' own were displaced", what);
	}
	iommu_free(&m);
	tap_del(&t);
	sh("ip link del zc1");
}

int main(int argc, char **argv)
{
	guest_args(argc, argv);
	net_private();
	if (!is_ours()) {
		tap_skip(1, "in-tree sends by reference by a parameter of its load", "references");
		return tap_done();
	}
	if (knob("zerocopy", "1"))
		tap_bail("parameter zerocopy");
	macvtap();
	addresses(0, false, "IOTLB, split");
	addresses(F_PACKED, false, "IOTLB, packed");
	addresses(0, true, "IOTLB, displaced, split");
	addresses(F_PACKED, true, "IOTLB, displaced, packed");
	knob("zerocopy", "0");
	return tap_done();
}
