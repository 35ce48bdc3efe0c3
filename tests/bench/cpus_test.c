// SPDX-License-Identifier: GPL-2.0-only
/* Lists of processors: what is read, what is refused, and which processor a role has. */
#define _GNU_SOURCE
#include <stdarg.h>
#include <setjmp.h>
#include <string.h>
#include <cmocka.h>

#undef fail /* cmocka names a macro so, the bench a function */

#include "lib/cpus.h"

static void test_lists(void **state)
{
	struct cpus c;
	char text[400];

	(void)state;
	assert_int_equal(cpus_parse(&c, "list", "2,4-6,0"), RC_OK);
	cpus_text(&c, text, sizeof(text));
	assert_string_equal(text, "2,4,5,6,0");
	assert_true(cpus_have(&c, 0) && cpus_have(&c, 5) && !cpus_have(&c, 3));
}

static void test_refused(void **state)
{
	static const char *const bad[] = { "",	 ",",	"1,",  "a",    "1,,2", "3-1",	"1-",
					   "-1", "1 2", "1,1", "0-99", "0x1",  "99999", "1,2,0-1" };
	struct cpus c;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_int_equal(cpus_parse(&c, "list", bad[i]), RC_USAGE);
}

/* Of a short list the last one has what is left. */
static void test_roles(void **state)
{
	const struct cpus one = { 1, { 7 } }, two = { 2, { 7, 3 } }, more = { 4, { 7, 3, 5, 9 } };

	(void)state;
	assert_int_equal(cpus_of(&one, CPU_GUEST), 7);
	assert_int_equal(cpus_of(&one, CPU_FAR_END), 7);
	assert_int_equal(cpus_of(&two, CPU_SERVER), 3);
	assert_int_equal(cpus_of(&two, CPU_FAR_END), 3);
	assert_int_equal(cpus_of(&more, CPU_FAR_END), 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lists),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_roles),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
