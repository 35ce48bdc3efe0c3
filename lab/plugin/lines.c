// SPDX-License-Identifier: GPL-2.0-only
/*
 * A plugin of QEMU's user mode that executes the two threads of the native rig as if each had a
 * processor of its own, and counts what they do: instructions, locked operations, fences, copies,
 * and the cache lines that travel from one to the other, by structure (bench/native/counted.h):
 *
 *     qemu-x86_64 -plugin lines.so,shared=FILE build/bench/native ...
 *
 * Each side has a clock, and each thing that it does moves that clock by a constant of the machine.
 * Only the side whose clock is behind executes, so the order in which the sides meet in memory is
 * that of the clocks, and two runs with the same constants count the same. A line is in the caches
 * of those that used it since it was last written; caches are never full.
 *
 * A load of a line that the other side wrote is waited for; one that follows before the next fence,
 * within WINDOW instructions, is under way at the same time. A store to such a line goes on by
 * itself, but a locked operation waits for it.
 */
#include <fcntl.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "native/counted.h"
#include "user.h"

PLUGIN_EXPORT int qemu_plugin_version = PLUGIN_INTERFACE;
PLUGIN_EXPORT int qemu_plugin_install(qemu_plugin_id_t id, const struct qemu_info *info, int argc,
				      char **argv);

#define CPUS_MAX 64
#define LINES	 (1u << 18)
/* How far a side's clock may be ahead: well below a line's way. */
#define AHEAD 5000
/* Instructions behind a load that a processor begins before the load is done. */
#define WINDOW 512
/* Pauses with fewer instructions between them are of one wait. */
#define POLL 80

/* What an instruction is besides being one. */
enum { KIND_LOCKED = 1, KIND_FENCE = 2, KIND_PAUSE = 4, KIND_REP = 8, KIND_WORDS = 16 };

struct line {
	uint64_t number; /* address / 64; 0: free */
	bool has[2]; /* in the cache of a side */
};

/* What of a side is not a count. */
struct state {
	uint64_t clock; /* ps */
	uint64_t number; /* instructions executed */
	uint64_t load; /* number of the instruction whose load is waited for; 0: none */
	uint64_t store; /* clock at the last store that travels; 0: none */
	uint64_t paused; /* number of the last pause */
	struct counted_side at_pause; /* counts then: instructions and ps */
	uint64_t last[PLACES]; /* line used last */
	uint64_t rep; /* address of the string operation that is going on */
	bool words; /* it works on words */
	uint64_t bytes; /* that it has stored */
};

static volatile struct counted *shared;
static struct line *lines;
static unsigned int lines_used;
static struct state state[2];
static struct counted_side all[2]; /* since both threads wait for each other */
static struct counted_side from[2];
static uint64_t from_clock;
static int side_of[CPUS_MAX];
static _Atomic int registered, turn;

static struct line *line_of(uint64_t number)
{
	uint64_t i = number * 0x9e3779b97f4a7c15u >> 46;

	while (lines[i % LINES].number && lines[i % LINES].number != number)
		i++;
	return &lines[i % LINES];
}

static enum counted_place place_of(uint64_t address)
{
	for (uint64_t i = 0; i < shared->regions; i++)
		if (address >= shared->region[i].from && address < shared->region[i].to)
			return shared->region[i].place;
	return PLACE_OWN;
}

/* The side whose code a thread executes, as counts have it. */
static unsigned int code_of(unsigned int side)
{
	return shared->sides == 1 ? shared->side & 1 : side;
}

static void spend(unsigned int side, enum constant what)
{
	state[side].clock += shared->constant[what];
	all[code_of(side)].ps += shared->constant[what];
}

/* A load or a store of @side came to a line. */
static void use(unsigned int side, uint64_t number, bool store, bool locked,
		enum counted_place place)
{
	struct counted_side *c = &all[code_of(side)];
	struct state *s = &state[side];
	struct line *l = line_of(number);
	unsigned int other = !side;

	if (s->last[place] != number) {
		s->last[place] = number;
		c->touched[place]++;
	}
	if (!l->number) {
		*l = (struct line){ .number = number };
		if (++lines_used == LINES / 2) {
			fprintf(stderr,
				"vhostlab: lines: more than %u of them: count fewer buffers\n",
				lines_used);
			exit(1);
		}
	}
	if (store ? l->has[other] : !l->has[side] && l->has[other]) {
		if (store && !locked) {
			c->stored[place]++;
			s->store = s->clock;
			spend(side, CONST_LINE_STORE);
		} else if (s->load && s->number - s->load < WINDOW) {
			c->more[place]++;
			spend(side, CONST_LINE_MORE);
		} else {
			c->alone[place]++;
			s->load = s->number;
			spend(side, CONST_LINE);
		}
	}
	l->has[side] = true;
	if (store)
		l->has[other] = false;
}

/* Waits until it is this side's turn; at the end there are no turns. */
static void wait_turn(unsigned int side)
{
	unsigned int spins = 0;

	while (atomic_load(&turn) != (int)side && shared->phase != COUNTED_DONE)
		if (++spins % 64 == 0)
			sched_yield();
}

/* What was done since the last pause was waiting for the other side. */
static void polled(unsigned int side)
{
	struct counted_side *c = &all[code_of(side)];
	struct state *s = &state[side];

	if (s->paused && s->number - s->paused < POLL) {
		c->polling += c->instructions - s->at_pause.instructions;
		c->polling_ps += c->ps - s->at_pause.ps;
	}
	s->paused = s->number;
	s->at_pause = *c;
}

static void fence(unsigned int side, unsigned long kind)
{
	struct counted_side *c = &all[code_of(side)];
	struct state *s = &state[side];

	if (kind & KIND_FENCE) {
		c->windows++;
		spend(side, CONST_WINDOW);
	}
	if (kind & KIND_LOCKED) {
		c->locked++;
		if (s->store && s->clock - s->store < shared->constant[CONST_LINE]) {
			c->drained++;
			spend(side, CONST_LINE);
		}
		s->store = 0;
		spend(side, CONST_LOCKED);
	}
	s->load = 0;
}

/* The string operation that was going on is over. */
static void end_copy(unsigned int side)
{
	struct counted_side *c = &all[code_of(side)];
	struct state *s = &state[side];
	uint64_t more = s->bytes > 64 ? (s->bytes - 1) / 64 : 0;

	if (s->words)
		c->words++;
	else
		c->copies++;
	spend(side, s->words ? CONST_WORDS : CONST_COPY);
	c->copied += more;
	while (more--)
		spend(side, CONST_COPY_MORE);
	s->rep = s->bytes = 0;
}

/* Address and kind of an instruction. */
struct insn {
	struct insn *next;
	uint64_t address;
	unsigned long kind;
};

static void executed(unsigned int cpu, void *data)
{
	const struct insn *i = data;
	unsigned int side;
	struct state *s;

	if (cpu >= CPUS_MAX || side_of[cpu] < 0 || shared->phase == COUNTED_DONE)
		return;
	side = side_of[cpu];
	s = &state[side];
	if (shared->sides == 2) {
		wait_turn(side);
		if (shared->phase == COUNTED_DONE)
			return;
	}
	if (i->kind & KIND_REP && s->rep == i->address)
		return;
	if (s->rep)
		end_copy(side);
	if (i->kind & KIND_REP) {
		s->rep = i->address;
		s->words = i->kind & KIND_WORDS;
	}
	s->number++;
	all[code_of(side)].instructions++;
	/* The constants of the others have the instruction in them. */
	if (!i->kind)
		spend(side, CONST_INSTRUCTION);
	if (i->kind & (KIND_LOCKED | KIND_FENCE))
		fence(side, i->kind);
	if (i->kind & KIND_PAUSE) {
		all[code_of(side)].pauses++;
		spend(side, CONST_PAUSE);
		s->load = 0;
		polled(side);
	}
	if (shared->sides == 2 && s->clock > state[!side].clock + AHEAD) {
		atomic_store(&turn, !side);
		wait_turn(side);
	}
}

/* A thread says which side it is, and waits for the other one. */
static void registers(unsigned int cpu, unsigned int side)
{
	side_of[cpu] = side;
	atomic_fetch_add(&registered, 1);
	while (atomic_load(&registered) < (int)shared->sides)
		sched_yield();
}

static void subtract(struct counted_side *a, const struct counted_side *b)
{
	uint64_t *x = (uint64_t *)a;
	const uint64_t *y = (const uint64_t *)b;

	for (size_t i = 0; i < sizeof(*a) / sizeof(*x); i++)
		x[i] -= y[i];
}

/* The rig has stored another phase; its own store is done when this is called. */
static void phase_is(uint64_t phase)
{
	if (phase == COUNTED_ON) {
		memcpy(from, all, sizeof(from));
		from_clock = state[0].clock;
	} else if (phase == COUNTED_DONE) {
		for (int i = 0; i < 2; i++) {
			subtract(&all[i], &from[i]);
			shared->of[i] = all[i];
		}
		shared->elapsed = state[0].clock - from_clock;
	}
}

static void accessed(unsigned int cpu, qemu_plugin_meminfo_t info, uint64_t address, void *data)
{
	const struct insn *i = data;
	uint64_t size = 1ul << qemu_plugin_mem_size_shift(info);
	bool store = qemu_plugin_mem_is_store(info);
	unsigned int side;

	if (cpu >= CPUS_MAX)
		return;
	if (shared->self && address - shared->self < sizeof(*shared)) {
		uint64_t field = address - shared->self - offsetof(struct counted, mark);

		if (store && field < sizeof(shared->mark) && side_of[cpu] < 0)
			registers(cpu, field / sizeof(shared->mark[0]));
		else if (store && side_of[cpu] == 0 &&
			 address == shared->self + offsetof(struct counted, phase))
			phase_is(shared->phase);
		return;
	}
	if (side_of[cpu] < 0 || shared->phase == COUNTED_DONE)
		return;
	side = side_of[cpu];
	if (i->kind & KIND_REP && store)
		state[side].bytes += size;
	for (uint64_t line = address / 64; line <= (address + size - 1) / 64; line++)
		use(side, line, store, i->kind & KIND_LOCKED, place_of(address));
}

/* Of the bytes of an instruction. */
static unsigned long kind_of(const uint8_t *b, size_t n)
{
	unsigned long kind = 0;
	bool rep = false;
	size_t i = 0;

	for (; i < n; i++) {
		if (b[i] == 0xf0)
			kind |= KIND_LOCKED;
		else if (b[i] == 0xf3 || b[i] == 0xf2)
			rep = true;
		else if (b[i] != 0x66 && b[i] != 0x2e && b[i] != 0x3e && b[i] != 0x64 &&
			 b[i] != 0x65)
			break;
	}
	if (i < n && (b[i] & 0xf0) == 0x40)
		i++;
	if (i >= n)
		return kind;
	if (rep && b[i] == 0x90)
		return KIND_PAUSE;
	if (rep && (b[i] == 0xa4 || b[i] == 0xaa))
		return KIND_REP;
	if (rep && (b[i] == 0xa5 || b[i] == 0xab))
		return KIND_REP | KIND_WORDS;
	/* xchg with memory is locked without a prefix. */
	if ((b[i] == 0x86 || b[i] == 0x87) && i + 1 < n && b[i + 1] < 0xc0)
		return KIND_LOCKED;
	if (i + 2 < n && b[i] == 0x0f && b[i + 1] == 0xae && b[i + 2] == 0xe8)
		return KIND_FENCE;
	if (i + 2 < n && b[i] == 0x0f && b[i + 1] == 0xae && b[i + 2] == 0xf0)
		return KIND_LOCKED;
	return kind;
}

static void translated(qemu_plugin_id_t id, struct qemu_plugin_tb *tb)
{
	static struct insn *known; /* all there are: they are used as long as QEMU runs */

	(void)id;
	for (size_t n = qemu_plugin_tb_n_insns(tb), at = 0; at < n; at++) {
		struct qemu_plugin_insn *one = qemu_plugin_tb_get_insn(tb, at);
		struct insn *i = malloc(sizeof(*i));

		if (!i)
			abort();
		*i = (struct insn){ known, qemu_plugin_insn_vaddr(one),
				    kind_of(qemu_plugin_insn_data(one),
					    qemu_plugin_insn_size(one)) };
		known = i;
		qemu_plugin_register_vcpu_insn_exec_cb(one, executed, QEMU_PLUGIN_CB_NO_REGS, i);
		qemu_plugin_register_vcpu_mem_cb(one, accessed, QEMU_PLUGIN_CB_NO_REGS,
						 QEMU_PLUGIN_MEM_RW, i);
	}
}

int qemu_plugin_install(qemu_plugin_id_t id, const struct qemu_info *info, int argc, char **argv)
{
	const char *file = argc == 1 && !strncmp(argv[0], "shared=", 7) ? argv[0] + 7 : NULL;
	int fd = file ? open(file, O_RDWR | O_CLOEXEC) : -1;
	struct stat st;

	(void)info;
	if (fd < 0 || fstat(fd, &st) || st.st_size != sizeof(*shared)) {
		fprintf(stderr, "vhostlab: lines: %s: not the file of this version: make again\n",
			file ? file : "shared=");
		return -1;
	}
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	lines = calloc(LINES, sizeof(*lines));
	if (shared == MAP_FAILED || !lines)
		return -1;
	memset(side_of, -1, sizeof(side_of));
	qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
	return 0;
}
