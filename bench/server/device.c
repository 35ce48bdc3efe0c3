// SPDX-License-Identifier: GPL-2.0-only
/* The device half of a virtio-net in a process of its own. */
#include "device.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

void device_die(const struct device *d, const char *what)
{
	fail(RC_FAIL, "%s server: %s: %s", d->name, what, errno ? strerror(errno) : "broken ring");
	exit(RC_FAIL);
}

static void open_queue(struct device *d, struct device_queue *q, const unsigned long *args,
		       const enum device_arg at[3])
{
	devring_open(&q->ring, d->mem, d->bytes, args[ARG_MEM_GPA], args[at[0]], args[ARG_RING_NUM],
		     args[ARG_EVENT_IDX]);
	q->kick = args[at[1]];
	q->call = args[at[2]];
}

void device_open(struct device *d, const char *name, int argc, char **argv)
{
	static const enum device_arg rx[] = { ARG_RX_OFFSET, ARG_RX_KICK, ARG_RX_CALL };
	static const enum device_arg tx[] = { ARG_TX_OFFSET, ARG_TX_KICK, ARG_TX_CALL };
	unsigned long args[DEVICE_ARGS];

	*d = (struct device){ .name = name };
	if (argc != DEVICE_ARGS + 1)
		exit(fail(RC_USAGE, "%s server: started by hand: build/bench/point starts it",
			  name));
	for (int i = 0; i < DEVICE_ARGS; i++)
		args[i] = strtoul(argv[i + 1], NULL, 10);
	d->ready = args[ARG_READY_FD];
	d->tap = args[ARG_TAP_FD];
	d->mergeable = args[ARG_MERGEABLE];
	d->bytes = args[ARG_MEM_BYTES];
	d->mem = mmap(NULL, d->bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE,
		      args[ARG_MEM_FD], 0);
	if (d->mem == MAP_FAILED)
		device_die(d, "guest memory");
	open_queue(d, &d->rx, args, rx);
	open_queue(d, &d->tx, args, tx);
	devring_mute(&d->rx.ring);
	devring_arm(&d->tx.ring);
}

void device_ready(struct device *d)
{
	if (mlockall(MCL_CURRENT | MCL_FUTURE))
		device_die(d, "mlockall");
	if (write(d->ready, "r", 1) != 1)
		device_die(d, "ready");
	close(d->ready);
}

bool device_pop_tx(struct device *d, struct devchain *c)
{
	int got = devring_pop(&d->tx.ring, c);

	if (got < 0 || (got && c->in)) {
		errno = 0;
		device_die(d, "transmit queue");
	}
	return got;
}

bool device_deliver(struct device *d, const char *frame, size_t len)
{
	struct devring *r = &d->rx.ring;
	struct devchain c;
	unsigned int used = 0;
	char *head = NULL;
	size_t done = 0;

	do {
		size_t before = done;
		int got = devring_pop(r, &c);

		if (got < 0 || (got && c.out)) {
			errno = 0;
			device_die(d, "receive queue");
		}
		if (!got) {
			devring_unpop(r, used);
			r->next_used -= used;
			return false;
		}
		if (!head)
			head = c.iov[0].iov_base;
		for (unsigned int i = 0; i < c.in && done < len; i++) {
			size_t n = len - done < c.iov[i].iov_len ? len - done : c.iov[i].iov_len;

			memcpy(c.iov[i].iov_base, frame + done, n);
			done += n;
		}
		devring_push(r, c.head, done - before);
		used++;
		/* Without mergeable buffers what does not fit is cut off, as the rules say. */
	} while (done < len && d->mergeable);
	if (d->mergeable) {
		uint16_t num = used;

		memcpy(head + 10, &num, sizeof(num));
	}
	return true;
}
