/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * worker=caller: caller.c. Two tasks of the owner make EVENTS events each and kick; either the
 * task's turn or the thread must have seen all of them, whichever task does not return to user mode
 * before the device has ended; and the device ends without a turn that still uses its memory, or
 * that of struct vhl_caller.
 *
 * All steps that decide are locked instructions, and an event is stored before one, so memory is
 * sequentially consistent here: wakeup.pml has the store buffers. The guard may act at any time.
 *
 * right: EVENTS=1
 * right: EVENTS=2
 * right: EVENTS=1 SLEEP
 * right: EVENTS=2 SLEEP
 * wrong: EVENTS=1 SLEEP NO_GUARD
 * wrong: EVENTS=2 CLEAR_AFTER_RUN
 * wrong: EVENTS=1 SLEEP FREE_TAKEN
 * wrong: EVENTS=1 IDLE_FIRST
 * wrong: EVENTS=1 ONE_LOOK
 * wrong: EVENTS=1 NO_LOCK
 * wrong: EVENTS=1 TURN_AFTER_CLEAR
 * wrong: EVENTS=1 GIVE_WITHOUT_TURN
 * wrong: EVENTS=2 AGAIN_AFTER_TURN
 */
#define TASKS 2
#ifndef EVENTS
#define EVENTS 1
#endif

mtype = { IDLE, PENDING, RUNNING, TAKEN, ORPHAN };

mtype state = IDLE;
bool queued; /* VHL_WORK_QUEUED */
bool turn; /* VHL_WORK_TURN */
bool once_more; /* VHL_WORK_AGAIN */
bool list; /* the thread's */
bool cur; /* the thread is in a run */
bool mutex; /* of the queue */
bool lock; /* of the worker */
byte made; /* events */
byte seen;
bool gone; /* the device's memory is freed */
bool freed; /* struct vhl_caller is freed */
byte kicked; /* tasks that will not kick any more */
bool finished;
byte again_at_most = 1;

#ifdef SLEEP
#define RETURNS gone
#else
#define RETURNS true
#endif

inline USE_DEVICE() { assert(!gone) }
inline USE_CALLER() { assert(!freed) }

/* vhl_work_queue() */
inline work_queue(was)
{
	atomic { USE_DEVICE(); was = queued; queued = 1 };
	if
	:: was
	:: else -> atomic { USE_DEVICE(); list = 1 }
	fi
}

inline kick(was, mine)
{
	if
	:: cur || state != IDLE -> work_queue(was)
	:: else ->
		atomic { USE_DEVICE(); was = queued; queued = 1 };
		if
		:: was
		:: else ->
			atomic {
				if
				:: state == IDLE -> state = PENDING; mine++
				:: else -> list = 1
				fi
			}
		fi
	fi
}

/* vq_turn(): it does not wait for the mutex, which an ioctl or the thread may hold. */
inline run_now(was)
{
#ifdef TURN_AFTER_CLEAR
	atomic { USE_DEVICE(); queued = 0 };
	turn = 1;
#else
	turn = 1;
#ifndef CLEAR_AFTER_RUN
	atomic { USE_DEVICE(); queued = 0 };
#endif
#endif
	atomic { USE_DEVICE(); was = mutex; mutex = 1 };
	if
	:: was -> work_queue(was)
	:: else ->
		seen = made;
		/* A weight may be used up. */
		if
		:: again_at_most -> again_at_most--; work_queue(was)
		:: true
		fi;
		atomic { USE_DEVICE(); mutex = 0 }
	fi;
#ifdef CLEAR_AFTER_RUN
	queued = 0;
#endif
}

inline turn_end(was)
{
#ifndef NO_LOCK
	atomic { !lock -> USE_DEVICE(); lock = 1 };
#endif
#ifdef IDLE_FIRST
	atomic { USE_CALLER(); state = IDLE };
#endif
#ifdef AGAIN_AFTER_TURN
	turn = 0;
#endif
	if
	:: once_more -> once_more = 0; work_queue(was)
	:: else
	fi;
#ifndef AGAIN_AFTER_TURN
	turn = 0;
#endif
#ifndef IDLE_FIRST
	atomic { USE_CALLER(); state = IDLE };
#endif
	USE_DEVICE(); /* wakes those that wait for it */
#ifndef NO_LOCK
	atomic { USE_DEVICE(); lock = 0 };
#endif
}

/* The task work. */
inline caller_work(was)
{
	atomic {
		USE_CALLER();
		if
		:: state == PENDING -> state = RUNNING; was = 1
		:: state == TAKEN -> state = IDLE; was = 0
		:: state == ORPHAN -> freed = 1; was = 0
		fi
	};
	if
	:: was ->
		/* A task that has a signal pending leaves it to the thread. */
		if
		:: run_now(was)
		:: true ->
#ifndef GIVE_WITHOUT_TURN
			turn = 1;
#endif
			atomic { USE_DEVICE(); list = 1 }
		fi;
		turn_end(was)
	:: else
	fi
}

proctype task()
{
	byte i, mine;
	bool was;

	for (i : 1 .. EVENTS) {
		made++;
		kick(was, mine);
		/* Back to user mode, or not before the device has ended. */
		if
		:: mine && (RETURNS) && i < EVENTS -> mine--; caller_work(was)
		:: mine && i < EVENTS && !(RETURNS)
		:: else
		fi
	}
	kicked++;
	do
	:: mine -> (RETURNS); mine--; caller_work(was)
	:: else -> break
	od
}

proctype thread()
{
	bool held;

end:	do
	:: atomic { list -> list = 0 };
		cur = 1;
		atomic { USE_DEVICE(); queued = 0 };
		atomic { held = mutex; mutex = 1 };
		if
		:: held ->
			/* vhl_caller_again() */
			atomic { !lock -> lock = 1 };
			if
			:: turn -> once_more = 1
			:: else
			fi;
			held = turn;
			lock = 0;
			if
			:: held -> goto ended
			:: else -> atomic { !mutex -> mutex = 1 }
			fi
		:: else
		fi;
		seen = made;
		atomic { USE_DEVICE(); mutex = 0 };
ended:		cur = 0;
		held = 0
	od
}

#ifndef NO_GUARD
proctype guard()
{
end:	do
	:: atomic { !gone && state == PENDING -> state = TAKEN; list = 1 }
	od
}
#endif

/* An ioctl that changes the queue: it holds the mutex for a while. */
proctype ioctl()
{
	atomic { !mutex -> mutex = 1 };
	mutex = 0
}

/* owner_drop(): the polls are stopped first. */
proctype stop()
{
	kicked == TASKS;
	/* Without any help by the end of the device. */
	seen == TASKS * EVENTS;
	atomic {
		if
		:: state == PENDING -> state = TAKEN; list = 1
		:: else
		fi
	};
	/* vhl_work_flush(): a turn may queue the work again before it ends, so twice. */
again:	!queued;
	!cur;
	!turn;
#ifndef ONE_LOOK
	if
	:: queued -> goto again
	:: else
	fi;
	if
	:: cur -> goto again
	:: else
	fi;
#endif
	/* vhl_caller_flushed() */
	!lock;
	assert(seen == TASKS * EVENTS);
	atomic {
		if
#ifdef FREE_TAKEN
		:: freed = 1
#else
		:: state == TAKEN -> state = ORPHAN
		:: else -> freed = 1
#endif
		fi;
		gone = 1
	};
	finished = 1
}

init {
	atomic {
		run task();
		run task();
		run thread();
#ifndef NO_GUARD
		run guard();
#endif
		run ioctl();
		run stop()
	};
	timeout;
	assert(finished)
}
