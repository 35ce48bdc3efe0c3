/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Notifications of a split ring (virtio 1.2, sections 2.7.7 and 2.7.10). Both directions are one
 * protocol: a producer publishes an index and notifies if it is asked to, a consumer takes what is
 * there, asks to be notified, and looks again before it sleeps.
 *
 *	kick	producer: driver; consumer: vhl_notify_enable(), vhl_avail_look()
 *	call	producer: vhl_used_publish(), call_wanted(); consumer: driver
 *
 * Indices count modulo WRAP, in place of 2^16, in a ring of NUM entries; TOTAL entries go through
 * it, more than WRAP. None may be left when both sides sleep.
 *
 * FLAGS: without VIRTIO_RING_F_EVENT_IDX. In OLD_KEPT the producer counts from its last
 * notification, not from its last decision: the code did so once.
 *
 * right: EVENT
 * right: FLAGS
 * wrong: EVENT NO_LOOK
 * wrong: FLAGS NO_LOOK
 * wrong: EVENT NO_CONSUMER_FENCE
 * wrong: FLAGS NO_CONSUMER_FENCE
 * wrong: EVENT NO_PRODUCER_FENCE
 * wrong: FLAGS NO_PRODUCER_FENCE
 * wrong: EVENT OLD_KEPT
 */
#define WRAP  8
#define NUM   2
#define TOTAL 10

#define CPUS 2
#define VARS 3
#define IDX	0 /* what the producer has published */
#define TAKEN	1 /* what the consumer has taken */
#define SETTING 2 /* the event index; with FLAGS 1 for no notification */

#include "tso.pml"

bool notified;
byte consumed;

#define DISTANCE(a, b) ((a + WRAP - b) % WRAP)

proctype producer(byte me)
{
	byte idx, old, sent, setting, n;

	do
	:: sent < TOTAL ->
		/* As many as there is room for, or fewer. */
		DISTANCE(idx, LOAD(TAKEN)) < NUM;
		n = 1;
		if
		:: sent + 2 <= TOTAL && DISTANCE(idx, LOAD(TAKEN)) + 2 <= NUM -> n = 2
		:: skip
		fi;
		idx = (idx + n) % WRAP;
		sent = sent + n;
		STORE(IDX, idx);
#ifndef NO_PRODUCER_FENCE
		FENCE;
#endif
		d_step { setting = LOAD(SETTING) };
		if
#ifdef FLAGS
		:: !setting -> notified = 1
#else
		/* vring_need_event() */
		:: DISTANCE(DISTANCE(idx, setting), 1) < DISTANCE(idx, old) ->
			notified = 1;
			old = idx
#endif
		:: else
		fi;
#ifndef OLD_KEPT
		old = idx;
#endif
		n = 0;
		setting = 0
	:: else -> break
	od
}

proctype consumer(byte me)
{
	byte seen, idx;

	do
	::
		d_step { idx = LOAD(IDX) };
		do
		:: seen != idx ->
			seen = (seen + 1) % WRAP;
			consumed++;
			STORE(TAKEN, seen)
		:: else -> break
		od;
#ifdef FLAGS
		STORE(SETTING, 0);
#else
		STORE(SETTING, seen);
#endif
#ifndef NO_CONSUMER_FENCE
		FENCE;
#endif
#ifndef NO_LOOK
		d_step { idx = LOAD(IDX) };
#endif
		if
		:: idx != seen
		:: else ->
end:			atomic { notified -> notified = 0 }
		fi;
#ifdef FLAGS
		STORE(SETTING, 1)
#endif
	od
}

init {
	atomic {
		run producer(0);
		run consumer(1)
	};
	timeout;
	assert(consumed == TOTAL)
}
