/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Queueing work and waiting for it: vhl_work_queue() in worker.c, vhl_worker_turn() and
 * vhl_list_run() in run.h. Two sources of events, the kick eventfd and a backend that interrupts the
 * worker, make EVENTS events each and queue the work; the worker's thread must have seen all of
 * them when it sleeps and no more events come.
 *
 * The code has had the first two faults: the bit was read, without a barrier, before it was set; and
 * an interrupt handler that found the worker as the current task did not wake it.
 *
 * right: EVENTS=2
 * wrong: PLAIN_TEST
 * wrong: CURRENT
 * wrong: CLEAR_AFTER_RUN
 * wrong: LIST_BEFORE_STATE
 * wrong: WAKE_BEFORE_LIST
 */
#define SOURCES 2
#ifndef EVENTS
#define EVENTS 2
#endif
#define CPUS 3
#define VARS 5
/* Events of each source, then the bit, the list, the thread's state. */
#define QUEUED 2
#define LIST   3
#define STATE  4

#define RUNNING	      0
#define INTERRUPTIBLE 1

#ifdef CURRENT
#define MAYBE && !(me == 1 && !asleep)
#else
#define MAYBE
#endif

#include "tso.pml"

byte seen[SOURCES];
bool asleep; /* the worker has left its processor */
byte ended;

proctype source(byte me)
{
	byte i;
	bool was;

	for (i : 1 .. EVENTS) {
		STORE(me, i);
#ifdef PLAIN_TEST
		d_step { was = LOAD(QUEUED); };
		if
		:: was -> goto next
		:: else
		fi;
#endif
		/* test_and_set_bit() */
		atomic { FENCE; was = LOCKED(QUEUED); LOCKED(QUEUED) = 1 };
		if
		:: was
		:: else ->
#ifndef WAKE_BEFORE_LIST
			atomic { FENCE; LOCKED(LIST) = 1 };
#endif
			/* wake_up_process() */
			atomic {
				FENCE;
				if
#ifdef CURRENT
				:: me == 1 && !asleep
#endif
				:: LOCKED(STATE) == INTERRUPTIBLE MAYBE -> LOCKED(STATE) = RUNNING
				:: else
				fi
			};
#ifdef WAKE_BEFORE_LIST
			atomic { FENCE; LOCKED(LIST) = 1 };
#endif
		fi;
#ifdef PLAIN_TEST
next:		skip;
#endif
		was = 0
	}
	ended++
}

proctype worker(byte me)
{
	bool list;

	do
	::
#ifdef LIST_BEFORE_STATE
		atomic { FENCE; list = LOCKED(LIST); LOCKED(LIST) = 0 };
		STORE(STATE, INTERRUPTIBLE);
		FENCE;
#else
		/* set_current_state() has a full barrier. */
		STORE(STATE, INTERRUPTIBLE);
		FENCE;
		atomic { FENCE; list = LOCKED(LIST); LOCKED(LIST) = 0 };
#endif
		if
		:: list ->
			STORE(STATE, RUNNING);
#ifndef CLEAR_AFTER_RUN
			/* clear_bit() between two full barriers */
			atomic { FENCE; LOCKED(QUEUED) = 0 };
#endif
			d_step { seen[0] = LOAD(0) };
			d_step { seen[1] = LOAD(1) };
#ifdef CLEAR_AFTER_RUN
			atomic { FENCE; LOCKED(QUEUED) = 0 };
#endif
			list = 0
		:: else ->
			/* schedule() */
			asleep = LOCKED(STATE) == INTERRUPTIBLE;
end:			LOCKED(STATE) == RUNNING;
			asleep = 0
		fi
	od
}

init {
	atomic {
		run source(0);
		run source(1);
		run worker(2)
	};
	/* Nothing can go on: the worker sleeps, and must have seen all. */
	timeout;
	assert(ended == SOURCES && seen[0] == EVENTS && seen[1] == EVENTS)
}
