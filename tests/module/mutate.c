// SPDX-License-Identifier: GPL-2.0-only
/*
 * A hostile guest changes at random what a device reads while it serves: lib/mutate.h. Would fail
 * if: a byte outside the rings and the memory table changed, the queues could not be repaired and
 * serve the next frame, or the kernel had to report anything.
 *
 * --rounds is the number of devices, --seed what they begin with.
 */
#include "mutate.h"
#include "tap.h"

#define SHORT 10u /* devices of the short run */

int main(int argc, char **argv)
{
	static struct mutations all;
	unsigned int devices;
	struct dice d = { 0 };
	struct tap t;

	guest_args(argc, argv);
	net_private();
	d.state = seed;
	devices = rounds ? rounds : SHORT;
	tap_new(&t, "mut0", 12);
	for (unsigned int i = 0; i < devices; i++) {
		bool right = mutate_device(&all, &t, true, &d);

		tap_ok(right, "%s", all.what);
	}
	mutate_knobs_back();
	tap_del(&t);
	tap_note("figures: devices=%lu mutations=%lu served=%lu broken_rules=%lu restarts=%lu",
		 all.devices, all.mutations, all.served, all.broken, all.repairs);
	tap_ok(!is_ours() || (all.served >= devices && all.broken >= devices * 10),
	       "enough of it is served, and found to be wrong, to get anywhere");
	return tap_done();
}
