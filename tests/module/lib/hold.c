// SPDX-License-Identifier: GPL-2.0-only
/* Memory whose pages come when a test lets them: see hold.h. */
#include <errno.h>
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "hold.h"
#include "tap.h"

static void *serve(void *arg)
{
	struct hold *h = arg;

	while (!h->over) {
		struct uffdio_zeropage zero = { .range = { .len = HOLD_PAGE } };
		struct uffd_msg msg;
		unsigned int page;

		if (!event_wait(h->fd, 20) || read(h->fd, &msg, sizeof(msg)) != sizeof(msg) ||
		    msg.event != UFFD_EVENT_PAGEFAULT)
			continue;
		page = (unsigned int)((msg.arg.pagefault.address - (uintptr_t)h->mem) / HOLD_PAGE);
		h->wanted(page);
		zero.range.start = (uintptr_t)h->mem + (size_t)page * HOLD_PAGE;
		if (ioctl(h->fd, UFFDIO_ZEROPAGE, &zero) && errno != EEXIST)
			tap_bail("UFFDIO_ZEROPAGE: %s", strerror(errno));
		h->served++;
	}
	return NULL;
}

void hold_start(struct hold *h, unsigned int pages, void (*wanted)(unsigned int page))
{
	struct uffdio_register reg = { .mode = UFFDIO_REGISTER_MODE_MISSING };
	struct uffdio_api api = { .api = UFFD_API };

	memset(h, 0, sizeof(*h));
	h->pages = pages;
	h->wanted = wanted;
	h->mem = mmap(NULL, (size_t)pages * HOLD_PAGE, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	h->fd = (int)syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK);
	if (h->mem == MAP_FAILED || h->fd < 0 || ioctl(h->fd, UFFDIO_API, &api))
		tap_bail("userfaultfd: %s", strerror(errno));
	reg.range.start = (uintptr_t)h->mem;
	reg.range.len = (size_t)pages * HOLD_PAGE;
	if (ioctl(h->fd, UFFDIO_REGISTER, &reg))
		tap_bail("UFFDIO_REGISTER: %s", strerror(errno));
	if (pthread_create(&h->thread, NULL, serve, h))
		tap_bail("thread");
}

void hold_stop(struct hold *h)
{
	h->over = true;
	pthread_join(h->thread, NULL);
	close(h->fd);
	munmap(h->mem, (size_t)h->pages * HOLD_PAGE);
}

void hold_show(const struct hold *h, struct guest *g)
{
	struct {
		struct vhost_memory head;
		struct vhost_memory_region region[2];
	} table = {
		.head = { .nregions = 2 },
		.region = { { GUEST_GPA, GUEST_MEM, (uintptr_t)g->mem, 0 },
			    { HOLD_GPA, (uint64_t)h->pages * HOLD_PAGE, (uintptr_t)h->mem, 0 } },
	};
	int err = dev_ioctl(g->fd, VHOST_SET_MEM_TABLE, &table);

	if (err)
		tap_bail("SET_MEM_TABLE: %s", strerror(-err));
}
