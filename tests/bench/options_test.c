// SPDX-License-Identifier: GPL-2.0-only
/* The command line of the point program: what it accepts and what it refuses. */
#define _GNU_SOURCE
#include <sched.h>
#include <stdarg.h>
#include <setjmp.h>
#include <string.h>
#include <cmocka.h>

#undef fail /* cmocka names a macro so, the bench a function */

#include "lib/options.h"

#define MAX_ARGS 64

/* Parses the good command line followed by `more`, a list of words. */
static int parse(struct options *o, const char *more)
{
	char text[1024];
	char *argv[MAX_ARGS], *word, *save = NULL;
	int argc = 0;

	snprintf(text, sizeof(text),
		 "point --server intree --workload tx --size 64 --burst 4 --sink stack "
		 "--clock insn --packets 100 %s",
		 more);
	for (word = strtok_r(text, " ", &save); word; word = strtok_r(NULL, " ", &save))
		argv[argc++] = word;
	argv[argc] = NULL;
	return options_parse(o, argc, argv);
}

static void test_defaults(void **state)
{
	struct options o;

	(void)state;
	assert_int_equal(parse(&o, ""), RC_OK);
	assert_int_equal(o.server, SERVER_INTREE);
	assert_int_equal(o.workload, WORK_TX);
	assert_int_equal(o.sink, SINK_STACK);
	assert_int_equal(o.clock, CLOCK_INSN);
	assert_int_equal(o.size, 64);
	assert_int_equal(o.burst, 4);
	assert_int_equal(o.packets, 100);
	assert_int_equal(o.ring, 256);
	assert_true(o.event_idx && o.mrg_rxbuf && o.version_1 && o.calls);
	assert_false(o.indirect || o.packed);
	assert_int_equal(header_len(&o), 12);
	assert_int_equal(o.module_knobs, 0);
}

static void test_processors(void **state)
{
	struct options o;

	(void)state;
	assert_int_equal(parse(&o, ""), RC_OK);
	assert_int_equal(o.cpus.count, 0);
	assert_int_equal(parse(&o, "--cpus 2,4,6"), RC_OK);
	assert_int_equal(o.cpus.count, 3);
	assert_int_equal(cpus_of(&o.cpus, CPU_SERVER), 4);
	assert_int_equal(parse(&o, "--cpus 2,2"), RC_USAGE);
}

/* The instruction clock counts no time. */
static void test_duration(void **state)
{
	struct options o;

	(void)state;
	assert_int_equal(parse(&o, "--duration 2000"), RC_USAGE);
	assert_int_equal(parse(&o, "--clock wall --duration 2000"), RC_OK);
	assert_int_equal(o.duration_ms, 2000);
	assert_int_equal(parse(&o, "--clock wall --duration 9"), RC_USAGE);
	assert_int_equal(parse(&o, "--clock wall --sink check --duration 2000"), RC_USAGE);
}

static void test_knobs(void **state)
{
	struct options o;

	(void)state;
	assert_int_equal(parse(&o, "--knob event_idx=0 --knob ring=1024 --knob indirect=1"), RC_OK);
	assert_false(o.event_idx);
	assert_true(o.indirect);
	assert_int_equal(o.ring, 1024);
	assert_int_equal(parse(&o, "--workload rr --burst 1 --knob pace=100000"), RC_OK);
	assert_int_equal(o.pace, 100000);
	assert_int_equal(parse(&o, "--knob pace=100000"), RC_USAGE);
	assert_int_equal(parse(&o, "--workload rr --burst 1 --knob pace=-1"), RC_USAGE);
	assert_int_equal(o.policy, SCHED_OTHER);
	assert_int_equal(parse(&o, "--server intree --knob policy=batch"), RC_OK);
	assert_int_equal(o.policy, SCHED_BATCH);
	assert_int_equal(o.sndbuf, 0);
	assert_int_equal(parse(&o, "--server intree --knob sndbuf=212992"), RC_OK);
	assert_int_equal(o.sndbuf, 212992);
	assert_int_equal(parse(&o, "--knob sndbuf=-1"), RC_USAGE);
	assert_int_equal(parse(&o, "--knob sndbuf=2147483648"), RC_USAGE);
	assert_int_equal(o.module_knobs, 0);
	assert_int_equal(parse(&o, "--knob policy=fifo"), RC_USAGE);
	assert_int_equal(parse(&o, "--server vhostlab --knob packed=1"), RC_OK);
	assert_true(o.packed);
	assert_int_equal(parse(&o, "--knob version_1=0"), RC_OK);
	assert_int_equal(header_len(&o), 12);
	assert_int_equal(tx_descs(&o), 2);
	assert_int_equal(parse(&o, "--knob version_1=0 --knob mrg_rxbuf=0"), RC_OK);
	assert_int_equal(header_len(&o), 10);
	assert_int_equal(parse(&o, "--server vhostlab --knob tx_batch=8 --knob worker=queue"),
			 RC_OK);
	assert_int_equal(o.module_knobs, 2);
	assert_string_equal(o.module_knob[1].name, "worker");
	assert_string_equal(o.module_knob[1].value, "queue");
	assert_int_equal(parse(&o, "--workload stream --sink xdp_drop --knob work=500"), RC_OK);
	assert_int_equal(o.workload, WORK_STREAM);
	assert_int_equal(o.work, 500);
	assert_int_equal(parse(&o, "--workload stream --sink forward"), RC_OK);
	assert_int_equal(o.sink, SINK_FORWARD);
	assert_int_equal(parse(&o, "--workload rr_flood --burst 256"), RC_OK);
	assert_int_equal(parse(&o, "--guests 32 --knob regions=509 --knob log=1"), RC_OK);
	assert_true(o.guests == 32 && o.regions == 509 && o.log);
	assert_int_equal(parse(&o, "--clock native --sink drop --knob cores=turns "
				   "--knob publish=burst --knob copy=0"),
			 RC_OK);
	assert_int_equal(o.clock, CLOCK_NATIVE);
	assert_true(o.cores == CORES_TURNS && o.publish == PUBLISH_BURST && !o.copy);
	assert_int_equal(o.module_knobs, 0);
}

static void test_refused(void **state)
{
	static const char *const wrong[] = {
		"--server nosuch",
		"--workload forward",
		"--sink void",
		"--clock sun",
		"--server userspace --knob packed=1",
		"--server uring --knob packed=1",
		"--knob packed=1 --knob version_1=0",
		"--knob packed=2",
		"--server userspace --knob in_order=1",
		"--size 59",
		"--size 65536",
		"--size 64k",
		"--size -64",
		"--burst 0",
		"--burst 257",
		"--packets 0",
		"--packets 99999999999999999999",
		"--queues 2",
		"--guests 33",
		"--guests 0",
		"--knob event_idx=2",
		"--knob event_idx",
		"--knob event_idx=",
		"--knob =1",
		"--knob ring=100",
		"--knob ring=65536",
		"--knob regions=0",
		"--knob regions=510",
		"--knob log=2",
		"--server userspace --knob regions=2",
		"--server uring --knob log=1",
		"--guests 2 --events file",
		"--guests 2 --workload rx",
		"--guests 2 --server floor",
		"--sink drop",
		"--knob cores=turns",
		"--clock native",
		"--clock native --sink drop --knob cores=four",
		"--clock native --sink drop --guests 2",
		"--clock native --sink drop --knob calls=0",
		"--clock native --sink check --knob copy=0",
		"--clock native --sink drop --server floor",
		"--clock native --sink drop --knob packed=1",
		"--knob tx_batch=8", /* of the module, but the server is in-tree */
		"--server vhostlab --knob ../x=1",
		"--server vhostlab --knob a/b=1",
		"--workload rr", /* with burst 4 */
		"--workload rx --sink xdp_drop",
		"--workload rr --burst 1 --sink xdp_drop",
		"--workload rx --sink forward",
		"--workload rr --burst 1 --sink forward",
		"--workload rr_flood --sink check", /* the host's stack answers */
		"--workload rr_flood --burst 512", /* more than the ring holds */
		"--workload stream --sink check",
		"--workload stream --knob work=1000001",
		"--server floor --workload stream",
		"--knob version_1=0 --burst 200", /* two descriptors a frame */
		"--nosuch",
		"--size",
		"stray",
	};
	struct options o;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		int rc = parse(&o, wrong[i]);

		if (rc != RC_USAGE)
			print_error("accepted: %s\n", wrong[i]);
		assert_int_equal(rc, RC_USAGE);
	}
}

static void test_missing(void **state)
{
	char *argv[] = { "point", "--server", "intree", "--workload", "tx", NULL };
	struct options o;

	(void)state;
	assert_int_equal(options_parse(&o, 5, argv), RC_USAGE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_defaults), cmocka_unit_test(test_processors),
		cmocka_unit_test(test_duration), cmocka_unit_test(test_knobs),
		cmocka_unit_test(test_refused),	 cmocka_unit_test(test_missing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
