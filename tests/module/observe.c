// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the module says about itself: tracepoints, debugfs counters and the
 * client's own counts must agree to the last packet, and each knob must do
 * what it says, from the moment a device gets its owner.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "nic.h"
#include "tap.h"

#define TRACE	 "/sys/kernel/tracing"
#define INSTANCE TRACE "/instances/vhostlab-test"
#define FRAMES	 200u

/* Events of one name on one queue; field's values are summed if it is named. */
static long long events(const char *name, unsigned int queue, const char *field, long long *count)
{
	char line[512], want_name[64], want_queue[32];
	long long sum = 0, n = 0;
	FILE *f = fopen(INSTANCE "/trace", "re");

	snprintf(want_name, sizeof(want_name), ": %s: ", name);
	snprintf(want_queue, sizeof(want_queue), " queue=%u ", queue);
	while (f && fgets(line, sizeof(line), f)) {
		char *at = strstr(line, want_name);

		if (!at || !strstr(at, want_queue))
			continue;
		n++;
		at = field ? strstr(at, field) : NULL;
		if (at)
			sum += atoll(at + strlen(field));
	}
	if (f)
		fclose(f);
	if (count)
		*count = n;
	return field ? sum : n;
}

static void formats(void)
{
	static const char *const names[] = { "kick",	"work_start", "work_end",  "desc",
					     "copy_tx", "copy_rx",    "used",	   "call",
					     "notify",	"poll",	      "log_write", "error" };

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		char path[200], text[4096] = "";
		FILE *f;

		snprintf(path, sizeof(path), TRACE "/events/vhostlab/%s/format", names[i]);
		f = fopen(path, "re");
		if (f) {
			text[fread(text, 1, sizeof(text) - 1, f)] = '\0';
			fclose(f);
		}
		tap_ok(strstr(text, " device;") && strstr(text, " queue;") &&
			       strstr(text, " index;"),
		       "tracepoint %s names device, queue and ring index", names[i]);
	}
}

static void trace_start(void)
{
	mkdir(INSTANCE, 0755);
	file_put(INSTANCE "/buffer_size_kb", "8192");
	file_put(INSTANCE "/trace", "");
	if (file_put(INSTANCE "/events/vhostlab/enable", "1"))
		tap_bail("cannot enable the tracepoints");
}

static void trace_stop(void)
{
	file_put(INSTANCE "/events/vhostlab/enable", "0");
	rmdir(INSTANCE);
}

/* Calls the client got; an eventfd's value is the number of signals. */
static uint64_t calls(struct ring *q)
{
	uint64_t v = 0;

	if (event_wait(q->call, 0) && read(q->call, &v, sizeof(v)) != sizeof(v))
		v = 0;
	return v;
}

static void known_traffic(void)
{
	static const char *const queues[] = { "rx", "tx" };
	uint64_t bytes[2] = { 0, 0 }, kicks[2] = { 0, 0 }, called[2] = { 0, 0 };
	unsigned int good[2] = { 0, 0 };
	struct guest g;
	struct tap t;

	guest_start(&g, F_V1, 256);
	stats_find();
	tap_new(&t, "vl0", 12);
	guest_backend(&g, t.fd);
	tap_is(stat_of("rx", "packets"), 0, "a new device has counted nothing");
	trace_start();
	for (uint32_t i = 0; i < FRAMES; i++) {
		size_t len = 60 + i % 50 * 20;

		good[TX] += tx_one(&g, t.far, i, len);
		called[TX] += calls(&g.q[TX]);
		good[RX] += rx_one(&g, t.far, i, len + 1);
		called[RX] += calls(&g.q[RX]);
		bytes[TX] += len;
		bytes[RX] += len + 1;
		kicks[TX]++;
		kicks[RX]++;
	}
	/* The last call may still be under way. */
	sleep_ms(100);
	file_put(INSTANCE "/events/vhostlab/enable", "0");
	for (int q = RX; q <= TX; q++) {
		const char *copy = q == TX ? "copy_tx" : "copy_rx";
		const char *name = queues[q];
		long long sent, n;

		called[q] += calls(&g.q[q]);
		tap_is(good[q], FRAMES, "%s: all frames passed", name);
		tap_is(stat_of(name, "packets"), FRAMES, "%s: debugfs packets", name);
		tap_is(stat_of(name, "bytes"), (long long)bytes[q], "%s: debugfs bytes", name);
		tap_is(stat_of(name, "kicks"), (long long)kicks[q], "%s: debugfs kicks", name);
		tap_is(stat_of(name, "calls_sent"), (long long)called[q],
		       "%s: debugfs calls_sent is what the client got", name);
		tap_is(stat_of(name, "dropped"), 0, "%s: debugfs dropped", name);
		tap_ok(stat_of(name, "wakeups") > 0, "%s: debugfs wakeups", name);
		tap_is(events(copy, (unsigned int)q, NULL, NULL), FRAMES, "%s: events %s", name,
		       copy);
		tap_is(events(copy, (unsigned int)q, " len=", NULL), (long long)bytes[q],
		       "%s: bytes in events %s", name, copy);
		tap_is(events("desc", (unsigned int)q, NULL, NULL), FRAMES, "%s: events desc",
		       name);
		tap_is(events("used", (unsigned int)q, " count=", NULL), FRAMES,
		       "%s: entries in events used", name);
		tap_is(events("kick", (unsigned int)q, NULL, NULL), (long long)kicks[q],
		       "%s: events kick", name);
		sent = events("call", (unsigned int)q, " sent=", &n);
		tap_is(sent, (long long)called[q], "%s: events call, sent", name);
		tap_is(n - sent, stat_of(name, "calls_suppressed"), "%s: events call, suppressed",
		       name);
		tap_is(events("work_start", (unsigned int)q, NULL, NULL),
		       events("work_end", (unsigned int)q, NULL, NULL),
		       "%s: every work_start has its work_end", name);
		tap_is(events("work_end", (unsigned int)q, " packets=", NULL), FRAMES,
		       "%s: packets in events work_end", name);
		tap_is(events("error", (unsigned int)q, NULL, NULL), 0, "%s: no event error", name);
	}

	/* One broken rule: one event and one count, on its own queue only. */
	file_put(INSTANCE "/trace", "");
	file_put(INSTANCE "/events/vhostlab/enable", "1");
	ring_publish(&g.q[TX], 256);
	ring_kick(&g.q[TX]);
	tap_ok(event_wait(g.q[TX].err, 3000), "a head outside the ring: error event");
	sleep_ms(50);
	tap_is(events("error", TX, NULL, NULL), 1, "one event error for transmit");
	tap_is(events("error", RX, NULL, NULL), 0, "none for receive");
	tap_is(stat_of("tx", "error_head_range"), 1, "debugfs error_head_range of tx");
	tap_is(stat_of("rx", "error_head_range"), 0, "debugfs error_head_range of rx");
	trace_stop();
	guest_stop(&g);
	tap_ok(access(stats_dir, F_OK) != 0, "the directory goes with its device");
	tap_del(&t);
}

/* Posts n frames at once and waits for all of them. */
static bool burst(struct guest *g, unsigned int n)
{
	struct ring *q = &g->q[TX];
	struct vring_used_elem e;

	for (unsigned int i = 0; i < n; i++) {
		memset(g->mem + slot(i), 0, 12);
		frame_make(g->mem + slot(i) + 12, 100, i);
		desc_set(q, i, gpa_of(slot(i)), 112, 0, 0);
		ring_publish(q, (uint16_t)i);
	}
	ring_kick(q);
	while (n && ring_wait(q, 3000) && ring_take(q, &e))
		n--;
	return n == 0;
}

static void knob_batch(void)
{
	struct guest g;
	struct tap t;

	tap_new(&t, "vl0", 12);
	tap_err(knob("tx_batch", "1"), 0, "tx_batch=1");
	guest_start(&g, F_V1, 256);
	stats_find();
	/* Too late for this device. */
	tap_err(knob("tx_batch", "64"), 0, "tx_batch=64");
	guest_backend(&g, t.fd);
	tap_ok(burst(&g, 200), "a burst of 200");
	tap_is(stat_of("tx", "batch_max"), 1, "tx_batch=1 when it got its owner: batches of 1");
	guest_stop(&g);
	guest_start(&g, F_V1, 256);
	stats_find();
	guest_backend(&g, t.fd);
	tap_ok(burst(&g, 200), "a burst of 200");
	tap_is(stat_of("tx", "batch_max"), 64, "tx_batch=64: batches of 64");
	guest_stop(&g);
	tap_del(&t);
	tap_err(knob("tx_batch", "0"), -EINVAL, "tx_batch=0");
	tap_err(knob("tx_batch", "257"), -EINVAL, "tx_batch=257");
	tap_err(knob("packet_weight", "0"), -EINVAL, "packet_weight=0");
	tap_err(knob("worker", "nonsense"), -EINVAL, "worker=nonsense");
}

/* Threads whose name is the worker's, this process's workers that is. */
static int worker_count(void)
{
	char command[120];
	FILE *f;
	int n = -1;

	/* Threads of the kernel, or of this process. */
	snprintf(command, sizeof(command),
		 "grep -lsx 'vhostlab-%d' /proc/[0-9]*/comm /proc/%d/task/*/comm | wc -l", getpid(),
		 getpid());
	f = popen(command, "re");
	if (f && fscanf(f, "%d", &n) != 1)
		n = -1;
	if (f)
		pclose(f);
	return n;
}

static void knob_others(void)
{
	uint64_t f = 0;
	char mask[32];
	struct guest g;
	struct tap t;
	int fd;

	tap_new(&t, "vl0", 12);
	tap_err(knob("worker", "queue"), 0, "worker=queue");
	guest_start(&g, F_V1, 256);
	guest_backend(&g, t.fd);
	tap_is(worker_count(), 2, "worker=queue: two threads");
	tap_ok(tx_one(&g, t.far, 1, 100) && rx_one(&g, t.far, 2, 100), "both queues serve");
	guest_stop(&g);
	tap_err(knob("worker", "device"), 0, "worker=device");
	guest_start(&g, F_V1, 256);
	tap_is(worker_count(), 1, "worker=device: one thread");
	guest_stop(&g);
	tap_del(&t);

	snprintf(mask, sizeof(mask), "%llu", ~F_EVENT);
	tap_err(knob("features_mask", mask), 0, "features_mask without EVENT_IDX");
	fd = dev_open();
	tap_err(dev_ioctl(fd, VHOST_GET_FEATURES, &f), 0, "GET_FEATURES");
	tap_ok(!(f & F_EVENT) && f & F_V1, "EVENT_IDX is not offered, the rest is");
	f = F_EVENT;
	tap_err(dev_ioctl(fd, VHOST_SET_OWNER, NULL), 0, "SET_OWNER");
	tap_err(dev_ioctl(fd, VHOST_SET_FEATURES, &f), -EOPNOTSUPP, "nor accepted");
	close(fd);
	tap_err(knob("features_mask", "18446744073709551615"), 0, "features_mask: all");
}

/* modinfo: every parameter the running module has, with its default. */
static void described(void)
{
	const char *ko = getenv("VHOSTLAB_KO");
	DIR *d = opendir(KNOB_DIR);
	struct dirent *e;

	if (!ko || !*ko) {
		tap_skip(1, "VHOSTLAB_KO is not set", "modinfo");
		return;
	}
	while (d && (e = readdir(d))) {
		if (e->d_name[0] == '.')
			continue;
		tap_is(sh("modinfo -F parm '%s' | grep -q '^%s:.*\\[.*\\]'", ko, e->d_name), 0,
		       "modinfo prints %s and its default", e->d_name);
	}
	if (d)
		closedir(d);
}

int main(int argc, char **argv)
{
	guest_args(argc, argv);
	if (!is_ours()) {
		tap_skip(1, "the in-tree module has no tracepoints and no counters", "observe");
		return tap_done();
	}
	net_private();
	formats();
	known_traffic();
	knob_batch();
	knob_others();
	described();
	return tap_done();
}
