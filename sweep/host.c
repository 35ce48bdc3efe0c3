// SPDX-License-Identifier: GPL-2.0-only
/*
 * host: the machine that a sweep measures on when that is no lab VM: which of
 * its processors, what state it is in, what is changed there and taken back.
 *
 *   host cpus [LIST]             the processors of guest, server and far end
 *   host check                   can anything be measured here at all?
 *   host describe LIST           the object `host` of env.json
 *   host advise LIST             what may disturb there, in a line on stderr
 *   host tune LIST JOURNAL       changes that
 *   host loading MODULE JOURNAL  notes that a module is about to be loaded
 *   host restore JOURNAL [found] takes back what the journal has
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "describe.h"
#include "journal.h"
#include "tune.h"

static int usage(void)
{
	return fail(RC_USAGE, "host: wrong use: host cpus [LIST] | check | describe LIST | advise "
			      "LIST | tune LIST JOURNAL | loading MODULE JOURNAL | restore JOURNAL "
			      "[found]");
}

static int print_cpus(const char *list)
{
	struct cpus c;
	char text[400];
	int rc = list ? cpus_parse(&c, "--cpus", list) : cpus_choose(&c);

	if (!rc && list)
		rc = cpus_check(&c);
	if (rc)
		return rc;
	cpus_text(&c, text, sizeof(text));
	return puts(text) < 0 ? RC_FAIL : RC_OK;
}

/* What every measurement here needs; what one server needs it says itself. */
static int check(void)
{
	char line[64], path[256];

	if (geteuid())
		return fail(RC_CANNOT,
			    "sweep --host: not root: taps, modules and counters need it: use sudo, "
			    "or leave out --host");
	if (!system_line(line, sizeof(line), "/proc/schedstat"))
		return fail(RC_CANNOT, "sweep --host: /proc/schedstat: not there: it needs a "
				       "kernel with CONFIG_SCHEDSTATS");
	if (access(system_path(path, sizeof(path),
			       "/sys/kernel/tracing/events/raw_syscalls/sys_enter/id"),
		   R_OK) &&
	    access(system_path(path, sizeof(path),
			       "/sys/kernel/debug/tracing/events/raw_syscalls/sys_enter/id"),
		   R_OK))
		return fail(RC_CANNOT, "sweep --host: tracepoint raw_syscalls/sys_enter: not "
				       "there: mount tracefs at /sys/kernel/tracing");
	return RC_OK;
}

static int print_state(const struct cpus *c)
{
	json_t *host = describe(c);
	bool good = host && !json_dumpf(host, stdout, JSON_COMPACT) && puts("") >= 0;

	json_decref(host);
	return good ? RC_OK : fail(RC_FAIL, "host: standard output: cannot be written");
}

int main(int argc, char **argv)
{
	const char *word = argc > 1 ? argv[1] : "";
	struct cpus c;
	int rc;

	if (!strcmp(word, "cpus") && argc <= 3)
		return print_cpus(argc == 3 ? argv[2] : NULL);
	if (!strcmp(word, "check") && argc == 2)
		return check();
	if (!strcmp(word, "loading") && argc == 4)
		return journal_module(argv[3], argv[2]) ? RC_FAIL : RC_OK;
	if (!strcmp(word, "restore") && argc >= 3 && argc <= 4)
		return journal_restore(argv[2], argc == 4) ? RC_FAIL : RC_OK;
	if (argc < 3)
		return usage();
	rc = cpus_parse(&c, "--cpus", argv[2]);
	if (rc)
		return rc;
	if (!strcmp(word, "describe") && argc == 3)
		return print_state(&c);
	if (!strcmp(word, "advise") && argc == 3) {
		tune_advise(&c);
		return RC_OK;
	}
	if (!strcmp(word, "tune") && argc == 4)
		return tune(argv[3], &c);
	return usage();
}
