// SPDX-License-Identifier: GPL-2.0-only
/*
 * The driver's side of the ring against the bytes that virtio 1.2, 2.7
 * prescribes: the test plays the device by hand, with offsets of its own.
 */
#include <stdarg.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#undef fail /* cmocka names a macro so, the bench a function */

#include "guest/vring.h"

#define NUM   8
#define AVAIL (NUM * 16) /* flags, idx, ring[NUM], used_event */
#define USED  4096 /* flags, idx, {id, len}[NUM], avail_event */

struct fixture {
	char *mem;
	struct vring_driver v;
};

static uint16_t get16(const char *p)
{
	uint16_t x;

	memcpy(&x, p, sizeof(x));
	return x;
}

static void put16(char *p, uint16_t x)
{
	memcpy(p, &x, sizeof(x));
}

static void put32(char *p, uint32_t x)
{
	memcpy(p, &x, sizeof(x));
}

static struct fixture *open_ring(bool event_idx)
{
	struct fixture *f = calloc(1, sizeof(*f));

	f->mem = aligned_alloc(4096, vring_bytes(NUM));
	memset(f->mem, 0, vring_bytes(NUM));
	assert_int_equal(vring_open(&f->v, NUM, event_idx, f->mem), RC_OK);
	return f;
}

static void close_ring(struct fixture *f)
{
	vring_close(&f->v);
	free(f->mem);
	free(f);
}

/* The device returns chain `id` with `len` bytes written. */
static void use(struct fixture *f, uint32_t id, uint32_t len)
{
	uint16_t idx = get16(f->mem + USED + 2);

	put32(f->mem + USED + 4 + 8 * (idx % NUM), id);
	put32(f->mem + USED + 8 + 8 * (idx % NUM), len);
	put16(f->mem + USED + 2, idx + 1);
}

static bool add_one(struct fixture *f, uint32_t cookie)
{
	struct vring_seg s = { .gpa = 0x5000 + cookie, .len = 100 + cookie };

	return vring_add(&f->v, &s, 1, 0, cookie, NULL, 0);
}

static void test_invisible_until_published(void **state)
{
	struct fixture *f = open_ring(true);

	(void)state;
	assert_true(add_one(f, 3));
	assert_int_equal(get16(f->mem + AVAIL + 2), 0);
	vring_publish(&f->v);
	assert_int_equal(get16(f->mem + AVAIL + 2), 1);

	/* The descriptor that the ring's first entry names, byte by byte. */
	uint16_t head = get16(f->mem + AVAIL + 4);
	const char *d = f->mem + 16 * head;
	uint64_t addr;
	uint32_t len;

	memcpy(&addr, d, sizeof(addr));
	memcpy(&len, d + 8, sizeof(len));
	assert_true(addr == 0x5003);
	assert_int_equal(len, 103);
	assert_int_equal(get16(d + 12), 0);
	close_ring(f);
}

static void test_chain_flags(void **state)
{
	struct vring_seg s[3] = { { 0x1000, 10 }, { 0x2000, 20 }, { 0x3000, 30 } };
	struct fixture *f = open_ring(true);
	uint16_t at;

	(void)state;
	assert_true(vring_add(&f->v, s, 1, 2, 7, NULL, 0));
	vring_publish(&f->v);
	at = get16(f->mem + AVAIL + 4);
	assert_int_equal(get16(f->mem + 16 * at + 12), 1); /* NEXT */
	at = get16(f->mem + 16 * at + 14);
	assert_int_equal(get16(f->mem + 16 * at + 12), 3); /* NEXT, WRITE */
	at = get16(f->mem + 16 * at + 14);
	assert_int_equal(get16(f->mem + 16 * at + 12), 2); /* WRITE, the last */
	close_ring(f);
}

static void test_indirect(void **state)
{
	struct vring_seg s[2] = { { 0x1000, 12 }, { 0x2000, 60 } };
	struct fixture *f = open_ring(true);
	struct vring_desc table[2];
	uint16_t head;
	uint32_t len;

	(void)state;
	for (int i = 0; i < NUM; i++)
		assert_true(vring_add(&f->v, s, 2, 0, i, table, 0x9000));
	assert_false(vring_add(&f->v, s, 2, 0, NUM, table, 0x9000));
	vring_publish(&f->v);
	head = get16(f->mem + AVAIL + 4);
	memcpy(&len, f->mem + 16 * head + 8, sizeof(len));
	assert_int_equal(get16(f->mem + 16 * head + 12), 4); /* INDIRECT alone */
	assert_int_equal(len, 32);
	assert_int_equal(table[0].flags, 1);
	assert_int_equal(table[0].next, 1);
	assert_int_equal(table[1].flags, 0);
	close_ring(f);
}

static void test_full_and_around(void **state)
{
	struct fixture *f = open_ring(true);
	uint32_t cookie, len;

	(void)state;
	/* More rounds than the index has values, and chains returned out of order. */
	for (unsigned int round = 0; round < 20000; round++) {
		uint16_t first = round * NUM;

		for (unsigned int i = 0; i < NUM; i++)
			assert_true(add_one(f, i));
		assert_false(add_one(f, NUM));
		vring_publish(&f->v);
		assert_int_equal(get16(f->mem + AVAIL + 2), (uint16_t)(first + NUM));
		for (unsigned int i = 0; i < NUM; i++)
			use(f, get16(f->mem + AVAIL + 4 + 2 * (NUM - 1 - i)), i);
		for (unsigned int i = 0; i < NUM; i++) {
			assert_int_equal(vring_get_used(&f->v, &cookie, &len), 1);
			assert_int_equal(cookie, NUM - 1 - i);
			assert_int_equal(len, i);
		}
		assert_int_equal(vring_get_used(&f->v, &cookie, &len), 0);
	}
	close_ring(f);
}

static void test_nonsense_from_device(void **state)
{
	struct fixture *f = open_ring(true);
	uint32_t cookie, len;
	uint16_t head;

	(void)state;
	add_one(f, 1);
	vring_publish(&f->v);
	head = get16(f->mem + AVAIL + 4);
	use(f, NUM, 0); /* no such descriptor */
	assert_int_equal(vring_get_used(&f->v, &cookie, &len), -1);
	close_ring(f);

	f = open_ring(true);
	add_one(f, 1);
	vring_publish(&f->v);
	use(f, (head + 1) % NUM, 0); /* never given */
	assert_int_equal(vring_get_used(&f->v, &cookie, &len), -1);
	close_ring(f);

	f = open_ring(true);
	add_one(f, 1);
	vring_publish(&f->v);
	use(f, head, 0);
	use(f, head, 0); /* given once, returned twice */
	assert_int_equal(vring_get_used(&f->v, &cookie, &len), 1);
	assert_int_equal(vring_get_used(&f->v, &cookie, &len), -1);
	close_ring(f);
}

static void test_kick_by_event(void **state)
{
	/* Where the device wants the next kick, and whether three frames reach it. */
	static const struct {
		uint16_t event;
		bool kick;
	} cases[] = { { 0, true }, { 1, true }, { 2, true }, { 3, false }, { 0xffff, false } };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct fixture *f = open_ring(true);

		for (int n = 0; n < 3; n++)
			add_one(f, n);
		vring_publish(&f->v);
		put16(f->mem + USED + 4 + 8 * NUM, cases[i].event);
		assert_int_equal(vring_need_kick(&f->v), cases[i].kick);
		/* Asked again with nothing new: never. */
		assert_false(vring_need_kick(&f->v));
		close_ring(f);
	}
}

static void test_kick_by_flag(void **state)
{
	struct fixture *f = open_ring(false);

	(void)state;
	add_one(f, 0);
	vring_publish(&f->v);
	put16(f->mem + USED, 1);
	assert_false(vring_need_kick(&f->v));
	add_one(f, 1);
	vring_publish(&f->v);
	put16(f->mem + USED, 0);
	assert_true(vring_need_kick(&f->v));
	close_ring(f);
}

static void test_arm_and_mute(void **state)
{
	struct fixture *f = open_ring(true);
	const char *used_event = f->mem + AVAIL + 4 + 2 * NUM;

	(void)state;
	add_one(f, 0);
	add_one(f, 1);
	vring_publish(&f->v);
	assert_false(vring_arm(&f->v, 2));
	assert_int_equal(get16(used_event), 1);
	use(f, get16(f->mem + AVAIL + 4), 0);
	assert_false(vring_arm(&f->v, 2));
	assert_true(vring_arm(&f->v, 1));
	assert_int_equal(get16(used_event), 0);
	vring_mute(&f->v);
	assert_int_equal(get16(used_event), 0xffff);
	close_ring(f);

	f = open_ring(false);
	assert_int_equal(get16(f->mem + AVAIL), 1);
	vring_arm(&f->v, 1);
	assert_int_equal(get16(f->mem + AVAIL), 0);
	vring_mute(&f->v);
	assert_int_equal(get16(f->mem + AVAIL), 1);
	close_ring(f);
}

/* One used entry for several chains: its id is the last one's. */
static void test_in_order(void **state)
{
	struct fixture *f = open_ring(true);
	uint32_t cookie, len;

	(void)state;
	vring_in_order(&f->v);
	for (uint32_t round = 0; round < 5 * NUM; round++) {
		unsigned int n = 1 + round % 3;
		uint16_t idx = get16(f->mem + USED + 2), last = 0;

		for (uint32_t i = 0; i < n; i++) {
			last = get16(f->mem + AVAIL + 2) + i;
			assert_true(add_one(f, 100 * round + i));
			/* Section 2.7.5.2: descriptors in the order of the ring. */
			assert_int_equal(get16(f->mem + AVAIL + 4 + last % NUM * 2), last % NUM);
		}
		vring_publish(&f->v);
		use(f, last % NUM, 30);
		put16(f->mem + USED + 2, idx + n);
		for (uint32_t i = 0; i < n; i++) {
			assert_int_equal(vring_get_used(&f->v, &cookie, &len), 1);
			assert_int_equal(cookie, 100 * round + i);
			assert_int_equal(len, i + 1 == n ? 30 : 0);
		}
		assert_int_equal(vring_get_used(&f->v, &cookie, &len), 0);
	}
	assert_int_equal(f->v.free_count, NUM);
	close_ring(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_invisible_until_published),
		cmocka_unit_test(test_chain_flags),
		cmocka_unit_test(test_indirect),
		cmocka_unit_test(test_full_and_around),
		cmocka_unit_test(test_nonsense_from_device),
		cmocka_unit_test(test_kick_by_event),
		cmocka_unit_test(test_kick_by_flag),
		cmocka_unit_test(test_arm_and_mute),
		cmocka_unit_test(test_in_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
