/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Transmit by reference: the stack completes FRAMES frames at any time, on another processor, and
 * each head has to be published after that. A run collects what is complete while it looks
 * (vhl_zc_look()); completions from then to vhl_zc_leave() do not queue the work. With CLOSE a
 * device closes in the middle (vhl_zc_discard()), which does not wait for the stack: no completion
 * may use the queue or the table of heads when they are freed, and the table has to be freed in the
 * end. See zerocopy.c.
 *
 * Frames are completed in order here; a run collects in order whatever comes first.
 *
 * right: FRAMES=3
 * right: FRAMES=2 CLOSE
 * wrong: FRAMES=2 NO_COMPLETE_FENCE
 * wrong: FRAMES=2 NO_LEAVE_FENCE
 * wrong: FRAMES=2 NO_LOOK
 * wrong: FRAMES=2 CLOSE NO_RCU
 * wrong: FRAMES=2 CLOSE NO_CMPXCHG
 * wrong: FRAMES=2 CLOSE LATE_REFERENCE
 */
#define CPUS 3
#define LOOKING FRAMES
#define VARS	(FRAMES + 1) /* before this: the state of each frame */

#define UNDERWAY 0
#define COMPLETE 1
#define LEFT	 2

#include "tso.pml"

bool queued = 1, mutex, closing, in_rcu, queue_freed, table_freed;
byte sent, published, refs = 1;

/* zc_put(). In a d_step or atomic. */
inline put()
{
	assert(refs > 0);
	refs--;
	if
	:: refs == 0 -> table_freed = 1
	:: else
	fi
}

proctype stack(byte me)
{
	byte i, was;
	bool flag;

end:	do
	:: i < sent ->
		/* zc_complete() */
		in_rcu = 1;
#ifdef NO_COMPLETE_FENCE
		d_step { assert(!table_freed); was = LOAD(i) };
		STORE(i, COMPLETE);
#else
		atomic {
			FENCE;
			assert(!table_freed);
			was = LOCKED(i);
			LOCKED(i) = COMPLETE
		};
#endif
		if
		:: was == LEFT -> atomic { FENCE; assert(!table_freed); put() }
		:: else ->
			d_step { assert(!table_freed); flag = LOAD(LOOKING) };
			if
			:: flag
			:: else -> atomic { FENCE; assert(!queue_freed); queued = 1 }
			fi
		fi;
		atomic { FENCE; in_rcu = 0; flag = 0; was = 0; i++ }
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
				d_step { complete = LOAD(published) == COMPLETE };
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
				d_step { complete = LOAD(published) == COMPLETE };
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
	bool left;

	closing = 1;
	/* A run that has not seen it may still send. */
	atomic { !mutex -> mutex = 1 };
	atomic { FENCE; mutex = 0 };
	do
	:: i < sent ->
#ifndef LATE_REFERENCE
		refs++;
#endif
#ifdef NO_CMPXCHG
		d_step { left = LOAD(i) == UNDERWAY };
		if
		:: left -> STORE(i, LEFT)
		:: else
		fi;
#else
		atomic {
			FENCE;
			left = LOCKED(i) == UNDERWAY;
			if
			:: left -> LOCKED(i) = LEFT
			:: else
			fi
		};
#endif
#ifdef LATE_REFERENCE
		refs++;
#endif
		if
		:: left
		:: else -> d_step { put() }
		fi;
		i++
	:: else -> break
	od;
#ifndef NO_RCU
	/* synchronize_rcu() */
	!in_rcu;
#endif
	atomic { FENCE; queue_freed = 1; put() }
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
	assert(table_freed)
#else
	assert(published == FRAMES)
#endif
}
