// SPDX-License-Identifier: GPL-2.0-only
/*
 * Server vhostlab of the native rig: a device of the module, set up in the steps of its client's
 * ioctls, with the module's own sources for everything that a packet meets. What is not here is as
 * if its knob were off: busy polling, transmit by reference, VLAN tags of packet sockets; threads
 * are the rig's own.
 */
#include "server.h"

#include "area.h"
#include "backend.h"
#include "pin.h"
#include "rx.h"
#include "vring.h"

static struct vhl_dev *dev;
static struct vhl_worker worker = { .kind = VHL_KTHREAD };
static struct eventfd_ctx call[VHL_NVQS];

static const char *const ideas[VHL_NIDEAS] = {
#define X(sym, name) #name,
	VHL_IDEA_LIST(X)
#undef X
};

int rig_without(const char *name)
{
	const unsigned int all = BIT(VHL_NIDEAS) - 1;
	bool only = !strncmp(name, "only-", 5);

	if (!strcmp(name, "none") || !strcmp(name, "all"))
		return *name == 'a' ? all : 0;
	for (unsigned int i = 0; i < VHL_NIDEAS; i++)
		if (!strcmp(name + (only ? 5 : 0), ideas[i]))
			return only ? all & ~BIT(i) : BIT(i);
	return -1;
}

static int set_up_queue(struct vhl_vq *vq, const struct rig_setup *s)
{
	struct vhost_vring_state num = { vq->index, s->num }, base = { vq->index, 0 };
	struct vhost_vring_addr addr = {
		.index = vq->index,
		.desc_user_addr = (u64)(uintptr_t)s->area[vq->index][VHL_DESC],
		.avail_user_addr = (u64)(uintptr_t)s->area[vq->index][VHL_AVAIL],
		.used_user_addr = (u64)(uintptr_t)s->area[vq->index][VHL_USED],
	};

	/* Section 2.8.1: the wrap counters of a new packed ring start at 1. */
	if (s->packed)
		base.num = 0x80008000;
	if (vhl_vring_ioctl(dev, VHOST_SET_VRING_NUM, &num) ||
	    vhl_vring_ioctl(dev, VHOST_SET_VRING_BASE, &base) ||
	    vhl_vring_ioctl(dev, VHOST_SET_VRING_ADDR, &addr))
		return -1;
	call[vq->index].bell = s->call[vq->index];
	vq->call = &call[vq->index];
	return vhl_backend_set(dev, vq->index, 0) ? -1 : 0;
}

static u64 features_of(const struct rig_setup *s)
{
	return (s->event_idx ? BIT_ULL(VIRTIO_RING_F_EVENT_IDX) : 0) |
	       (s->packed ? BIT_ULL(VIRTIO_F_RING_PACKED) : 0) |
	       (s->in_order ? BIT_ULL(VIRTIO_F_IN_ORDER) : 0) |
	       (s->mergeable ? BIT_ULL(VIRTIO_NET_F_MRG_RXBUF) : 0) |
	       (s->version_1 ? BIT_ULL(VIRTIO_F_VERSION_1) : 0) |
	       BIT_ULL(VIRTIO_RING_F_INDIRECT_DESC);
}

static int set_memory(const struct rig_setup *s)
{
	char room[sizeof(struct vhost_memory) + sizeof(struct vhost_memory_region)]
		__attribute__((aligned(8))) = {};
	struct vhost_memory *m = (void *)room;

	m->nregions = 1;
	m->regions[0] = (struct vhost_memory_region){
		.guest_phys_addr = s->gpa,
		.memory_size = s->bytes,
		.userspace_addr = (u64)(uintptr_t)s->mem,
	};
	return vhl_mem_set(dev, m) ? -1 : 0;
}

static int open_device(const struct rig_setup *s)
{
	dev = aligned_alloc(64, (sizeof(*dev) + 63) & ~63UL);
	if (!dev)
		return -1;
	memset(dev, 0, sizeof(*dev));
	shim_copies = true;
	vhl_iotlb_init(&dev->tlb);
	dev->knobs = (struct vhl_knobs){
		.tx_batch = s->tx_batch,
		.rx_batch = s->rx_batch,
		.packet_weight = s->packet_weight,
		/* Gathered frames are copied in the window, which cannot be left out. */
		.without = s->without | (s->copies ? 0 : BIT(VHL_IDEA_GATHER)),
		.prefetch = s->prefetch,
		.pinned = s->pinned,
	};
	for (int i = 0; i < VHL_NVQS; i++) {
		vhl_vq_init(dev, &dev->vqs[i], i);
		dev->vqs[i].worker = &worker;
		if (vhl_vq_alloc(&dev->vqs[i]))
			return -1;
	}
	dev->features = features_of(s);
	for (int i = 0; i < VHL_NVQS; i++)
		vhl_vq_set_features(&dev->vqs[i], dev->features);
	if (set_memory(s))
		return -1;
	for (int i = 0; i < VHL_NVQS; i++)
		if (set_up_queue(&dev->vqs[i], s))
			return -1;
	shim_copies = s->copies;
	return 0;
}

static enum rig_run run(unsigned int queue)
{
	struct vhl_work *work = &dev->vqs[queue].work;

	work->flags = 0;
	work->fn(work);
	if (work->flags)
		return RIG_AGAIN;
	return READ_ONCE(dev->vqs[queue].waiting_buffers) ? RIG_BUFFERS : RIG_IDLE;
}

static void counts(unsigned int queue, uint64_t *packets, uint64_t *dropped)
{
	*packets = dev->vqs[queue].stats.packets;
	*dropped = dev->vqs[queue].stats.dropped;
	for (int i = 0; i < VHL_NRULES; i++)
		*dropped += dev->vqs[queue].stats.errors[i];
}

static void close_device(void)
{
	for (int i = 0; dev && i < VHL_NVQS; i++) {
		vhl_backend_drop(&dev->vqs[i]);
		/* The doorbell is the rig's. */
		dev->vqs[i].call = NULL;
		vhl_vq_reset(&dev->vqs[i]);
	}
	if (dev)
		kvfree(dev->mem);
	free(dev);
	dev = NULL;
}

const struct rig_server rig_vhostlab = { open_device, run, counts, close_device };

/* What of the module is not built here. */
void vhl_work_queue(struct vhl_worker *w, struct vhl_work *work)
{
	(void)w;
	work->flags = BIT(VHL_WORK_QUEUED);
}

enum vhl_polled vhl_busy_poll(struct vhl_vq *vq)
{
	(void)vq;
	return VHL_POLL_DRY;
}

void vhl_poll_init(struct vhl_poll *poll, struct vhl_vq *vq, __poll_t mask, bool is_kick)
{
	(void)poll;
	(void)vq;
	(void)mask;
	(void)is_kick;
}

int vhl_poll_start(struct vhl_poll *poll, struct file *file)
{
	(void)poll;
	(void)file;
	return 0;
}

void vhl_poll_stop(struct vhl_poll *poll)
{
	(void)poll;
}

/* No frame wakes a queue, so none leaves. */
bool __vhl_poll_back(struct vhl_poll *poll)
{
	(void)poll;
	shim_bug("a poll that is away");
}

__poll_t vhl_poll_ask(struct vhl_poll *poll, struct file *file)
{
	(void)poll;
	return vfs_poll(file, NULL);
}

void vhl_poll_resume(struct vhl_vq *vq)
{
	(void)vq;
	shim_bug("vhl_poll_resume without its knob");
}

void vhl_poll_waited(struct vhl_vq *vq)
{
	(void)vq;
	shim_bug("vhl_poll_waited without its knob");
}

int vhl_rx_tagged(struct vhl_vq *vq, struct iov_iter *to, unsigned int heads, size_t len)
{
	(void)vq;
	(void)to;
	(void)heads;
	(void)len;
	shim_bug("a frame with a tag");
}

/* The rings are mapped where they are: user addresses are addresses of this program. */
void vhl_pin_owner(struct vhl_vq *vq)
{
	(void)vq;
}

void vhl_pin_disown(struct vhl_vq *vq)
{
	(void)vq;
}

/* Turns of the task that kicks are not measured. */
bool vhl_caller_again(struct vhl_work *work)
{
	(void)work;
	shim_bug("a turn");
}

void vhl_pin_update(struct vhl_vq *vq)
{
	if (likely(vq->kaddr[VHL_DESC]))
		return;
	for (int i = 0; i < VHL_NAREAS; i++)
		WRITE_ONCE(vq->kaddr[i], vq->area[i]);
}

void vhl_pin_drop(struct vhl_vq *vq)
{
	memset(vq->kaddr, 0, sizeof(vq->kaddr));
}
