// SPDX-License-Identifier: GPL-2.0-only
/* The client of a vhost-net character device: the in-tree one and ours, the same calls. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/vhost.h>
#include <linux/virtio_config.h>
#include <linux/virtio_net.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "knobs.h"
#include "module.h"
#include "server.h"
#include "lib/tasks.h"

#define INTREE_DEVICE	"/dev/vhost-net"
#define VHOSTLAB_DEVICE "/dev/vhostlab-net"
/* Guest memory that a bit of the dirty log stands for. */
#define LOG_PAGE 4096

static const char *device_of(const struct options *o)
{
	return o->server == SERVER_INTREE ? INTREE_DEVICE : VHOSTLAB_DEVICE;
}

static int call_device(struct server *s, unsigned long request, void *arg, const char *name)
{
	if (ioctl(s->vhost_fd, request, arg))
		return fail(RC_FAIL, "%s: %s: %s", name, device_of(s->o), strerror(errno));
	return RC_OK;
}

#define CALL(s, request, arg) call_device(s, request, arg, #request)

static int negotiate(struct server *s, uint64_t *wanted)
{
	const struct options *o = s->o;
	uint64_t offered;
	int rc;

	*wanted = 0;
	if (o->event_idx)
		*wanted |= 1ULL << VIRTIO_RING_F_EVENT_IDX;
	if (o->indirect)
		*wanted |= 1ULL << VIRTIO_RING_F_INDIRECT_DESC;
	if (o->mrg_rxbuf)
		*wanted |= 1ULL << VIRTIO_NET_F_MRG_RXBUF;
	if (o->version_1)
		*wanted |= 1ULL << VIRTIO_F_VERSION_1;
	if (o->packed)
		*wanted |= 1ULL << VIRTIO_F_RING_PACKED;
	if (o->in_order)
		*wanted |= 1ULL << VIRTIO_F_IN_ORDER;
	rc = CALL(s, VHOST_GET_FEATURES, &offered);
	if (rc)
		return rc;
	if (*wanted & ~offered)
		return fail(RC_CANNOT, "features %#llx: %s: it does not offer them",
			    (unsigned long long)(*wanted & ~offered), device_of(o));
	return CALL(s, VHOST_SET_FEATURES, wanted);
}

/* Every write to guest memory is to be marked from now on, as while the guest moves. */
static int start_log(struct server *s, const struct guest *g, uint64_t features)
{
	uint64_t base;
	int rc;

	if (!s->o->log)
		return RC_OK;
	features |= 1ULL << VHOST_F_LOG_ALL;
	s->log_bytes = (GUEST_GPA + g->bytes) / LOG_PAGE / 8 + sizeof(*s->log);
	s->log = mmap(NULL, s->log_bytes, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	if (s->log == MAP_FAILED) {
		s->log = NULL;
		return fail(RC_FAIL, "dirty log: %zu bytes: %s", s->log_bytes, strerror(errno));
	}
	base = (uintptr_t)s->log;
	rc = CALL(s, VHOST_SET_LOG_BASE, &base);
	return rc ? rc : CALL(s, VHOST_SET_FEATURES, &features);
}

/* A log in which nothing is marked was not kept. */
static int end_log(struct server *s)
{
	if (!s->log)
		return RC_OK;
	for (size_t i = 0; i < s->log_bytes / sizeof(*s->log); i++)
		s->log_pages += __builtin_popcountll(s->log[i]);
	munmap(s->log, s->log_bytes);
	s->log = NULL;
	if (!s->log_pages)
		return fail(RC_FAIL, "dirty log: %s: it marked nothing", device_of(s->o));
	return RC_OK;
}

static int set_memory(struct server *s, struct guest *g)
{
	unsigned int n = s->o->regions;
	struct vhost_memory *table;
	int rc = RC_OK;

	table = calloc(1, sizeof(*table) + n * sizeof(table->regions[0]));
	if (!table)
		return fail(RC_FAIL, "out of memory: memory table: give the machine more");
	table->nregions = n;
	for (unsigned int i = 0; i < n; i++) {
		size_t bytes, at = guest_piece(g, i, &bytes);

		table->regions[i].guest_phys_addr = GUEST_GPA + at;
		table->regions[i].memory_size = bytes;
		table->regions[i].userspace_addr = (uintptr_t)g->mem + at;
	}
	if (ioctl(s->vhost_fd, VHOST_SET_MEM_TABLE, table))
		rc = errno == E2BIG ? fail(RC_CANNOT,
					   "%u memory regions: %s: it takes fewer; load the module "
					   "vhost with max_mem_regions=%u",
					   n, device_of(s->o), REGIONS_MAX)
				    : fail(RC_FAIL, "VHOST_SET_MEM_TABLE: %s: %s", device_of(s->o),
					   strerror(errno));
	free(table);
	return rc;
}

static int set_queue(struct server *s, struct guest *g, unsigned int q)
{
	struct vhost_vring_state num = { .index = q, .num = g->o->ring };
	/* A packed ring begins with both wrap counters at 1: bits 15 and 31. */
	struct vhost_vring_state base = { .index = q, .num = g->o->packed ? 0x80008000 : 0 };
	struct vhost_vring_addr addr = {
		.index = q,
		.desc_user_addr = (uintptr_t)g->ring[q].area[0],
		.avail_user_addr = (uintptr_t)g->ring[q].area[1],
		.used_user_addr = (uintptr_t)g->ring[q].area[2],
		.flags = s->o->log ? 1 << VHOST_VRING_F_LOG : 0,
		.log_guest_addr = GUEST_GPA + ((char *)g->ring[q].area[2] - g->mem),
	};
	struct vhost_vring_file kick = { .index = q, .fd = g->kick[q] };
	struct vhost_vring_file call = { .index = q, .fd = g->call[q] };
	struct vhost_vring_file err = { .index = q, .fd = -1 };
	struct vhost_vring_state poll = { .index = q, .num = g->o->poll_us };
	int rc;

	rc = CALL(s, VHOST_SET_VRING_NUM, &num);
	rc = rc ? rc : CALL(s, VHOST_SET_VRING_BASE, &base);
	rc = rc ? rc : CALL(s, VHOST_SET_VRING_ADDR, &addr);
	rc = rc ? rc : CALL(s, VHOST_SET_VRING_KICK, &kick);
	rc = rc ? rc : CALL(s, VHOST_SET_VRING_CALL, &call);
	rc = rc ? rc : CALL(s, VHOST_SET_VRING_ERR, &err);
	return rc ? rc : CALL(s, VHOST_SET_VRING_BUSYLOOP_TIMEOUT, &poll);
}

/*
 * The worker is a kernel thread, or (since 6.4) a thread of ours, named after
 * its owner; or threads that serve all devices. A server that works from the
 * system's workqueues has none: then every kworker is taken, and the result
 * says so.
 */
static int find_workers(struct server *s)
{
	char name[32];
	int n;

	snprintf(name, sizeof(name), "%s-%d", s->o->server == SERVER_INTREE ? "vhost" : "vhostlab",
		 getpid());
	n = tasks_named(name, s->task, SERVER_TASKS_MAX);
	if (n == 0) {
		n = tasks_named("vhostlab-shared/", s->task, SERVER_TASKS_MAX);
		s->pooled = n > 0;
	}
	if (n == 0) {
		n = tasks_named("kworker/", s->task, SERVER_TASKS_MAX);
		s->shared_tasks = true;
	}
	if (n <= 0)
		return fail(RC_FAIL, "no worker: %s: no thread named %s, and no kworker",
			    device_of(s->o), name);
	s->tasks = n;
	return RC_OK;
}

int vhost_start(struct server *s, struct guest *g, const struct tap *t)
{
	const char *device = device_of(s->o);
	struct module_devices before;
	struct knob_state knobs;
	uint64_t features;
	int rc, restored;

	if (s->o->server == SERVER_VHOSTLAB)
		module_devices(&before);
	s->vhost_fd = open(device, O_RDWR | O_CLOEXEC);
	if (s->vhost_fd < 0)
		return fail(RC_CANNOT, "%s: %s: load the module %s", device, strerror(errno),
			    s->o->server == SERVER_INTREE ? "vhost_net" : "vhostlab_net");

	s->device = s->o->server == SERVER_VHOSTLAB ? module_new_device(&before) : -1;

	/* Parameters are read when the device gets its owner, so they are set only around that. */
	rc = knobs_apply(&knobs, s->o);
	if (!rc)
		rc = CALL(s, VHOST_SET_OWNER, NULL);
	restored = knobs_restore(&knobs);
	rc = rc ? rc : restored;
	rc = rc ? rc : negotiate(s, &features);
	rc = rc ? rc : set_memory(s, g);
	rc = rc ? rc : start_log(s, g, features);
	for (unsigned int q = 0; !rc && q < QUEUES; q++)
		rc = set_queue(s, g, q);
	for (unsigned int q = 0; !rc && q < QUEUES; q++) {
		struct vhost_vring_file backend = { .index = q, .fd = t->fd };

		rc = CALL(s, VHOST_NET_SET_BACKEND, &backend);
	}
	return rc ? rc : find_workers(s);
}

int vhost_stop(struct server *s)
{
	int rc = RC_OK, logged;

	if (s->vhost_fd < 0)
		return RC_OK;
	/* Nothing was bound when no worker was found; there is nothing to unbind then. */
	for (unsigned int q = 0; s->tasks && !rc && q < QUEUES; q++) {
		struct vhost_vring_file backend = { .index = q, .fd = -1 };
		struct vhost_vring_state base = { .index = q };

		rc = CALL(s, VHOST_NET_SET_BACKEND, &backend);
		rc = rc ? rc : CALL(s, VHOST_GET_VRING_BASE, &base);
	}
	/* Its queues rest, and the counters still exist. */
	s->module = module_counters(s->device);
	close(s->vhost_fd);
	s->vhost_fd = -1;
	logged = end_log(s);
	return rc ? rc : logged;
}
