// SPDX-License-Identifier: GPL-2.0-only
/* The sign test. */
#include <math.h>

#include "signs.h"

/* Of @n fair coins, the chance of @k heads or more. */
static double tail(int n, int k)
{
	double chance = pow(0.5, n), sum = 0;

	for (int i = 0; i <= n; i++) {
		if (i >= k)
			sum += chance;
		chance = chance * (n - i) / (i + 1);
	}
	return sum;
}

struct sign_test sign_test(int more, int n)
{
	/* Two-sided, as both directions are looked at: the rarer tail counts twice. */
	int far = more > n - more ? more : n - more;

	return (struct sign_test){
		.p = fmin(1, 2 * tail(n, far)),
		.least = fmin(1, 2 * pow(0.5, n)),
	};
}

int signs_needed(int tests, double level)
{
	int n = 1;

	while (n < 1000 && sign_test(n, n).p * (tests ? tests : 1) > level)
		n++;
	return n;
}
