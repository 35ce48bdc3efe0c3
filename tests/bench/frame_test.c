// SPDX-License-Identifier: GPL-2.0-only
/* Numbered frames: every single changed byte, wrong number or length is noticed. */
#include <stdarg.h>
#include <setjmp.h>
#include <string.h>
#include <cmocka.h>

#undef fail /* cmocka names a macro so, the bench a function */

#include "lib/frame.h"

static char frame[65536];

static void test_every_byte_counts(void **state)
{
	static const unsigned int sizes[] = { 60, 61, 67, 1514 };

	(void)state;
	for (size_t s = 0; s < ARRAY_SIZE(sizes); s++) {
		unsigned int size = sizes[s];

		frame_fill(frame, size, tap_mac, guest_mac, 42);
		assert_true(frame_intact(frame, size, size, tap_mac, guest_mac, 42));
		for (unsigned int i = 0; i < size; i++) {
			frame[i] ^= 1;
			assert_false(frame_intact(frame, size, size, tap_mac, guest_mac, 42));
			frame[i] ^= 1;
		}
		assert_false(frame_intact(frame, size, size, tap_mac, guest_mac, 43));
		assert_false(frame_intact(frame, size - 1, size, tap_mac, guest_mac, 42));
		assert_false(frame_intact(frame, size, size, guest_mac, tap_mac, 42));
	}
}

static void test_largest(void **state)
{
	uint64_t seq;

	(void)state;
	frame_fill(frame, 65535, guest_mac, tap_mac, FRAME_REPLY | 7);
	assert_true(frame_number(frame, 65535, &seq));
	assert_true(seq == (FRAME_REPLY | 7));
	assert_true(frame_intact(frame, 65535, 65535, guest_mac, tap_mac, FRAME_REPLY | 7));
	frame[65534] ^= 0x80;
	assert_false(frame_intact(frame, 65535, 65535, guest_mac, tap_mac, FRAME_REPLY | 7));
}

static void test_foreign(void **state)
{
	uint64_t seq;

	(void)state;
	memset(frame, 0, sizeof(frame));
	assert_false(frame_number(frame, 60, &seq));
	frame_fill(frame, 60, tap_mac, guest_mac, 1);
	assert_false(frame_number(frame, 21, &seq));
}

/* The Internet checksum over data that contains its own is 0xffff before inversion. */
static unsigned int sum_over(const char *data, unsigned int len)
{
	const unsigned char *p = (const unsigned char *)data;
	uint32_t sum = 0;

	for (unsigned int i = 0; i < len; i++)
		sum += i & 1 ? p[i] : p[i] << 8;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return sum;
}

static void test_echo_checksums(void **state)
{
	static const unsigned int sizes[] = { 60, 61, 1500 };

	(void)state;
	for (size_t s = 0; s < ARRAY_SIZE(sizes); s++) {
		frame_echo_request(frame, sizes[s], 0);
		assert_int_equal(sum_over(frame + 14, 20), 0xffff);
		for (uint64_t seq = 0; seq < 70000; seq += 13) {
			frame_echo_number(frame, seq);
			assert_int_equal(sum_over(frame + 34, sizes[s] - 34), 0xffff);
		}
	}
}

static void test_echo_reply(void **state)
{
	(void)state;
	frame_echo_request(frame, 60, 9);
	assert_false(frame_echo_reply(frame, 9)); /* a request is no answer */
	memcpy(frame, guest_mac, 6);
	frame[34] = 0; /* type: echo reply */
	assert_true(frame_echo_reply(frame, 9));
	assert_false(frame_echo_reply(frame, 10));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_byte_counts), cmocka_unit_test(test_largest),
		cmocka_unit_test(test_foreign),		  cmocka_unit_test(test_echo_checksums),
		cmocka_unit_test(test_echo_reply),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
