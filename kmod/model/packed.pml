/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A packed ring (section 2.8): descriptors that both sides write in turns, and wrap counters that
 * tell whose one is. The driver offers CHAINS chains of one or two descriptors, as room allows, and
 * recycles their ids; the device takes them, and returns any number at a time, each in the place
 * where its first descriptor would be if all before it had been returned in order. Each chain has to
 * be taken once, whole, and come back once. See packed.c and packed_used.c; the ring has NUM
 * descriptors, which need not be a power of two.
 *
 * A word is AVAIL | USED << 1 | NEXT << 2 | id << 3.
 *
 * right: NUM=2 CHAINS=5
 * right: NUM=3 CHAINS=5
 * wrong: NUM=3 CHAINS=5 NO_FLIP
 * wrong: NUM=3 CHAINS=5 NO_SKIP
 * wrong: NUM=3 CHAINS=5 HEAD_FIRST
 * wrong: NUM=3 CHAINS=5 AVAIL_ALONE
 */
#define CPUS 2
#define VARS NUM

#include "tso.pml"

#define A(w)  ((w) & 1)
#define U(w)  ((w) >> 1 & 1)
#define X(w)  ((w) >> 2 & 1)
#define ID(w) ((w) >> 3)
#define WORD(a, u, x, id) ((a) | (u) << 1 | (x) << 2 | (id) << 3)

/* Of a word that was read, at a position whose wrap counter is @wrap. */
#ifdef AVAIL_ALONE
#define IS_AVAIL(w, wrap) (A(w) == 1)
#else
#define IS_AVAIL(w, wrap) (A(w) == wrap && U(w) != wrap)
#endif
#define IS_USED(w, wrap) (A(w) == wrap && U(w) == wrap)

byte done; /* chains that came back */

/* What is true of each id, whatever the ring says. */
mtype = { FREE, OFFERED, TAKEN, RETURNED };
mtype state[NUM];
byte length[NUM];

/* A position: slot and wrap counter; @n descriptors on. */
#define MOVE(slot, wrap, n) \
	wrap = (slot + n >= NUM -> 1 - wrap : wrap); \
	slot = (slot + n >= NUM -> slot + n - NUM : slot + n)

proctype driver(byte me)
{
	byte slot, used_slot, id, n, w, other, room = NUM, offered;
	byte wrap = 1, used_wrap = 1, other_wrap;

end:	do
	:: offered < CHAINS && room > 0 ->
		/* The first id that is free or the last one, and one descriptor or two. */
		if
		:: id = 0;
			do
			:: state[id] != FREE -> id++
			:: else -> break
			od
		:: id = NUM - 1;
			do
			:: state[id] != FREE -> id--
			:: else -> break
			od
		fi;
		n = 1;
		if
		:: room > 1 -> n = 2
		:: true
		fi;
		d_step { state[id] = OFFERED; length[id] = n };
		other = slot;
		other_wrap = wrap;
		d_step { MOVE(other, other_wrap, 1) };
#ifdef HEAD_FIRST
		STORE(slot, WORD(wrap, 1 - wrap, n - 1, id));
#endif
		if
		:: n == 2 -> STORE(other, WORD(other_wrap, 1 - other_wrap, 0, id))
		:: else
		fi;
#ifndef HEAD_FIRST
		STORE(slot, WORD(wrap, 1 - wrap, n - 1, id));
#endif
		d_step { MOVE(slot, wrap, n); room = room - n; offered++; n = 0; other = 0; other_wrap = 0 }
	:: d_step {
			IS_USED(LOAD(used_slot), used_wrap) ->
			w = LOAD(used_slot);
			id = ID(w);
			assert(state[id] == RETURNED);
			state[id] = FREE;
			n = length[id];
			MOVE(used_slot, used_wrap, n);
			room = room + n;
			done++;
			n = 0;
			w = 0
		}
	od
}

proctype device(byte me)
{
	byte slot, used_slot, w, id, n;
	byte wrap = 1, used_wrap = 1;
	/* Chains taken and not returned, in order. */
	chan held = [NUM] of { byte, byte };

end:	do
	:: d_step {
			nfull(held) && IS_AVAIL(LOAD(slot), wrap) ->
			w = LOAD(slot);
			id = ID(w);
			assert(state[id] == OFFERED);
			state[id] = TAKEN;
			n = 1
		};
		do
		:: X(w) ->
			d_step { MOVE(slot, wrap, 1); w = LOAD(slot); n++ };
			/* The rest of a chain was written before its head. */
			assert(IS_AVAIL(w, wrap) && ID(w) == id)
		:: else -> break
		od;
		skip;
		d_step {
			assert(n == length[id]);
			MOVE(slot, wrap, 1);
			held!id,n;
			id = 0;
			n = 0;
			w = 0
		}
	:: nempty(held) ->
		held?id,n;
		state[id] = RETURNED;
		STORE(used_slot, WORD(used_wrap, used_wrap, 0, id));
		d_step {
#ifdef NO_SKIP
			n = 1;
#endif
			MOVE(used_slot, used_wrap, n);
#ifdef NO_FLIP
			used_wrap = 1;
#endif
			id = 0;
			n = 0
		}
	od
}

init {
	byte i;

	atomic {
		for (i : 0 .. NUM - 1) {
			state[i] = FREE
		};
		run driver(0);
		run device(1)
	};
	timeout;
	assert(done == CHAINS)
}
