// SPDX-License-Identifier: GPL-2.0-only
/* A client with a virtual IOMMU: see iommu.h. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "iommu.h"
#include "tap.h"

void iommu_init(struct iommu *m, uint64_t features, unsigned int num, unsigned int pieces)
{
	uint64_t v2 = BACKEND_V2;

	memset(m, 0, sizeof(*m));
	pthread_mutex_init(&m->lock, NULL);
	guest_start(&m->g, features | F_PLATFORM, num);
	if (dev_ioctl(m->g.fd, VHOST_SET_BACKEND_FEATURES, &v2))
		tap_bail("SET_BACKEND_FEATURES");
	fcntl(m->g.fd, F_SETFL, O_NONBLOCK);
	places_init(&m->places, &m->g, GUEST_MEM, pieces);
	if (places_set_table(&m->places, IOMMU_SHIFT))
		tap_bail("SET_MEM_TABLE");
	for (int i = 0; i < 2; i++)
		if (ring_addr(&m->g.q[i], (uint8_t *)(uintptr_t)gpa_of(0), 0, 0))
			tap_bail("SET_VRING_ADDR");
}

void iommu_free(struct iommu *m)
{
	guest_stop(&m->g);
	places_free(&m->places);
	pthread_mutex_destroy(&m->lock);
}

long iommu_message(struct iommu *m, uint8_t type, uint64_t iova, uint64_t size, uint64_t at,
		   uint8_t perm)
{
	struct vhost_msg_v2 msg = {
		.type = VHOST_IOTLB_MSG_V2,
		.iotlb = { iova, size, at, perm, type },
	};
	ssize_t n = write(m->g.fd, &msg, sizeof(msg));

	return n < 0 ? -errno : n;
}

long iommu_update(struct iommu *m, uint64_t iova, uint64_t size, const void *at)
{
	return iommu_message(m, VHOST_IOTLB_UPDATE, iova, size, (uintptr_t)at, VHOST_ACCESS_RW);
}

long iommu_invalidate(struct iommu *m, uint64_t iova, uint64_t size)
{
	return iommu_message(m, VHOST_IOTLB_INVALIDATE, iova, size, 0, 0);
}

bool iommu_question(struct iommu *m, struct vhost_iotlb_msg *msg, int ms)
{
	struct vhost_msg_v2 got;

	if (!event_wait(m->g.fd, ms) || read(m->g.fd, &got, sizeof(got)) != sizeof(got))
		return false;
	*msg = got.iotlb;
	return msg->type == VHOST_IOTLB_MISS;
}

void iommu_answer(struct iommu *m, uint64_t iova)
{
	struct places *p = &m->places;
	size_t off = iova - GUEST_GPA;
	unsigned int i;

	if (off >= GUEST_MEM)
		return;
	pthread_mutex_lock(&m->lock);
	i = places_piece(p, off);
	off = m->by_page ? off & ~(IOMMU_PAGE - 1UL) : i * p->piece;
	iommu_update(m, gpa_of(off), m->by_page ? IOMMU_PAGE : places_len(p, i), places_at(p, off));
	pthread_mutex_unlock(&m->lock);
}

void iommu_used_rings(struct iommu *m)
{
	for (int i = 0; i < 2; i++) {
		size_t off = m->g.q[i].off_used;

		iommu_update(m, gpa_of(off), 4 * IOMMU_PAGE, places_at(&m->places, off));
	}
}

static void *answers(void *arg)
{
	struct vhost_iotlb_msg msg;
	struct iommu *m = arg;

	while (!m->over) {
		if (!iommu_question(m, &msg, 5))
			continue;
		m->asked++;
		iommu_answer(m, msg.iova);
	}
	return NULL;
}

void iommu_start(struct iommu *m)
{
	m->over = false;
	m->asked = 0;
	if (pthread_create(&m->thread, NULL, answers, m))
		tap_bail("threads");
}

void iommu_stop(struct iommu *m)
{
	m->over = true;
	pthread_join(m->thread, NULL);
}
