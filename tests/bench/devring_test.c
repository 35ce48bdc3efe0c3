// SPDX-License-Identifier: GPL-2.0-only
/* The userspace server's side of the ring: good chains, and drivers that break the rules. */
#include <stdarg.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#undef fail /* cmocka names a macro so, the bench a function */

#include "server/devring.h"
#include "guest/vring.h"

#define NUM   8
#define BYTES 65536
#define GPA   0x100000

struct fixture {
	char *mem;
	struct vring_driver v;
	struct devring d;
	struct devchain c;
};

static struct fixture *open_pair(bool event_idx)
{
	struct fixture *f = calloc(1, sizeof(*f));

	f->mem = aligned_alloc(4096, BYTES);
	memset(f->mem, 0, BYTES);
	assert_int_equal(vring_open(&f->v, NUM, event_idx, f->mem), RC_OK);
	devring_open(&f->d, f->mem, BYTES, GPA, 0, NUM, event_idx);
	return f;
}

static void close_pair(struct fixture *f)
{
	vring_close(&f->v);
	free(f->mem);
	free(f);
}

static void add(struct fixture *f, uint64_t gpa, uint32_t len)
{
	struct vring_seg s = { gpa, len };

	assert_true(vring_add(&f->v, &s, 1, 0, 0, NULL, 0));
	vring_publish(&f->v);
}

static void test_round_trip(void **state)
{
	(void)state;
	for (int event_idx = 0; event_idx < 2; event_idx++) {
		struct fixture *f = open_pair(event_idx);
		uint32_t cookie, len;

		for (int i = 0; i < 70000; i++) {
			add(f, GPA + 0x4000, 100);
			assert_int_equal(devring_pop(&f->d, &f->c), 1);
			assert_int_equal(f->c.out, 1);
			assert_ptr_equal(f->c.iov[0].iov_base, f->mem + 0x4000);
			assert_int_equal(f->c.iov[0].iov_len, 100);
			assert_int_equal(devring_pop(&f->d, &f->c), 0);
			assert_false(vring_arm(&f->v, 1));
			devring_push(&f->d, f->c.head, 5);
			assert_int_equal(vring_used_pending(&f->v), 0);
			assert_true(devring_flush(&f->d));
			assert_int_equal(vring_get_used(&f->v, &cookie, &len), 1);
			assert_int_equal(len, 5);
			vring_mute(&f->v);
		}
		close_pair(f);
	}
}

static void test_unpop(void **state)
{
	struct fixture *f = open_pair(true);

	(void)state;
	add(f, GPA + 0x4000, 1);
	add(f, GPA + 0x5000, 2);
	assert_int_equal(devring_pop(&f->d, &f->c), 1);
	assert_int_equal(devring_pop(&f->d, &f->c), 1);
	assert_int_equal(devring_pop(&f->d, &f->c), 0);
	devring_unpop(&f->d, 2);
	/* All of it was seen before: only what is new is worth another look. */
	assert_false(devring_arm(&f->d));
	add(f, GPA + 0x6000, 3);
	assert_true(vring_need_kick(&f->v));
	assert_true(devring_arm(&f->d));
	assert_int_equal(devring_pop(&f->d, &f->c), 1);
	assert_int_equal(f->c.iov[0].iov_len, 1);
	close_pair(f);
}

static void test_muted_call(void **state)
{
	(void)state;
	for (int event_idx = 0; event_idx < 2; event_idx++) {
		struct fixture *f = open_pair(event_idx);

		vring_mute(&f->v);
		add(f, GPA + 0x4000, 1);
		assert_int_equal(devring_pop(&f->d, &f->c), 1);
		devring_push(&f->d, f->c.head, 0);
		assert_false(devring_flush(&f->d));
		assert_int_equal(vring_used_pending(&f->v), 1);
		close_pair(f);
	}
}

/* Descriptor 0 is all the driver offers; its fields are the case's. */
static int pop_of(struct vring_desc first, struct vring_desc second)
{
	struct fixture *f = open_pair(true);
	int got;

	f->v.desc[0] = first;
	f->v.desc[1] = second;
	f->v.avail->ring[0] = 0;
	f->v.avail->idx = 1;
	got = devring_pop(&f->d, &f->c);
	close_pair(f);
	return got;
}

static void test_broken_chains(void **state)
{
	const struct vring_desc good = { GPA + 0x4000, 60, 0, 0 };
	struct vring_desc d = good;

	(void)state;
	assert_int_equal(pop_of(good, good), 1);
	d.addr = GPA - 1;
	assert_int_equal(pop_of(d, good), -1);
	d.addr = GPA + BYTES - 59;
	assert_int_equal(pop_of(d, good), -1);
	d.addr = UINT64_MAX - 10;
	assert_int_equal(pop_of(d, good), -1);
	d.addr = GPA + BYTES - 60;
	assert_int_equal(pop_of(d, good), 1);

	d = good;
	d.flags = VRING_DESC_F_NEXT;
	d.next = 0; /* a loop */
	assert_int_equal(pop_of(d, good), -1);
	d.next = NUM; /* beyond the table */
	assert_int_equal(pop_of(d, good), -1);
	d.next = 1;
	assert_int_equal(pop_of(d, good), 1);
	d.flags |= VRING_DESC_F_WRITE; /* to read after to write */
	assert_int_equal(pop_of(d, good), -1);

	d = good;
	d.flags = VRING_DESC_F_INDIRECT;
	d.len = 0;
	assert_int_equal(pop_of(d, good), -1);
	d.len = 24; /* not whole descriptors */
	assert_int_equal(pop_of(d, good), -1);
	d.addr = GPA; /* a table that is itself indirect */
	d.len = 16;
	assert_int_equal(pop_of(d, good), -1);
	d.addr = GPA + 16; /* the second descriptor as the table */
	assert_int_equal(pop_of(d, good), 1);
}

static void test_broken_ring(void **state)
{
	struct fixture *f = open_pair(true);

	(void)state;
	f->v.avail->ring[0] = NUM; /* no such descriptor */
	f->v.avail->idx = 1;
	assert_int_equal(devring_pop(&f->d, &f->c), -1);
	close_pair(f);

	f = open_pair(true);
	f->v.avail->idx = NUM + 1; /* more than the ring holds */
	assert_int_equal(devring_pop(&f->d, &f->c), -1);
	close_pair(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trip),  cmocka_unit_test(test_unpop),
		cmocka_unit_test(test_muted_call),  cmocka_unit_test(test_broken_chains),
		cmocka_unit_test(test_broken_ring),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
