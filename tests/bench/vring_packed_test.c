// SPDX-License-Identifier: GPL-2.0-only
/*
 * The driver's side of a packed ring against the bytes that virtio 1.2, 2.8
 * prescribes: the test plays the device by hand, with offsets of its own.
 */
#include <stdarg.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#undef fail /* cmocka names a macro so, the bench a function */

#include "guest/vring.h"

#define NUM   6 /* no power of two */
#define AVAIL 0x80
#define USED  0x8000
#define WRITE 2

struct fixture {
	char *mem;
	struct vring_driver v;
	unsigned int at; /* where the device writes next, and its wrap counter */
	bool wrap;
};

static uint16_t get16(const void *p)
{
	uint16_t x;

	memcpy(&x, p, sizeof(x));
	return x;
}

static void put16(void *p, uint16_t x)
{
	memcpy(p, &x, sizeof(x));
}

static void put32(void *p, uint32_t x)
{
	memcpy(p, &x, sizeof(x));
}

static struct fixture *open_ring(bool event_idx)
{
	struct fixture *f = calloc(1, sizeof(*f));

	f->mem = aligned_alloc(4096, vring_packed_bytes(NUM));
	memset(f->mem, 0, vring_packed_bytes(NUM));
	assert_int_equal(vring_packed_open(&f->v, NUM, event_idx, f->mem), RC_OK);
	f->wrap = true;
	return f;
}

static void close_ring(struct fixture *f)
{
	vring_close(&f->v);
	free(f->mem);
	free(f);
}

static uint16_t flags_at(const struct fixture *f, unsigned int i)
{
	return get16(f->mem + 16 * i + 14);
}

static uint16_t id_at(const struct fixture *f, unsigned int i)
{
	return get16(f->mem + 16 * i + 12);
}

/* The device returns the chain `id` of `descs` descriptors with `len` bytes written. */
static void use(struct fixture *f, uint16_t id, unsigned int descs, uint32_t len)
{
	char *d = f->mem + 16 * f->at;

	put32(d + 8, len);
	put16(d + 12, id);
	put16(d + 14, (f->wrap ? AVAIL | USED : 0) | (len ? WRITE : 0));
	f->at += descs;
	if (f->at >= NUM) {
		f->at -= NUM;
		f->wrap = !f->wrap;
	}
}

static bool add_one(struct fixture *f, uint32_t cookie)
{
	struct vring_seg s = { .gpa = 0x5000 + cookie, .len = 100 + cookie };

	return vring_add(&f->v, &s, 1, 0, cookie, NULL, 0);
}

/* One chain there and back; its cookie. */
static uint32_t round_trip(struct fixture *f, uint32_t cookie)
{
	uint32_t back = ~0u, len;
	uint16_t id;

	assert_true(add_one(f, cookie));
	vring_publish(&f->v);
	id = id_at(f, f->at);
	use(f, id, 1, 0);
	assert_int_equal(vring_get_used(&f->v, &back, &len), 1);
	return back;
}

static void test_first_shows_all(void **state)
{
	struct fixture *f = open_ring(true);
	uint64_t addr;
	uint32_t len;

	(void)state;
	for (uint32_t i = 0; i < 3; i++)
		assert_true(add_one(f, i));
	assert_int_equal(flags_at(f, 0), 0);
	assert_int_equal(flags_at(f, 1), AVAIL);
	vring_publish(&f->v);
	for (unsigned int i = 0; i < 3; i++) {
		assert_int_equal(flags_at(f, i), AVAIL);
		memcpy(&addr, f->mem + 16 * i, sizeof(addr));
		memcpy(&len, f->mem + 16 * i + 8, sizeof(len));
		assert_true(addr == 0x5000 + i && len == 100 + i);
	}
	assert_int_equal(flags_at(f, 3), 0);
	assert_true(id_at(f, 0) != id_at(f, 1) && id_at(f, 1) != id_at(f, 2));
	close_ring(f);
}

static void test_bits_turn_at_the_end(void **state)
{
	struct fixture *f = open_ring(true);
	uint32_t cookie, len;

	(void)state;
	for (uint32_t i = 0; i < NUM; i++)
		assert_int_equal(round_trip(f, i), i);
	/* The second turn: AVAIL clear, USED set. */
	assert_true(add_one(f, 77));
	vring_publish(&f->v);
	assert_int_equal(flags_at(f, 0), USED);
	use(f, id_at(f, 0), 1, 0);
	assert_int_equal(vring_used_pending(&f->v), 1);
	assert_int_equal(vring_get_used(&f->v, &cookie, &len), 1);
	assert_int_equal(cookie, 77);
	for (uint32_t i = 0; i < 3 * NUM; i++)
		assert_int_equal(round_trip(f, i), i);
	assert_int_equal(vring_used_pending(&f->v), 0);
	close_ring(f);
}

static void test_chain(void **state)
{
	struct vring_seg s[3] = { { 0x1000, 10 }, { 0x2000, 20 }, { 0x3000, 30 } };
	struct fixture *f = open_ring(true);
	uint32_t cookie, len;

	(void)state;
	/* Two chains of three fill the ring, in no order they come back. */
	assert_true(vring_add(&f->v, s, 1, 2, 7, NULL, 0));
	assert_true(vring_add(&f->v, s, 3, 0, 8, NULL, 0));
	assert_false(vring_add(&f->v, s, 1, 0, 9, NULL, 0));
	vring_publish(&f->v);
	assert_int_equal(flags_at(f, 0), AVAIL | 1);
	assert_int_equal(flags_at(f, 1), AVAIL | 1 | WRITE);
	assert_int_equal(flags_at(f, 2), AVAIL | WRITE);
	assert_int_equal(flags_at(f, 5), AVAIL);
	assert_int_equal(id_at(f, 0), id_at(f, 2));
	uint16_t first = id_at(f, 2), second = id_at(f, 5);

	use(f, second, 3, 0);
	assert_int_equal(vring_used_pending(&f->v), 1);
	assert_int_equal(vring_get_used(&f->v, &cookie, &len), 1);
	assert_int_equal(cookie, 8);
	assert_int_equal(len, 0);
	assert_int_equal(vring_get_used(&f->v, &cookie, &len), 0);
	use(f, first, 3, 50);
	assert_int_equal(vring_get_used(&f->v, &cookie, &len), 1);
	assert_int_equal(cookie, 7);
	assert_int_equal(len, 50);
	/* A chain over the end of the ring, behind one of another length. */
	assert_int_equal(round_trip(f, 1), 1);
	for (int i = 0; i < 4; i++)
		assert_int_equal(round_trip(f, 2), 2);
	assert_true(vring_add(&f->v, s, 3, 0, 10, NULL, 0));
	vring_publish(&f->v);
	assert_int_equal(flags_at(f, 5), USED | 1);
	assert_int_equal(flags_at(f, 0), AVAIL | 1);
	assert_int_equal(flags_at(f, 1), AVAIL);
	use(f, id_at(f, 1), 3, 0);
	assert_int_equal(vring_get_used(&f->v, &cookie, &len), 1);
	assert_int_equal(cookie, 10);
	assert_int_equal(round_trip(f, 11), 11);
	close_ring(f);
}

static void test_indirect(void **state)
{
	struct vring_seg s[2] = { { 0x1000, 12 }, { 0x2000, 64 } };
	struct fixture *f = open_ring(true);
	char table[32];
	uint32_t len;

	(void)state;
	assert_true(vring_add(&f->v, s, 1, 1, 7, (struct vring_desc *)table, 0x9000));
	vring_publish(&f->v);
	assert_int_equal(flags_at(f, 0), AVAIL | 4);
	memcpy(&len, f->mem + 8, sizeof(len));
	assert_int_equal(len, 32);
	assert_int_equal(get16(table + 14), 0);
	assert_int_equal(get16(table + 30), WRITE);
	assert_int_equal(f->v.free_count, NUM - 1);
	close_ring(f);
}

/* Where the two event structures are, the driver's own and the device's. */
static char *event(const struct fixture *f, int whose)
{
	return f->v.area[whose];
}

static void kick_after(struct fixture *f, uint16_t off_wrap, uint16_t flags)
{
	put16(event(f, 2), off_wrap);
	put16(event(f, 2) + 2, flags);
}

static void test_kicks(void **state)
{
	struct fixture *f = open_ring(true);

	(void)state;
	assert_false(vring_need_kick(&f->v)); /* nothing new */
	for (uint32_t i = 0; i < 4 * NUM; i++) {
		unsigned int at = f->at;
		uint16_t here = at | f->wrap << 15, other = at | !f->wrap << 15;
		uint16_t next = (at + 1) % NUM | (at + 1 == NUM ? !f->wrap : f->wrap) << 15;

		kick_after(f, here, 0);
		assert_int_equal(round_trip(f, i), i);
		switch (i % 6) {
		case 0: /* always */
			assert_true(vring_need_kick(&f->v));
			break;
		case 1: /* never */
			kick_after(f, here, 1);
			assert_false(vring_need_kick(&f->v));
			break;
		case 2: /* when this one is passed */
			kick_after(f, here, 2);
			assert_true(vring_need_kick(&f->v));
			break;
		case 3: /* when the next one is */
			kick_after(f, next, 2);
			assert_false(vring_need_kick(&f->v));
			break;
		case 4: /* a turn ago */
			kick_after(f, other, 2);
			assert_false(vring_need_kick(&f->v));
			break;
		default: /* asked once, not again */
			assert_true(vring_need_kick(&f->v));
			assert_false(vring_need_kick(&f->v));
			break;
		}
	}
	close_ring(f);
}

static void test_arm(void **state)
{
	struct fixture *f = open_ring(true);
	uint32_t cookie, len;

	(void)state;
	assert_int_equal(get16(event(f, 1) + 2), 1);
	for (uint32_t i = 0; i < 4; i++)
		assert_int_equal(round_trip(f, i), i);
	for (uint32_t i = 0; i < 4; i++)
		assert_true(add_one(f, i));
	assert_false(vring_arm(&f->v, 4));
	/* The fourth from here lies behind the end: index 1, wrap counter 0. */
	assert_int_equal(get16(event(f, 1)), 1);
	assert_int_equal(get16(event(f, 1) + 2), 2);
	assert_false(vring_arm(&f->v, 1));
	assert_int_equal(get16(event(f, 1)), 4 | 1 << 15);
	vring_publish(&f->v);
	uint16_t ids[4] = { id_at(f, 4), id_at(f, 5), id_at(f, 0), id_at(f, 1) };

	for (int i = 0; i < 3; i++)
		use(f, ids[i], 1, 0);
	assert_false(vring_arm(&f->v, 4));
	assert_int_equal(vring_used_pending(&f->v), 3);
	assert_int_equal(vring_get_used(&f->v, &cookie, &len), 1);
	use(f, ids[3], 1, 0);
	assert_true(vring_arm(&f->v, 3));
	vring_mute(&f->v);
	assert_int_equal(get16(event(f, 1) + 2), 1);
	close_ring(f);

	f = open_ring(false);
	vring_arm(&f->v, 1);
	assert_int_equal(get16(event(f, 1) + 2), 0);
	close_ring(f);
}

static void test_nonsense(void **state)
{
	struct fixture *f = open_ring(true);
	uint32_t cookie, len;

	(void)state;
	assert_true(add_one(f, 1));
	vring_publish(&f->v);
	use(f, NUM, 1, 0);
	assert_int_equal(vring_get_used(&f->v, &cookie, &len), -1);
	f->at = 0;
	use(f, (id_at(f, 0) + 1) % NUM, 1, 0);
	assert_int_equal(vring_get_used(&f->v, &cookie, &len), -1);
	close_ring(f);
}

/* One used descriptor for several chains: its id is the last one's, its place the first one's. */
static void test_in_order(void **state)
{
	struct vring_seg s[2] = { { 0x1000, 10 }, { 0x2000, 20 } };
	struct fixture *f = open_ring(true);
	uint32_t cookie, len;

	(void)state;
	vring_packed_in_order(&f->v);
	for (uint32_t round = 0; round < 5 * NUM; round++) {
		unsigned int n = 1 + round % 3, at = f->at, last = 0;

		for (uint32_t i = 0; i < n; i++) {
			last = (at + i) % NUM;
			assert_true(add_one(f, 100 * round + i));
		}
		vring_publish(&f->v);
		assert_int_equal(vring_used_pending(&f->v), 0);
		use(f, id_at(f, last), n, 0);
		assert_int_equal(vring_used_pending(&f->v), n);
		for (uint32_t i = 0; i < n; i++) {
			assert_int_equal(vring_get_used(&f->v, &cookie, &len), 1);
			assert_int_equal(cookie, 100 * round + i);
		}
		assert_int_equal(vring_get_used(&f->v, &cookie, &len), 0);
	}
	assert_int_equal(f->v.free_count, NUM);
	/* Chains of two lengths, and the length of what was written. */
	assert_true(vring_add(&f->v, s, 0, 2, 7, NULL, 0));
	assert_true(vring_add(&f->v, s, 0, 1, 8, NULL, 0));
	vring_publish(&f->v);
	uint16_t first = id_at(f, f->at), second = id_at(f, (f->at + 2) % NUM);

	use(f, first, 2, 25);
	assert_int_equal(vring_get_used(&f->v, &cookie, &len), 1);
	assert_int_equal(cookie, 7);
	assert_int_equal(len, 25);
	assert_int_equal(vring_get_used(&f->v, &cookie, &len), 0);
	use(f, second, 1, 5);
	assert_int_equal(vring_get_used(&f->v, &cookie, &len), 1);
	assert_int_equal(cookie, 8);
	assert_int_equal(len, 5);
	/* A chain that is not under way. */
	assert_true(add_one(f, 1));
	vring_publish(&f->v);
	use(f, (id_at(f, f->at) + 1) % NUM, 1, 0);
	assert_int_equal(vring_get_used(&f->v, &cookie, &len), -1);
	close_ring(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_first_shows_all), cmocka_unit_test(test_bits_turn_at_the_end),
		cmocka_unit_test(test_chain),		cmocka_unit_test(test_indirect),
		cmocka_unit_test(test_kicks),		cmocka_unit_test(test_arm),
		cmocka_unit_test(test_nonsense),	cmocka_unit_test(test_in_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
