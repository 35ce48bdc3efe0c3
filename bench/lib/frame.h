/* SPDX-License-Identifier: GPL-2.0-only */
/* Numbered frames whose every byte follows from their number. */
#ifndef VL_FRAME_H
#define VL_FRAME_H

#include "common.h"

/* "local experimental" ethertype: the host's stack has no handler and drops it. */
#define FRAME_ETHERTYPE 0x88b5

/* Set in a number for the way back of a round trip, so that an echo cannot pass unread. */
#define FRAME_REPLY (1ULL << 63)

/* The guest's own address and that of the tap. */
extern const uint8_t guest_mac[6], tap_mac[6];

/* Writes the frame number seq, `size` (>= 60) bytes, from src to dst. */
void frame_fill(char *frame, unsigned int size, const uint8_t *dst, const uint8_t *src,
		uint64_t seq);

/* Is this frame, received with `size` bytes, one of ours? Then *seq is its number. */
bool frame_number(const char *frame, unsigned int size, uint64_t *seq);

/* Is every byte what frame_fill() wrote for its number, and its length `size`? */
bool frame_intact(const char *frame, unsigned int got, unsigned int size, const uint8_t *dst,
		  const uint8_t *src, uint64_t seq);

/* An ICMP echo request from the guest to the tap's address, number seq. */
void frame_echo_request(char *frame, unsigned int size, uint64_t seq);
/* Gives a request another number: a few instructions, whatever its size. */
void frame_echo_number(char *frame, uint64_t seq);
/* Is it, by its headers (its first 60 bytes), the answer to request seq? */
bool frame_echo_reply(const char *frame, uint64_t seq);

/* Addresses of the echo, as text for `ip`. */
#define TAP_ADDRESS   "192.0.2.1"
#define GUEST_ADDRESS "192.0.2.2"

#endif
