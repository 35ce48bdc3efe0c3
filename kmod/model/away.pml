/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The backend's wait queue, which a receive queue leaves at the second frame of a run and returns to
 * before it sleeps: poll_wakes() and __vhl_poll_back() in poll.c, vhl_rx_run() in rx.c. Two backends
 * on processors of their own add FRAMES frames each to a ring; kicks, which come at any time, queue
 * the work as well. When the queue sleeps and nothing else happens, all frames must be delivered.
 *
 * A backend adds its frame, executes a full barrier, reads without a lock whether there is a waiter,
 * and only then takes the lock. Work that is queued runs later, once: wakeup.pml shows that.
 * waiting_buffers is in frames.pml; with BUFFERS the run leaves it set now and then, as a queue
 * without buffers does, and a kick follows.
 *
 * right: FRAMES=2 KICKS=1
 * right: FRAMES=2 KICKS=2 BUFFERS
 * wrong: FRAMES=2 KICKS=1 NO_LOOK
 * wrong: FRAMES=2 KICKS=1 NO_BACK
 * wrong: FRAMES=2 KICKS=1 NO_FENCE
 * wrong: FRAMES=2 KICKS=1 PLAIN_STATE
 * wrong: FRAMES=2 KICKS=2 BUFFERS LEAVE_WAITING
 */
#define CPUS 3
#define VARS 6
/* Frames of each backend, then: */
#define STATE	2 /* of the poll */
#define WAITER	3 /* whether it is in the wait queue */
#define WAITING 4 /* waiting_buffers */
#define LOCKVAR 5 /* the wait queue's lock */

#define ON    0
#define WOKEN 1
#define AWAY  2

#include "tso.pml"

bool queued;
byte delivered[2], kicks, ended;

#define EMPTY (LOAD(0) == delivered[0] && LOAD(1) == delivered[1])
#define LOCK   atomic { FENCE && LOCKED(LOCKVAR) == 0 -> LOCKED(LOCKVAR) = 1 }
#define UNLOCK STORE(LOCKVAR, 0)

proctype backend(byte me)
{
	byte i;
	bool waiter;

	for (i : 1 .. FRAMES) {
		STORE(me, i);
		/* skwq_has_sleeper() */
		FENCE;
		d_step { waiter = LOAD(WAITER) };
		if
		:: !waiter
		:: else ->
			LOCK;
			if
			:: d_step { LOAD(WAITER) -> skip };
				/* poll_event() */
				if
				:: d_step { LOAD(WAITING) -> skip };
#ifdef LEAVE_WAITING
					STORE(STATE, AWAY);
					STORE(WAITER, 0)
#endif
				:: d_step { !LOAD(WAITING) -> skip };
					if
					:: d_step { LOAD(STATE) == ON -> skip };
						STORE(STATE, WOKEN);
						atomic { FENCE; queued = 1 }
					:: d_step { LOAD(STATE) != ON -> skip };
						/* cmpxchg() */
						if
						:: atomic { FENCE && LOCKED(STATE) == WOKEN ->
							LOCKED(STATE) = AWAY };
							STORE(WAITER, 0)
						:: atomic { FENCE && LOCKED(STATE) != WOKEN -> skip };
							STORE(STATE, WOKEN);
							atomic { FENCE; queued = 1 }
						fi
					fi
				fi
			:: d_step { !LOAD(WAITER) -> skip }
			fi;
			UNLOCK
		fi;
		waiter = 0
	}
	ended++
}

inline BACK()
{
	again = 0;
	if
	:: d_step { LOAD(STATE) == ON -> skip }
	:: d_step { LOAD(STATE) != ON -> skip };
		again = 1;
#ifdef PLAIN_STATE
		if
		:: d_step { LOAD(STATE) == WOKEN -> skip };
			STORE(STATE, ON);
			FENCE
		:: d_step { LOAD(STATE) == AWAY -> skip };
#else
		if
		:: atomic { FENCE && LOCKED(STATE) == WOKEN -> LOCKED(STATE) = ON }
		:: atomic { FENCE && LOCKED(STATE) == AWAY -> skip };
#endif
			LOCK;
			STORE(STATE, ON);
			STORE(WAITER, 1);
			UNLOCK;
#ifndef NO_FENCE
			FENCE
#endif
		fi
	fi
}

proctype worker(byte me)
{
	bool again;

	STORE(WAITER, 1);
end:	do
	:: atomic { queued -> FENCE; queued = 0 };
		/* rx_frames_wake() */
		STORE(WAITING, 0);
		FENCE;
		do
		:: d_step { !EMPTY -> skip };
			d_step { delivered[0] = LOAD(0); delivered[1] = LOAD(1) }
#ifdef BUFFERS
		:: atomic { d_step { !EMPTY && kicks -> skip }; STORE(WAITING, 1); FENCE; break }
#endif
		:: d_step { EMPTY -> skip };
#ifdef NO_BACK
			break
#else
			BACK();
#ifdef NO_LOOK
			break
#else
			if
			:: again
			:: else -> break
			fi
#endif
#endif
		od;
		again = 0
	od
}

init {
	atomic {
		run backend(0);
		run backend(1);
		run worker(2)
	};
	kicks = KICKS;
	do
	:: kicks -> atomic { queued = 1; kicks-- }
	:: kicks == 0 -> break
	od;
	timeout;
	assert(ended == 2 && delivered[0] == FRAMES && delivered[1] == FRAMES)
}
