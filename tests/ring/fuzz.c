// SPDX-License-Identifier: GPL-2.0-only
/*
 * A device, its client and a hostile guest, all from one input. Its first half says what client and
 * guest do in turn; the second half is what the guest changes while the device reads. After each
 * run, what must hold is checked; the accesses are checked in client.c, the frames in tap.c, and
 * the module's own memory by AddressSanitizer.
 */
#include "area.h"
#include "backend.h"
#include "log.h"
#include "packed.h"
#include "ring.h"
#include "vring.h"
#include "zerocopy.h"

/* Runs of one input at most. */
#define MOST_RUNS 32

static struct eventfd_ctx call, error;
static struct vhl_dev *waited_for;

/* An ioctl with its argument in the client's memory. */
static long client_ioctl(struct vhl_vq *vq, unsigned int cmd, const void *arg, size_t size)
{
	memcpy(client(ARGS), arg, size);
	return vhl_vring_ioctl(vq->dev, cmd, client(ARGS));
}

static void set_state(struct vhl_vq *vq, unsigned int cmd, u32 num)
{
	struct vhost_vring_state s = { .index = vq->index, .num = num };

	client_ioctl(vq, cmd, &s, sizeof(s));
}

static void set_memory(struct vhl_dev *dev, struct input *in)
{
	struct vhost_memory *m = client(ARGS);
	u64 gpa = 0;

	m->nregions = take8(in) & 7;
	m->padding = 0;
	for (u32 i = 0; i < m->nregions; i++) {
		struct vhost_memory_region *r = &m->regions[i];
		u8 how = take8(in);
		u32 at = BUFFERS + (take16(in) << (how & 7));

		r->guest_phys_addr = gpa;
		r->memory_size = (1 + (how >> 3 & 7)) * PAGE_SIZE;
		if (how & 0x80)
			r->memory_size = how & 0x20 ? 1 + (take8(in) & 31) : take16(in);
		/* Buffers may lie in the ring; some regions have no memory at their end. */
		r->userspace_addr = (u64)(uintptr_t)client(how & 0x40 ? at % LOG : at % MEMORY);
		r->flags_padding = 0;
		gpa += r->memory_size + (how & 0x40 ? PAGE_SIZE : 0);
		if (how == 0xff)
			gpa = -(u64)take16(in);
	}
	vhl_mem_set(dev, (void *)m);
}

static void set_addresses(struct vhl_vq *vq, struct input *in)
{
	u8 how = take8(in);
	u32 desc = RINGS + (how & 3) * 16, num = vq->num;
	u32 avail = desc + num * sizeof(struct vring_desc) + (how >> 2 & 3) * 4;
	u32 used = avail + 4 * num + 64;
	struct vhost_vring_addr a = {
		.index = vq->index,
		.flags = how & 0x10 ? 1 << VHOST_VRING_F_LOG : 0,
		.log_guest_addr = (how & 0xe0) * 4,
	};

	if (vq->iotlb) {
		/* I/O virtual addresses: entries that the client adds translate them, or none do. */
		a.desc_user_addr = desc;
		a.avail_user_addr = avail;
		a.used_user_addr = used;
	} else {
		a.desc_user_addr = (u64)(uintptr_t)client(desc);
		a.avail_user_addr = (u64)(uintptr_t)client(avail);
		a.used_user_addr = (u64)(uintptr_t)client(used);
	}
	client_ioctl(vq, VHOST_SET_VRING_ADDR, &a, sizeof(a));
}

static void set_iotlb(struct vhl_dev *dev, struct input *in)
{
	u8 how = take8(in);
	u32 at = how & 0x80 ? RINGS + (how & 15) * PAGE_SIZE : BUFFERS + (how & 15) * PAGE_SIZE;
	struct vhost_iotlb_msg m = {
		.iova = how & 0x80 ? at : take16(in),
		.size = how & 0x40 ? take16(in) : (1 + (how >> 4 & 3)) * PAGE_SIZE,
		.uaddr = (u64)(uintptr_t)client(at),
		.perm = take8(in) & 3,
	};

	if (how == 0xff)
		vhl_iotlb_invalidate(dev, m.iova, m.size);
	else
		vhl_iotlb_update(dev, &m);
}

/* VHOST_SET_FEATURES, in the same steps as device.c, which is not built here. */
static void set_features(struct vhl_dev *dev, struct input *in)
{
	static const u8 bits[] = { VIRTIO_RING_F_EVENT_IDX,   VIRTIO_F_VERSION_1,
				   VIRTIO_F_IN_ORDER,	      VIRTIO_NET_F_MRG_RXBUF,
				   VHOST_F_LOG_ALL,	      VIRTIO_F_NOTIFY_ON_EMPTY,
				   VIRTIO_F_ACCESS_PLATFORM,  VIRTIO_F_RING_PACKED,
				   VHOST_NET_F_VIRTIO_NET_HDR };
	u16 which = take16(in);
	u64 features = 0;
	bool running = dev->vqs[VHL_RX].sock || dev->vqs[VHL_TX].sock, iotlb;

	for (size_t i = 0; i < ARRAY_SIZE(bits); i++)
		if (which & BIT(i))
			features |= BIT_ULL(bits[i]);
	if ((features ^ dev->features) & BIT_ULL(VIRTIO_F_RING_PACKED) && running)
		return;
	if (features & BIT_ULL(VHOST_F_LOG_ALL) && running && !vhl_log_ok(dev->log_base, dev->mem))
		return;
	iotlb = features & BIT_ULL(VIRTIO_F_ACCESS_PLATFORM);
	if (iotlb != dev->tlb.on) {
		vhl_zc_drain(&dev->vqs[VHL_TX]);
		dev->tlb.on = iotlb;
		vhl_iotlb_forget_locked(dev);
		for (int i = 0; i < VHL_NVQS; i++)
			vhl_vq_set_iotlb(&dev->vqs[i], iotlb);
		vhl_zc_resume(&dev->vqs[VHL_TX]);
	}
	dev->features = features;
	for (int i = 0; i < VHL_NVQS; i++)
		vhl_vq_set_features(&dev->vqs[i], features);
}

void check_heads(void)
{
	const struct vhl_vq *vq = &waited_for->vqs[VHL_TX];

	for (unsigned int i = 0; i < vq->n_done && !vq->packed; i++)
		if (vhl32_to_cpu(vq, vq->done[i].id) >= vq->num)
			fail("a head outside the table is used");
}

/* What holds between runs, whatever the guest does. */
static void check_queue(const struct vhl_vq *vq)
{
	if (vq->mutex.held || vq->dev->tlb.lock.held)
		fail("a lock is held");
	if (vq->n_done || vq->n_xdp)
		fail("heads or frames are left after a run");
	/* Buffers that were taken for a frame and put back count, when a guest offered more since. */
	if (vq->sock &&
	    (u16)(vq->avail_seen - vq->last_avail) > vq->num + (vq->packed ? 0 : VHL_MAX_SEGS))
		fail("more entries are seen than the ring has");
	if (vq->sock && vq->packed &&
	    (!vhl_packed_base_ok(vq) || (u16)(vq->last_avail - vq->used_idx) > vq->num))
		fail("a position is outside the packed ring");
}

/* While an ioctl waits: the stack completes a frame, and the work that this queued runs. */
void others_run(void)
{
	bool did = backend_complete();

	for (int i = 0; i < VHL_NVQS; i++) {
		struct vhl_work *work = &waited_for->vqs[i].work;

		if (!work->flags)
			continue;
		work->flags = 0;
		client_run();
		work->fn(work);
		did = true;
	}
	if (!did)
		fail("a wait that does not end");
}

static void run(struct vhl_vq *vq, struct input *in)
{
	u8 n = take8(in);

	if (vq->index == VHL_RX)
		for (u8 i = n & 31; i; i--)
			backend_frame(14 + (take16(in) & (n & 0x80 ? 0xffff : 0x7ff)),
				      n & 0x40 ? take8(in) & 15 : 0);
	client_run();
	vq->work.flags = 0;
	vq->work.fn(&vq->work);
	check_queue(vq);
}

static void step(struct vhl_vq *vq, struct input *in, unsigned int *runs)
{
	switch (take8(in) & 15) {
	case 0:
	case 1:
		guest_descriptor(vq, in);
		break;
	case 2:
	case 3:
		guest_offer(vq, in);
		break;
	case 4:
	case 5:
		guest_avail(vq, in);
		break;
	case 6:
		guest_bytes(in);
		break;
	case 7:
		backend_complete();
		break;
	case 8:
	case 9:
		if ((*runs)++ < MOST_RUNS)
			run(vq, in);
		break;
	case 10:
		set_memory(vq->dev, in);
		break;
	case 11:
		set_iotlb(vq->dev, in);
		break;
	case 12:
		set_addresses(vq, in);
		break;
	case 13:
		set_features(vq->dev, in);
		break;
	case 14:
		vhl_backend_set(vq->dev, vq->index, VHOST_FILE_UNBIND);
		set_state(vq, VHOST_SET_VRING_NUM, take8(in));
		set_state(vq, VHOST_SET_VRING_BASE, take32(in));
		set_addresses(vq, in);
		break;
	case 15:
		vhl_backend_set(vq->dev, vq->index, take8(in) & 1 ? TAP : PACKET);
		break;
	}
}

/* The knobs, within what params.c allows. */
static void knobs(struct vhl_knobs *k, struct input *in)
{
	u8 b = take8(in), weight;

	k->tx_batch = 1 + (b & 15) * 17;
	k->rx_batch = 1 + (b >> 4) * 17;
	weight = take8(in);
	k->packet_weight = 1 + weight * 16;
	k->without = take8(in);
	k->prefetch = k->without & 0x80;
	k->zerocopy = b & 1 ? VHL_ZC_LEAST : 0;
	k->without &= BIT(VHL_IDEA_WINDOW) - 1;
	/* Inputs that were found before there were more than eight still have their meaning. */
	if (weight % 4 == 1)
		k->without |= BIT(VHL_IDEA_WINDOW);
	if (weight % 8 == 2)
		k->without |= BIT(VHL_IDEA_GATHER);
}

static void device_begin(struct vhl_dev *dev, struct vhl_worker *worker, struct input *in)
{
	waited_for = dev;
	vhl_iotlb_init(&dev->tlb);
	knobs(&dev->knobs, in);
	for (int i = 0; i < VHL_NVQS; i++) {
		struct vhl_vq *vq = &dev->vqs[i];

		vhl_vq_init(dev, vq, i);
		vq->worker = worker;
		if (vhl_vq_alloc(vq))
			fail("no memory for a queue");
		vq->call = &call;
		vq->error = &error;
	}
	dev->log_base = client(LOG + (take8(in) & 15));
}

static void device_end(struct vhl_dev *dev)
{
	/* As device.c: no run takes chains any more, and frames under way are left to the stack. */
	dev->closing = true;
	for (int i = 0; i < VHL_NVQS; i++)
		vhl_zc_discard(&dev->vqs[i]);
	for (int i = 0; i < VHL_NVQS; i++)
		vhl_backend_drop(&dev->vqs[i]);
	for (int i = 0; i < VHL_NVQS; i++) {
		backend_end(&dev->vqs[i]);
		vhl_vq_reset(&dev->vqs[i]);
	}
	vhl_iotlb_forget_locked(dev);
	kvfree(dev->mem);
	free(dev);
	/* It completes them when the device is gone. */
	while (backend_complete())
		;
	if (atomic_read(&vhl_zc_left))
		fail("a frame by reference is left");
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	struct input in = { data, size / 2 }, guest = { data + size / 2, size - size / 2 };
	struct vhl_dev *dev = calloc(1, sizeof(*dev));
	struct vhl_worker worker = { .kind = VHL_KTHREAD };
	unsigned int runs = 0, every = take8(&in);
	struct vhl_vq *vq;
	u8 layout;

	/* The set-up of a well-behaved client comes first: hardly any input would contain it. */
	client_begin(dev, &guest, every & 0x1f, BUFFERS + (every >> 5) * 2 * PAGE_SIZE);
	backend_begin(&in);
	device_begin(dev, &worker, &in);
	layout = take8(&in);
	vq = &dev->vqs[layout & 1];
	set_features(dev, &in);
	set_memory(dev, &in);
	set_state(vq, VHOST_SET_VRING_NUM, layout & 0x80 ? 32768 : 1u << (layout >> 1 & 7));
	set_state(vq, VHOST_SET_VRING_BASE, vq->packed ? 0x80008000 : take16(&in));
	set_addresses(vq, &in);
	guest_position(vq);
	vhl_backend_set(dev, vq->index, layout & 0x10 ? TAP : PACKET);
	while (in.left)
		step(vq, &in, &runs);
	device_end(dev);
	client_end();
	return 0;
}
