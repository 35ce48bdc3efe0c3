/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One device of the module, in user space, with a hostile guest. The input's bytes decide what
 * the client sets up, what the guest writes, and what it changes while the device reads.
 */
#ifndef TESTS_RING_H
#define TESTS_RING_H

#include "vhostlab.h"

/* The client's memory, in bytes: rings, then buffers, then the dirty log, then arguments. */
#define RINGS	0u
#define BUFFERS (1u << 20)
#define LOG	(2u << 20)
#define ARGS	(LOG + (64u << 10))
#define MEMORY	(ARGS + (64u << 10))

/* What is left of the input; 0 is taken after its end. */
struct input {
	const u8 *at;
	size_t left;
};
u8 take8(struct input *in);
u16 take16(struct input *in);
u32 take32(struct input *in);

/*
 * client.c. client_begin() maps the memory, empty, but for one page at @hole, and takes from @guest
 * what the guest changes: @every so many loads, 0 for never. Accesses are checked against @dev.
 */
void client_begin(struct vhl_dev *dev, struct input *guest, unsigned int every, u32 hole);
void client_end(void);
/* The address of byte @off of it. */
void *client(u32 off);
/* Starts counting the accesses of one run, which has to end. */
void client_run(void);

/* tap.c: a tap, or a packet socket; their answers come from the input. */
#define TAP    3
#define PACKET 4
void backend_begin(struct input *in);
/* Adds a frame to those that wait to be received. */
void backend_frame(unsigned int len, u8 kind);
/* The stack completes one of the frames that it has by reference; false: it has none. */
bool backend_complete(void);
/* Drops what waits, and fails if a frame or a buffer is left. */
void backend_end(struct vhl_vq *vq);

/* guest.c: what a guest writes into its ring, right or wrong. */
void guest_descriptor(struct vhl_vq *vq, struct input *in);
void guest_offer(struct vhl_vq *vq, struct input *in);
void guest_position(struct vhl_vq *vq);
void guest_avail(struct vhl_vq *vq, struct input *in);
void guest_bytes(struct input *in);

/* fuzz.c: frames are sent; their heads, which are to be published, are in the table. */
void check_heads(void);

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);

#endif /* TESTS_RING_H */
