/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Transmit by reference: the stack completes FRAMES frames at any time, on another processor, and
 * each head has to be published after that. A run collects what is complete while it looks
 * (vhl_zc_look()); completions from then to vhl_zc_leave() do not queue the work. With CLOSE a
 * device closes in the middle (vhl_zc_discard()): that has to end, no frame may be under way then,
 * and no completion may read what is freed. See zerocopy.c.
 *
 * Frames are completed in order here; a run collects in order whatever comes first.
 *
 * right: FRAMES=3
 * right: FRAMES=2 CLOSE
 * wrong: FRAMES=2 NO_COMPLETE_FENCE
 * wrong: FRAMES=2 NO_LEAVE_FENCE
 * wrong: FRAMES=2 NO_LOOK
 * wrong: FRAMES=2 CLOSE NO_COMPLETE_FENCE
 * wrong: FRAMES=2 CLOSE NO_RCU
 */
#define CPUS 3
#define LOOKING	   FRAMES
#define DISCARDING (FRAMES + 1)
#define VARS	   (FRAMES + 2) /* before these: the state of each frame, 1 when complete */

#include "tso.pml"

bool queued = 1, mutex, closing, woken, in_rcu, freed;
byte sent, published;

proctype stack(byte me)
{
	byte i;
	bool flag;

end:	do
	:: i < sent ->
		/* zc_complete() */
		in_rcu = 1;
		STORE(i, 1);
#ifndef NO_COMPLETE_FENCE
		FENCE;
#endif
		d_step { assert(!freed); flag = LOAD(DISCARDING) };
		if
		:: flag -> atomic { FENCE; assert(!freed); woken = 1 }
		:: else ->
			d_step { assert(!freed); flag = LOAD(LOOKING) };
			if
			:: flag
			:: else -> atomic { FENCE; assert(!freed); queued = 1 }
			fi
		fi;
		atomic { FENCE; in_rcu = 0; flag = 0; i++ }
	od
}

proctype worker(byte me)
{
	bool complete;

end:	do
	:: atomic { queued && !mutex -> FENCE; queued = 0; mutex = 1 };
		if
		:: closing
		:: else ->
			STORE(LOOKING, 1);
			do
			:: sent < FRAMES -> sent++
			:: sent > 0 -> break
			od;
			do
			:: published < sent ->
				d_step { complete = LOAD(published) };
				if
				:: complete -> published++
				:: else -> break
				fi
			:: else -> break
			od;
			/* vhl_zc_leave() */
			STORE(LOOKING, 0);
#ifndef NO_LEAVE_FENCE
			FENCE;
#endif
#ifndef NO_LOOK
			if
			:: published < sent ->
				d_step { complete = LOAD(published) };
				if
				:: complete -> queued = 1
				:: else
				fi
			:: else
			fi;
#endif
			/* More frames come with the next kick. */
			if
			:: sent < FRAMES -> queued = 1
			:: else
			fi;
			complete = 0
		fi;
		atomic { FENCE; mutex = 0 }
	od
}

#ifdef CLOSE
proctype closer(byte me)
{
	byte i;

	closing = 1;
	atomic { !mutex -> mutex = 1 };
	STORE(DISCARDING, 1);
	atomic { FENCE; mutex = 0 };
	/* wait_event(): the waiter is added before the states are read. */
	do
	:: woken = 0;
		i = 0;
		do
		:: i < sent && LOAD(i) -> i++
		:: else -> break
		od;
		if
		:: i == sent -> break
		:: else -> woken
		fi
	od;
#ifndef NO_RCU
	/* synchronize_rcu() */
	!in_rcu;
#endif
	freed = 1
}
#endif

init {
	atomic {
		run stack(0);
		run worker(1);
#ifdef CLOSE
		run closer(2)
#endif
	};
	timeout;
#ifdef CLOSE
	assert(freed)
#else
	assert(published == FRAMES)
#endif
}
