// SPDX-License-Identifier: GPL-2.0-only
/*
 * A guest that breaks rules of its transmit ring on purpose, for trace/errors.bt
 * to see. Prints the module's counters of what it broke, one per line:
 * queue, rule, times.
 */
#include <glob.h>
#include <stdio.h>
#include <string.h>

#include "nic.h"
#include "tap.h"

#define NEXT	 VRING_DESC_F_NEXT
#define WRITE	 VRING_DESC_F_WRITE
#define INDIRECT VRING_DESC_F_INDIRECT
#define TABLE	 8 /* slot that holds an indirect table */

static void head_range(struct ring *q)
{
	ring_publish(q, (uint16_t)q->num);
}

static void next_range(struct ring *q)
{
	desc_set(q, 0, gpa_of(slot(0)), 100, NEXT, (uint16_t)q->num);
	ring_publish(q, 0);
}

static void loop(struct ring *q)
{
	desc_set(q, 0, gpa_of(slot(0)), 100, NEXT, 0);
	ring_publish(q, 0);
}

static void indirect_size(struct ring *q)
{
	desc_set(q, 0, gpa_of(slot(TABLE)), 17, INDIRECT, 0);
	ring_publish(q, 0);
}

static void indirect_nest(struct ring *q)
{
	desc_set(q, 0, gpa_of(slot(TABLE)), 16, INDIRECT | NEXT, 1);
	ring_publish(q, 0);
}

static void order(struct ring *q)
{
	desc_set(q, 0, gpa_of(slot(0)), 100, WRITE | NEXT, 1);
	desc_set(q, 1, gpa_of(slot(1)), 100, 0, 0);
	ring_publish(q, 0);
}

static void unmapped(struct ring *q)
{
	desc_set(q, 0, 1, 100, 0, 0);
	ring_publish(q, 0);
}

static void tx_writable(struct ring *q)
{
	desc_set(q, 0, gpa_of(slot(0)), 100, WRITE, 0);
	ring_publish(q, 0);
	ring_publish(q, 0);
}

static void tx_short(struct ring *q)
{
	desc_set(q, 0, gpa_of(slot(0)), 12, 0, 0);
	ring_publish(q, 0);
	ring_publish(q, 0);
	ring_publish(q, 0);
}

static void print_counters(const char *queue)
{
	char pattern[64], name[64];
	unsigned long long value;
	glob_t found;
	FILE *f;

	snprintf(pattern, sizeof(pattern), "/sys/kernel/debug/vhostlab/*/%s", queue);
	if (glob(pattern, 0, NULL, &found) || found.gl_pathc != 1)
		tap_bail("%s: not one device: close the others", pattern);
	f = fopen(found.gl_pathv[0], "re");
	if (!f)
		tap_bail("%s cannot be read", found.gl_pathv[0]);
	while (fscanf(f, "%63s %llu", name, &value) == 2)
		if (!strncmp(name, "error_", 6) && value)
			printf("%s %s %llu\n", queue, name + 6, value);
	fclose(f);
	globfree(&found);
}

int main(int argc, char **argv)
{
	static void (*const acts[])(struct ring *) = {
		head_range, next_range, loop,	  indirect_size, indirect_nest,
		order,	    unmapped,	tx_short, tx_writable,
	};
	struct guest g;
	struct tap t;

	guest_args(argc, argv);
	net_private();
	guest_start(&g, F_V1 | F_INDIRECT, 64);
	tap_new(&t, "vl0", g.hdr_len);
	guest_backend(&g, t.fd);
	for (size_t i = 0; i < sizeof(acts) / sizeof(*acts); i++) {
		acts[i](&g.q[TX]);
		ring_kick(&g.q[TX]);
		if (!event_wait(g.q[TX].err, 4000))
			tap_bail("act %zu went unnoticed", i);
		sleep_ms(20);
		ring_repair(&g.q[TX], t.fd);
	}
	print_counters("rx");
	print_counters("tx");
	guest_stop(&g);
	tap_del(&t);
	return 0;
}
