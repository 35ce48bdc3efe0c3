// SPDX-License-Identifier: GPL-2.0-only
/*
 * A plugin of QEMU that counts how often each instruction of the lab VM is
 * executed between two marks (bench/lib/marks.h), by thread:
 *
 *     -plugin counts.so,out=FILE
 *
 * QEMU executes blocks: instructions without a branch between them. A block is
 * counted when it begins, and a counter that QEMU sets at each instruction
 * tells where a block ended early, by an exception, so that the sum is what
 * -icount counts. Outside the marks a block costs one comparison.
 *
 * FILE is written at the end mark, before the next instruction of the machine:
 * MARK_HEAD and the number of the begin mark, then a line for each thread and
 * address: thread, enum mark_mode, address, executions.
 * Last a line "end", or "failed" and why. There is one CPU on the instruction
 * clock, so nothing here is locked.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/marks.h"
#include "qemu.h"

PLUGIN_EXPORT int qemu_plugin_version = PLUGIN_INTERFACE;
PLUGIN_EXPORT int qemu_plugin_install(qemu_plugin_id_t id, const struct qemu_info *info, int argc,
				      char **argv);

/* Threads that ran between the marks, once for each mode. */
#define SLOTS_MAX 256
/* AMD's instruction that runs a virtual machine; the only kind that QEMU emulates. */
#define VMRUN_BYTES 3
#define BUCKETS	    (1u << 18)

/* A block of instructions as it was translated; kept until QEMU ends. */
struct block {
	struct block *next;
	uint64_t hash; /* of its addresses and bytes */
	/*
	 * By slot; NULL: not between the marks. QEMU translates a page of code once, whatever it is
	 * mapped to: shift is what a slot's own addresses are higher than those below.
	 */
	struct runs {
		uint64_t began, shift;
	} * runs;
	uint64_t *ended; /* by slot and instruction, that many were executed; NULL: always all */
	unsigned int n;
	uint64_t address[];
};

/* Of the CPU; QEMU's code reads and writes it. */
struct state {
	uint64_t active; /* between the marks */
	uint64_t at; /* number of the instruction within its block */
};

struct slot {
	uint32_t tid;
	enum mark_mode mode;
};

static const char *file;
static struct qemu_plugin_scoreboard *score;
static qemu_plugin_u64 active, at;
static struct qemu_plugin_register *rdi, *rsi, *rip;

static struct block *blocks[BUCKETS];
static struct mark_setup setup;
static uint64_t number;
static struct slot slots[SLOTS_MAX];
static unsigned int n_slots, slot;
static const char *failed;

/* The block that runs, and since when it does the slot it counts for. */
static struct block *running;
static unsigned int running_slot;
static uint64_t outside; /* where the kernel goes on that runs a virtual machine */

static uint64_t read_register(struct qemu_plugin_register *handle)
{
	struct glib_array *bytes = g_byte_array_new();
	uint64_t value = 0;

	if (handle && qemu_plugin_read_register(handle, bytes) >= (int)sizeof(value))
		memcpy(&value, bytes->data, sizeof(value));
	else
		failed = "a register cannot be read";
	g_array_free(bytes, 1);
	return value;
}

static bool read_memory(uint64_t address, void *to, size_t n)
{
	struct glib_array *bytes = g_byte_array_set_size(g_byte_array_new(), n);
	bool good = qemu_plugin_read_memory_vaddr(address, bytes, n) && bytes->length >= n;

	if (good)
		memcpy(to, bytes->data, n);
	g_array_free(bytes, 1);
	return good;
}

static void enter(uint32_t tid, enum mark_mode mode)
{
	for (slot = 0; slot < n_slots; slot++)
		if (slots[slot].tid == tid && slots[slot].mode == mode)
			return;
	if (n_slots == SLOTS_MAX) {
		failed = "too many threads";
		slot = 0;
		return;
	}
	slots[n_slots++] = (struct slot){ tid, mode };
}

/* The block that ran ended before its last instruction; next is what follows, 0 unknown. */
static void ended_early(uint64_t done, uint64_t next)
{
	struct block *b = running;

	/*
	 * An access to a device is executed again, alone and without this plugin, after which the
	 * next instruction follows: it counts. One that faulted does not: it is repeated.
	 */
	if (next == b->address[done + 1] + b->runs[running_slot].shift)
		done++;
	if (!b->ended)
		b->ended = calloc((size_t)SLOTS_MAX * b->n, sizeof(*b->ended));
	if (b->ended)
		b->ended[running_slot * b->n + done]++;
	else
		failed = "no memory";
}

static bool among(uint64_t address, const uint64_t list[2])
{
	return address && (address == list[0] || address == list[1]);
}

/* What the first instruction of a function of the kernel says about what follows. */
static void follow(uint64_t address)
{
	if (address && address == setup.switch_to) {
		uint32_t tid;

		if (read_memory(read_register(rsi) + setup.tid_offset, &tid, sizeof(tid)))
			enter(tid, MODE_RUNS);
		else
			failed = "the next task cannot be read";
	} else if (among(address, setup.idle_enter)) {
		enter(slots[slot].tid, MODE_IDLE);
	} else if (among(address, setup.idle_leave)) {
		enter(slots[slot].tid, MODE_RUNS);
	}
}

/*
 * A virtual machine inside begins to run: its addresses are others'. It ends
 * where the instruction behind is reached, which is in the kernel outside.
 */
static void machine_runs(unsigned int cpu, void *data)
{
	const struct state *s = qemu_plugin_scoreboard_find(score, cpu);
	const struct block *b = running;

	(void)data;
	if (!s->active || !b || slots[slot].mode == MODE_INSIDE)
		return;
	outside = b->address[s->at] + b->runs[running_slot].shift + VMRUN_BYTES;
	enter(slots[slot].tid, MODE_INSIDE);
}

static void block_runs(unsigned int cpu, void *data)
{
	struct state *s = qemu_plugin_scoreboard_find(score, cpu);
	struct block *b = data;
	struct runs *runs;
	uint64_t address;

	if (!b->runs)
		b->runs = calloc(SLOTS_MAX, sizeof(*b->runs));
	if (!b->runs) {
		failed = "no memory";
		return;
	}
	/* Of the machine outside the kernel is never moved, and only there is this code. */
	if (slots[slot].mode == MODE_INSIDE && b->address[0] == outside)
		enter(slots[slot].tid, MODE_RUNS);
	runs = &b->runs[slot];
	if (!runs->began)
		runs->shift = read_register(rip) - b->address[0];
	address = b->address[0] + runs->shift;
	if (running && s->at + 1 < running->n)
		ended_early(s->at, address);
	runs->began++;
	running = b;
	running_slot = slot;
	if (slots[slot].mode != MODE_INSIDE)
		follow(address);
}

/* Executions of each instruction of a block in a slot. */
static void write_block(FILE *f, const struct block *b, unsigned int which)
{
	uint64_t count = b->runs[which].began;

	for (unsigned int i = 0; i < b->n && count; i++) {
		if (b->ended)
			count -= b->ended[which * b->n + i];
		if (count)
			fprintf(f, "%" PRIu32 " %d %" PRIx64 " %" PRIu64 "\n", slots[which].tid,
				slots[which].mode, b->address[i] + b->runs[which].shift, count);
	}
}

static void write_counts(void)
{
	char fresh[4100];
	FILE *f;

	snprintf(fresh, sizeof(fresh), "%s.new", file);
	f = fopen(fresh, "we");
	if (!f) {
		fprintf(stderr, "vhostlab: lab/plugin: %s: %s\n", fresh, strerror(errno));
		return;
	}
	fprintf(f, MARK_HEAD " %" PRIu64 "\n", number);
	for (unsigned int i = 0; i < BUCKETS; i++)
		for (const struct block *b = blocks[i]; b; b = b->next)
			for (unsigned int j = 0; b->runs && j < n_slots; j++)
				write_block(f, b, j);
	if (failed)
		fprintf(f, "failed %s\n", failed);
	else
		fputs("end\n", f);
	if (ferror(f) | fclose(f) || rename(fresh, file))
		fprintf(stderr, "vhostlab: lab/plugin: %s: it cannot be written\n", file);
}

static void forget_counts(void)
{
	for (unsigned int i = 0; i < BUCKETS; i++)
		for (struct block *b = blocks[i]; b; b = b->next) {
			free(b->runs);
			free(b->ended);
			b->runs = NULL;
			b->ended = NULL;
		}
	n_slots = 0;
	failed = NULL;
	running = NULL;
}

static void setup_marked(unsigned int cpu, void *data)
{
	if (!read_memory(read_register(rdi), &setup, sizeof(setup)))
		memset(&setup, 0, sizeof(setup));
	(void)cpu;
	(void)data;
}

static void begin_marked(unsigned int cpu, void *data)
{
	struct state *s = qemu_plugin_scoreboard_find(score, cpu);

	forget_counts();
	number = read_register(rsi);
	enter(read_register(rdi), MODE_RUNS);
	s->active = 1;
	(void)data;
}

static void end_marked(unsigned int cpu, void *data)
{
	struct state *s = qemu_plugin_scoreboard_find(score, cpu);

	if (!s->active)
		return;
	s->active = 0;
	/* Of this block the rest is behind the mark. */
	if (running && s->at + 1 < running->n)
		ended_early(s->at, 0);
	write_counts();
	forget_counts();
	(void)data;
}

/* The mark that an instruction is, or 0. */
static unsigned int mark_of(const struct qemu_plugin_insn *insn)
{
	unsigned char bytes[8];
	uint32_t word;

	if (qemu_plugin_insn_size(insn) != sizeof(bytes) ||
	    qemu_plugin_insn_data(insn, bytes, sizeof(bytes)) != sizeof(bytes) ||
	    memcmp(bytes, MARK_BYTES, 4))
		return 0;
	memcpy(&word, bytes + 4, sizeof(word));
	return word - MARK_BASE;
}

static uint64_t hash_bytes(uint64_t hash, const void *data, size_t n)
{
	const unsigned char *p = data;

	while (n--)
		hash = (hash ^ *p++) * 0x100000001b3u;
	return hash;
}

static bool is_vmrun(const struct qemu_plugin_insn *insn)
{
	static const unsigned char vmrun[VMRUN_BYTES] = { 0x0f, 0x01, 0xd8 };
	unsigned char bytes[VMRUN_BYTES];

	return qemu_plugin_insn_size(insn) == sizeof(bytes) &&
	       qemu_plugin_insn_data(insn, bytes, sizeof(bytes)) == sizeof(bytes) &&
	       !memcmp(bytes, vmrun, sizeof(bytes));
}

/* A block that QEMU translates again, as it was or after its code was changed. */
static struct block *block_of(const struct qemu_plugin_tb *tb)
{
	unsigned int n = qemu_plugin_tb_n_insns(tb);
	struct block *b = malloc(sizeof(*b) + n * sizeof(b->address[0]));
	struct block **bucket;
	uint64_t hash = n;

	if (!b)
		return NULL;
	for (unsigned int i = 0; i < n; i++) {
		const struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, i);
		unsigned char bytes[16];
		size_t size = qemu_plugin_insn_data(insn, bytes, sizeof(bytes));

		b->address[i] = qemu_plugin_insn_vaddr(insn);
		hash = hash_bytes(hash, &b->address[i], sizeof(b->address[i]));
		hash = hash_bytes(hash, bytes, size < sizeof(bytes) ? size : sizeof(bytes));
	}
	bucket = &blocks[hash % BUCKETS];
	for (struct block *old = *bucket; old; old = old->next)
		if (old->hash == hash && old->n == n &&
		    !memcmp(old->address, b->address, n * sizeof(b->address[0]))) {
			free(b);
			return old;
		}
	b->runs = NULL;
	b->ended = NULL;
	b->hash = hash;
	b->n = n;
	b->next = *bucket;
	*bucket = b;
	return b;
}

static void translated(qemu_plugin_id_t id, struct qemu_plugin_tb *tb)
{
	static const qemu_plugin_vcpu_udata_cb_t marked[] = {
		[MARK_SETUP] = setup_marked, [MARK_BEGIN] = begin_marked, [MARK_END] = end_marked
	};
	struct block *b = block_of(tb);

	(void)id;
	if (!b) {
		failed = "no memory";
		return;
	}
	qemu_plugin_register_vcpu_tb_exec_cond_cb(tb, block_runs, QEMU_PLUGIN_CB_R_REGS,
						  QEMU_PLUGIN_COND_EQ, active, 1, b);
	for (unsigned int i = 0; i < b->n; i++) {
		struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, i);
		unsigned int mark = mark_of(insn);

		qemu_plugin_register_vcpu_insn_exec_inline_per_vcpu(
			insn, QEMU_PLUGIN_INLINE_STORE_U64, at, i);
		if (is_vmrun(insn))
			qemu_plugin_register_vcpu_insn_exec_cb(insn, machine_runs,
							       QEMU_PLUGIN_CB_NO_REGS, NULL);
		if (mark && mark < sizeof(marked) / sizeof(marked[0]))
			qemu_plugin_register_vcpu_insn_exec_cb(insn, marked[mark],
							       QEMU_PLUGIN_CB_R_REGS, NULL);
	}
}

static void cpu_starts(qemu_plugin_id_t id, unsigned int cpu)
{
	struct glib_array *list = qemu_plugin_get_registers();
	const qemu_plugin_reg_descriptor *r = (const void *)list->data;

	for (unsigned int i = 0; i < list->length; i++) {
		if (!strcmp(r[i].name, "rdi"))
			rdi = r[i].handle;
		if (!strcmp(r[i].name, "rsi"))
			rsi = r[i].handle;
		if (!strcmp(r[i].name, "rip"))
			rip = r[i].handle;
	}
	g_array_free(list, 1);
	(void)id;
	(void)cpu;
}

int qemu_plugin_install(qemu_plugin_id_t id, const struct qemu_info *info, int argc, char **argv)
{
	for (int i = 0; i < argc; i++)
		if (!strncmp(argv[i], "out=", 4))
			file = argv[i] + 4;
	if (!file || strlen(file) > 4000 || strcmp(info->target_name, "x86_64") ||
	    info->cpus_max != 1) {
		fputs("vhostlab: lab/plugin: it needs out=FILE and a machine of one x86-64 CPU\n",
		      stderr);
		return -1;
	}
	score = qemu_plugin_scoreboard_new(sizeof(struct state));
	active = (qemu_plugin_u64){ score, offsetof(struct state, active) };
	at = (qemu_plugin_u64){ score, offsetof(struct state, at) };
	qemu_plugin_register_vcpu_init_cb(id, cpu_starts);
	qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
	return 0;
}
