/* SPDX-License-Identifier: GPL-2.0-only */
/* What one point is asked to measure. */
#ifndef VL_OPTIONS_H
#define VL_OPTIONS_H

#include "common.h"
#include "cpus.h"

enum server_kind { SERVER_USERSPACE, SERVER_INTREE, SERVER_VHOSTLAB, SERVER_URING, SERVER_FLOOR };
enum workload { WORK_TX, WORK_RX, WORK_RR, WORK_RR_FLOOD, WORK_STREAM };
enum sink { SINK_CHECK, SINK_STACK, SINK_XDP_DROP, SINK_FORWARD, SINK_DROP };
enum clock_kind { CLOCK_INSN, CLOCK_WALL, CLOCK_NATIVE };
/* Clock native: where the driver and the server run, and when the driver shows buffers. */
enum cores { CORES_TWO, CORES_TURNS, CORES_SMT };
enum publish { PUBLISH_EACH, PUBLISH_BURST };

#define MAX_MODULE_KNOBS 16
#define FRAME_MIN	 60
#define FRAME_MAX	 65535
#define GUESTS_MAX	 32
/* Memory regions a server has to accept: those QEMU has slots for. */
#define REGIONS_MAX 509

#define MAX_KNOBS 32

struct knob {
	char name[64];
	char value[64];
};

struct options {
	enum server_kind server;
	enum workload workload;
	enum sink sink;
	enum clock_kind clock;
	unsigned int size; /* frame bytes, without the virtio-net header */
	unsigned int burst; /* frames per kick (tx), frames the sender delivers at once (rx) */
	unsigned long packets; /* frames of the measured phase, rounded up to whole bursts */
	unsigned long duration_ms; /* that the window lasts about; 0: as long as packets take */
	unsigned int guests; /* at once; they share packets */
	struct cpus cpus; /* of guest, server and far end; none: the first two there are */

	const char *events; /* file for the raw events of a pass of its own; NULL: no such pass */
	const char *functions; /* file for what the window's time went into; NULL: not asked */

	/* What the guest negotiates. */
	bool event_idx, indirect, mrg_rxbuf, version_1, packed, in_order;
	bool calls; /* false: the guest polls the used ring and asks for no interrupt */
	unsigned int ring; /* entries of each virtqueue */
	unsigned int pace; /* rr: instructions or ns from one request to the next; 0: see pace.h */
	unsigned int work; /* turns of an empty loop before each frame of a stream */
	unsigned int regions; /* guest memory is described to the server as so many */
	int policy; /* SCHED_OTHER or SCHED_BATCH, of the guest and of what serves it */
	unsigned int sndbuf; /* bytes under way that the tap allows; 0: no limit, as QEMU sets it */
	bool log; /* dirty logging, as while a virtual machine moves */
	/* Of clock native alone: bench/native/. */
	enum cores cores;
	enum publish publish;
	bool copy; /* frames are written, copied and read; false: their headers only */
	unsigned int poll_us; /* the server looks at an empty queue so long before it sleeps */

	/* Parameters of vhostlab_net, written before the device gets its owner. */
	const char *knob[MAX_KNOBS]; /* all that were given, NAME=VALUE */
	unsigned int knobs;
	unsigned int module_knobs;
	struct knob module_knob[MAX_MODULE_KNOBS];
};

/* Names of the enums, as they are written on the command line. */
const char *server_name(enum server_kind server);
const char *workload_name(enum workload workload);
const char *sink_name(enum sink sink);
const char *policy_name(int policy);

/* Frames are only counted behind the tap, and none comes back: for tx and stream. */
static inline bool sink_one_way(const struct options *o)
{
	return o->sink == SINK_XDP_DROP || o->sink == SINK_FORWARD;
}

/* Bytes of the virtio-net header that o negotiates: 12 or 10. */
unsigned int header_len(const struct options *o);

/* Descriptors of the ring that one transmitted frame takes. */
unsigned int tx_descs(const struct options *o);

/*
 * Reads the command line into o. Returns RC_OK or, after one line on stderr,
 * RC_USAGE.
 */
int options_parse(struct options *o, int argc, char **argv);

/* Prints the usage on f. */
void options_usage(FILE *f);

#endif
