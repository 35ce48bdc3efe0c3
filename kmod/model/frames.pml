/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Receive: frames of the backend and buffers of the guest. A queue that waits for buffers is not
 * woken by frames (waiting_buffers: poll_wake() in poll.c, rx_frames_wake() and rx_wait_buffers() in
 * rx.c), and a queue that has buffers or runs is not woken by kicks. Each of FRAMES frames needs a
 * buffer, and the guest adds as many. None may be left undelivered.
 *
 * Work that is queued runs later, once: wakeup.pml shows that. What the backend does before it calls
 * poll_wake() has a full barrier (skwq_has_sleeper()), and so has what a kick does.
 *
 * right: FRAMES=3
 * wrong: FRAMES=3 NO_WAKE_FENCE
 * wrong: FRAMES=3 NO_LOOK
 * wrong: FRAMES=3 NO_CLEAR
 */
#define CPUS 3
#define VARS 4
#define RING	0 /* frames that the backend has added */
#define AVAIL	1 /* buffers that the guest has added */
#define WAITING 2 /* waiting_buffers */
#define NO_KICK 3 /* no kick is asked for: VRING_USED_F_NO_NOTIFY */

#include "tso.pml"

bool queued;
byte delivered;

proctype backend(byte me)
{
	byte i;
	bool waiting;

	for (i : 1 .. FRAMES) {
		STORE(RING, i);
		FENCE;
		d_step { waiting = LOAD(WAITING) };
		if
		:: waiting
		:: else -> atomic { FENCE; queued = 1 }
		fi;
		waiting = 0
	}
}

proctype guest(byte me)
{
	byte i;
	bool no_kick;

	for (i : 1 .. FRAMES) {
		STORE(AVAIL, i);
		FENCE;
		d_step { no_kick = LOAD(NO_KICK) };
		if
		:: no_kick
		:: else -> queued = 1
		fi;
		no_kick = 0
	}
}

proctype worker(byte me)
{
	byte ring, avail;

end:	do
	:: atomic { queued -> FENCE; queued = 0 };
		/* vhl_rx_run() */
		if
		:: LOAD(WAITING) ->
#ifndef NO_CLEAR
			STORE(WAITING, 0);
#endif
#ifndef NO_WAKE_FENCE
			FENCE;
#endif
		:: else
		fi;
		STORE(NO_KICK, 1);
		do
		::
			d_step { ring = LOAD(RING) };
			if
			:: ring == delivered -> break
			:: else
			fi;
			d_step { avail = LOAD(AVAIL) };
			if
			:: avail != delivered -> delivered++
			:: else ->
				STORE(WAITING, 1);
				/* vhl_notify_enable() */
				STORE(NO_KICK, 0);
				FENCE;
#ifndef NO_LOOK
				d_step { avail = LOAD(AVAIL) };
#endif
				if
				:: avail == delivered -> break
				:: else ->
#ifndef NO_CLEAR
					STORE(WAITING, 0);
#endif
#ifndef NO_WAKE_FENCE
					FENCE;
#endif
					STORE(NO_KICK, 1)
				fi
			fi
		od;
		ring = 0;
		avail = 0
	od
}

init {
	atomic {
		run backend(0);
		run guest(1);
		run worker(2)
	};
	timeout;
	assert(delivered == FRAMES)
}
