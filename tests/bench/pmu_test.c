// SPDX-License-Identifier: GPL-2.0-only
/* Hardware counters from a source made up here: counts per packet, and what is left out and why. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <setjmp.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#undef fail /* cmocka names a macro so, the bench a function */

#include "lib/clock.h"
#include "probe/pmu.h"

/* What the made-up PMU does. */
static struct {
	int refuse; /* errno of every open, or 0 */
	int refuse_guest; /* errno for groups of guests */
	int room; /* groups per processor that find counters */
	double running; /* share of the time that each group counts */
	unsigned int opened, enabled, disabled;
} fake;

static struct {
	int cpu;
	unsigned int members, order;
	bool user, kernel, guest, pinned;
} group[256];

static int fake_open(struct perf_event_attr *attr, int cpu, int leader)
{
	int fd;

	errno = attr->exclude_host && fake.refuse_guest ? fake.refuse_guest : fake.refuse;
	if (errno)
		return -1;
	fd = open("/dev/null", O_RDONLY);
	fake.opened++;
	if (leader < 0) {
		unsigned int order = 0;

		for (int i = 0; i < 256; i++)
			order += group[i].members && group[i].cpu == cpu;
		memset(&group[fd], 0, sizeof(group[fd]));
		group[fd].cpu = cpu;
		group[fd].order = order;
		group[fd].pinned = attr->pinned && attr->disabled;
		group[fd].user = attr->exclude_kernel;
		group[fd].kernel = attr->exclude_user;
		group[fd].guest = attr->exclude_host;
	}
	group[leader < 0 ? fd : leader].members++;
	return fd;
}

/* Event i of processor c has counted (i + 1) * (c + 1) * 1000, of user code the half of it. */
static ssize_t fake_read(int fd, void *buffer, size_t size)
{
	uint64_t *out = buffer;
	unsigned int n = group[fd].members;

	assert_true(group[fd].pinned);
	assert_true(size >= (3 + n) * sizeof(*out));
	if ((int)group[fd].order >= fake.room)
		return 0;
	out[0] = n;
	out[1] = 1000000;
	out[2] = 1000000 * fake.running;
	for (unsigned int i = 0; i < n; i++)
		out[3 + i] = (i + 1) * (group[fd].cpu + 1) * 1000 / (group[fd].user ? 2 : 1);
	return (3 + n) * sizeof(*out);
}

static int fake_enable(int leader, bool on)
{
	assert_true(group[leader].members > 0);
	if (on)
		fake.enabled++;
	else
		fake.disabled++;
	return 0;
}

static struct pmu_source source;
static struct pmu pmu;
static char text[PMU_TEXT_MAX];

static int setup(void **state)
{
	(void)state;
	memset(&fake, 0, sizeof(fake));
	memset(group, 0, sizeof(group));
	fake.room = PMU_GROUPS;
	fake.running = 1;
	source = pmu_hardware;
	source.open = fake_open;
	source.read = fake_read;
	source.enable = fake_enable;
	return 0;
}

/* A window of processors 0 and 1 with 10 packets. */
static bool measure(void)
{
	const struct cpus c = { 2, { 0, 1 } };

	pmu_open(&pmu, &c, &source);
	if (window_watcher) {
		window_watcher(true);
		window_watcher(false);
	}
	pmu_close(&pmu);
	assert_null(window_watcher);
	return pmu_text(&pmu, 10, text, sizeof(text));
}

static void has(const char *part)
{
	if (!strstr(text, part))
		print_error("%s is not in %s\n", part, text);
	assert_non_null(strstr(text, part));
}

static void test_counts(void **state)
{
	(void)state;
	assert_true(measure());
	/* Processor 0 has 1000, 2000, ..., processor 1 the double. */
	has("{\"cycles_per_packet\":300,\"instructions_per_packet\":600,"
	    "\"llc_misses_per_packet\":900,\"branch_misses_per_packet\":1200,\"ipc\":2.0000,"
	    "\"l1d_misses_per_packet\":300,\"dtlb_misses_per_packet\":600,");
	has("\"user\":{\"cycles_per_packet\":150,");
	has("\"kernel\":{\"cycles_per_packet\":300,");
	has("\"guest\":{\"cycles_per_packet\":300,");
	has("\"processors\":{\"0\":{\"cycles_per_packet\":100,");
	has("\"1\":{\"cycles_per_packet\":200,");
	assert_null(strstr(text, "left_out"));
	assert_int_equal(fake.opened, 2 * (4 * 4 + 2));
	assert_int_equal(fake.enabled, 2 * PMU_GROUPS);
	assert_int_equal(fake.disabled, 2 * PMU_GROUPS);
}

/* A second window, of a pass behind the measured one, is not counted. */
static void test_one_window(void **state)
{
	const struct cpus c = { 1, { 0 } };

	(void)state;
	pmu_open(&pmu, &c, &source);
	for (int i = 0; i < 2; i++) {
		window_watcher(true);
		window_watcher(false);
	}
	pmu_close(&pmu);
	assert_int_equal(fake.enabled, PMU_GROUPS);
}

static void test_none(void **state)
{
	(void)state;
	fake.refuse = ENOENT;
	assert_false(measure());
	assert_string_equal(pmu.absent, "processor 0 counts no cycles: there is no PMU, as in a "
					"virtual machine without a vPMU");
	fake.refuse = EACCES;
	assert_false(measure());
	assert_string_equal(pmu.absent, "processor 0 counts no cycles: Permission denied");
}

/* What did not count all the time has no value, not a scaled one. */
static void test_multiplexed(void **state)
{
	(void)state;
	fake.running = 0.5;
	assert_true(measure());
	assert_null(strstr(text, "per_packet"));
	has("\"left_out\":{\"all\":\"multiplexed: it counted 50.0 % of the window\"");
}

static void test_no_room(void **state)
{
	(void)state;
	fake.room = 2;
	assert_true(measure());
	has("{\"cycles_per_packet\":300,");
	has("\"user\":{},\"kernel\":{},\"guest\":{},");
	has("\"user\":\"it found no room: ");
	assert_null(strstr(text, "\"all\":"));
}

static void test_no_guests(void **state)
{
	(void)state;
	fake.refuse_guest = EOPNOTSUPP;
	assert_true(measure());
	has("\"guest\":{},");
	has("\"left_out\":{\"guest\":\"cycles: Operation not supported\"}}");
}

/* The kernel's own software events, by the same path. */
static void test_software(void **state)
{
	const struct cpus c = { 1, { 0 } };
	struct cpus none = { 0 };

	(void)state;
	clock_cpus(&none);
	pmu_open(&pmu, &c, &pmu_software);
	if (*pmu.absent) {
		/* A kernel that lets this user count nothing: the reason is there. */
		assert_non_null(strstr(pmu.absent, "counts no cpu_clock_ns: "));
		skip();
	}
	window_watcher(true);
	usleep(20000);
	window_watcher(false);
	pmu_close(&pmu);
	assert_true(pmu_text(&pmu, 1, text, sizeof(text)));
	assert_true(pmu.count[0][PMU_ALL].present & 1);
	/* A clock of the processor runs whether it idles or not. */
	assert_true(pmu.count[0][PMU_ALL].value[0] >= 15000000);
	assert_null(strstr(text, "ipc"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_counts, setup),
		cmocka_unit_test_setup(test_one_window, setup),
		cmocka_unit_test_setup(test_none, setup),
		cmocka_unit_test_setup(test_multiplexed, setup),
		cmocka_unit_test_setup(test_no_room, setup),
		cmocka_unit_test_setup(test_no_guests, setup),
		cmocka_unit_test_setup(test_software, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
