// SPDX-License-Identifier: GPL-2.0-only
/*
 * Runs inputs of the hostile guest: replay FILE... or replay --random FIRST COUNT, which makes
 * COUNT inputs by chance, numbered from FIRST on; --write NUMBER writes one of them. Prints how many
 * ran; what is wrong aborts, and the last line then names the input.
 */
#include <sanitizer/common_interface_defs.h>
#include <signal.h>
#include <stdio.h>

#include "ring.h"

#define LONGEST 4096

static u8 bytes[LONGEST];
static char running[4096];

static void say_which(void)
{
	fprintf(stderr, "replay: %s\n", running);
}

static void aborted(int signal)
{
	say_which();
	_Exit(128 + signal);
}

/* xorshift64*, so that the same number is the same input everywhere. */
static u64 chance(u64 *state)
{
	*state ^= *state >> 12;
	*state ^= *state << 25;
	*state ^= *state >> 27;
	return *state * 2685821657736338717ULL;
}

static size_t random_input(u64 number)
{
	u64 state = (number + 1) * 0x9e3779b97f4a7c15ULL;
	size_t n = 64 + chance(&state) % (LONGEST - 64);

	for (size_t i = 0; i < n; i++)
		bytes[i] = chance(&state) >> 56;
	return n;
}

static size_t read_input(const char *name)
{
	FILE *f = fopen(name, "rb");
	size_t n;

	if (!f) {
		fprintf(stderr, "vhostlab: replay: %s: cannot be read: name an input\n", name);
		exit(2);
	}
	n = fread(bytes, 1, sizeof(bytes), f);
	fclose(f);
	return n;
}

static void one(const char *name, u64 number, size_t n)
{
	/* An own copy: AddressSanitizer sees its end. */
	u8 *copy = malloc(n ? n : 1);

	memcpy(copy, bytes, n);
	if (name)
		snprintf(running, sizeof(running), "%s", name);
	else
		snprintf(running, sizeof(running), "number %llu", (unsigned long long)number);
	LLVMFuzzerTestOneInput(copy, n);
	free(copy);
}

int main(int argc, char **argv)
{
	u64 first, count;

	signal(SIGABRT, aborted);
	__sanitizer_set_death_callback(say_which);
	if (argc == 3 && !strcmp(argv[1], "--write"))
		return fwrite(bytes, 1, random_input(strtoull(argv[2], NULL, 10)), stdout) ? 0 : 1;
	if (argc == 4 && !strcmp(argv[1], "--random")) {
		first = strtoull(argv[2], NULL, 10);
		count = strtoull(argv[3], NULL, 10);
		for (u64 i = first; i < first + count; i++)
			one(NULL, i, random_input(i));
		printf("%llu inputs\n", (unsigned long long)count);
		return 0;
	}
	if (argc < 2 || argv[1][0] == '-') {
		fprintf(stderr, "usage: replay FILE... | --random FIRST COUNT | --write NUMBER\n");
		return 2;
	}
	for (int i = 1; i < argc; i++)
		one(argv[i], 0, read_input(argv[i]));
	printf("%d inputs\n", argc - 1);
	return 0;
}
