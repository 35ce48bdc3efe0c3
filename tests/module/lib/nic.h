/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Far ends: taps, packet sockets and the frames that cross them, in a network
 * namespace of the test's own, which the kernel removes when the test ends.
 */
#ifndef VHOSTLAB_TEST_NIC_H
#define VHOSTLAB_TEST_NIC_H

#include <linux/virtio_net.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "guest.h"

#define ETH_TEST 0x88b5 /* IEEE 802 local experimental: no stack answers it */
#define ETH_LEN	 14u

struct tap {
	int fd, far; /* far: packet socket on the same interface */
	char name[16];
};

/* A silent namespace: no IPv6, so nothing but test frames is ever sent. */
void net_private(void);
/* 0 or the exit status of the command; its output goes to stderr. */
int sh(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
bool modprobe(const char *name);
/* Writes a line to a file of /proc or /sys: 0 or a negative errno. */
int file_put(const char *path, const char *text);

/* flags: IFF_TAP or IFF_TUN, with IFF_VNET_HDR or not. */
int tap_fd(const char *name, int flags, unsigned int hdr_len);
/* Of a macvtap, with a header. Its node is in /dev, named by its interface number. */
int macvtap_fd(const char *name, unsigned int hdr_len);
/* An L2 tap with a far end, up; hdr_len 0 = no virtio header on its fd. */
void tap_new(struct tap *t, const char *name, unsigned int hdr_len);
void tap_del(struct tap *t);
/* A guest with these features and rings of 256, and beside it tap vl0, which is no backend yet. */
void tapped_start(struct guest *g, struct tap *t, uint64_t features);
void tapped_stop(struct guest *g, struct tap *t);
/* What arrives from a tap leaves by a new dummy, which keeps each frame for 100 to 300 us. */
void tap_forwards(const char *tap, const char *dummy);
/* Raw packet socket, non-blocking, own frames not echoed. protocol: ETH_... */
int packet_socket(const char *ifname, int protocol, bool vnet_hdr);
void if_up(const char *name);

/* A test frame of len bytes (60 or more) that names its number everywhere. */
void frame_make(uint8_t *p, size_t len, uint32_t seq);
/* Number of the frame, -1 if anything in it is wrong. */
long long frame_check(const uint8_t *p, size_t len);
/* Bytes of the next frame, -1 when none came within ms. */
long far_recv(int far, void *buf, size_t size, int ms);
int far_send(int far, const void *buf, size_t len);
/* One frame through the ring and its check at the far end. */
bool tx_one(struct guest *g, int far, uint32_t seq, size_t len);
/* Posts slot i as one receive buffer. */
void rx_post(struct guest *g, unsigned int i, uint32_t len);
/* One frame from the far end into one posted buffer, and its check. */
bool rx_one(struct guest *g, int far, uint32_t seq, size_t len);

/* Whether a new client is served both ways by that tap, after what the last one has left there. */
bool next_served(struct tap *t);

/* CPU time in ns of the threads that serve the device (workqueue: of all kworkers); -1: none. */
long long worker_cpu_ns(void);
/*
 * CPU time in ns that they take while ms pass, -1: none serves. As soon as it
 * is below 1/share of that time; else, of five tries, the least. A worker that
 * spins does so in each of them; one may hold time that the host took from the
 * emulated processor, or, with a workqueue, the work of others.
 */
long long worker_cpu_over(int ms, int share);
/* True once they took less than half of ms; false when none serves. */
bool worker_sleeps(int ms);
/* The first thread of the device's own, -1: it has none. */
int worker_tid(void);
/* How a thread is, as ps has it: R, S asleep, D asleep and not to be killed; 0: it has ended. */
char thread_state(int tid);
/* Up to max threads that serve the device: its own, or the shared ones. 0: a workqueue does it. */
int serving_threads(int *tid, int max);
/* Only that CPU for what serves the device, threads or all work items; a CPU below 0: any. */
void workers_pin(int cpu);
/* Free memory: pages the kernel does not give back show here; the rest is noise. */
long long free_kib(void);
/*
 * What is free less than before, in KiB: waits until that is below limit, for
 * three seconds at most, as some is given back by work that is put off.
 */
long long missing_kib(long long before, long long limit);
/* Only that CPU for a task, 0: the caller; a CPU below 0: any. Bails out on failure. */
void task_pin(int tid, int cpu);
/* Counters of the newest device, by queue ("rx", "tx") and name; -1: none. */
extern char stats_dir[300];
void stats_find(void);
long long stat_of(const char *queue, const char *name);
/* Sum of every counter of broken rules, both queues. */
long long stat_errors(void);
/* A module parameter: 0 or a negative errno. Devices read it at SET_OWNER. */
#define KNOB_DIR "/sys/module/vhostlab_net/parameters/"
int knob(const char *name, const char *value);
int module_references(void);
bool module_references_are(int want);
/* Whether devices that get their owner now have that threading model of ours. */
bool worker_is(const char *model);
/* Lines written to the kernel log since kmsg_mark(). */
void kmsg_mark(void);
int kmsg_lines(void);

#endif
