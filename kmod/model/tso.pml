/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Processors with store buffers, as on x86: a store is seen by the other processors some time later,
 * in order with those before it, and by its own at once; a load may so come before an earlier store
 * to another place. Wider reorderings are not modelled: smp_rmb() and smp_wmb() do nothing here.
 *
 * CPUS and VARS are the numbers of processors and of variables, which begin with 0. Each process
 * that uses a processor names it as `me`.
 */
#define DEPTH 3

byte mem[VARS];
byte pending[CPUS * VARS];
byte own[CPUS * VARS];

typedef entry { byte var; byte value };
typedef fifo { chan q = [DEPTH] of { byte, byte } };
fifo buffer[CPUS];

inline STORE(v, x)
{
	d_step {
		nfull(buffer[me].q);
		buffer[me].q!v,x;
		pending[me * VARS + v]++;
		own[me * VARS + v] = x
	}
}

/* To be used in a d_step or atomic: nothing but the load itself happens at once. */
#define LOAD(v) (pending[me * VARS + v] > 0 -> own[me * VARS + v] : mem[v])

/* smp_mb(), and what comes before any locked instruction: all stores are seen. */
#define FENCE empty(buffer[me].q)

/* A locked instruction on @v, once FENCE has held: @x is its new value. */
#define LOCKED(v) mem[v]

/* The buffers are emptied at any time. */
active [CPUS] proctype drain()
{
	byte v, x;
	byte cpu = _pid;

end:	do
	:: d_step {
		nempty(buffer[cpu].q);
		buffer[cpu].q?v,x;
		mem[v] = x;
		pending[cpu * VARS + v]--;
		v = 0;
		x = 0
	}
	od
}
