// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a server or a tool needs is missing for all of its points or for none, so
 * that a line for each would say the same hundreds of times. verdicts.jsonl has
 * one for each all the same.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "skips.h"

/* More reasons than this differ by what they name; the others are only counted. */
#define MAX_REASONS 20

static struct skip {
	char *reason;
	char servers[120]; /* joined by commas */
	long count;
} skips[MAX_REASONS];
static int reasons;
static long others;

static bool has_word(const char *list, const char *word)
{
	size_t n = strlen(word);

	for (const char *at = list; (at = strstr(at, word)); at += n)
		if ((at == list || at[-1] == ' ') && (!at[n] || at[n] == ','))
			return true;
	return false;
}

void skips_note(const char *reason, const char *server)
{
	struct skip *skip = skips;

	while (skip < skips + reasons && strcmp(skip->reason, reason))
		skip++;
	if (skip == skips + reasons) {
		char *copy = reasons < MAX_REASONS ? strdup(reason) : NULL;

		if (!copy) {
			others++;
			return;
		}
		*skip = (struct skip){ .reason = copy };
		reasons++;
	}
	skip->count++;
	if (!has_word(skip->servers, server)) {
		size_t used = strlen(skip->servers);

		snprintf(skip->servers + used, sizeof(skip->servers) - used, "%s%s",
			 used ? ", " : "", server);
	}
}

void skips_say(void)
{
	static const char own[] = "vhostlab: ";

	for (struct skip *skip = skips; skip < skips + reasons; skip++) {
		const char *reason = skip->reason;

		/* A point is a program of its own, which says its name. */
		if (!strncmp(reason, own, sizeof(own) - 1))
			reason += sizeof(own) - 1;
		fprintf(stderr, "vhostlab: sweep: %ld measurement%s skipped (%s): %s\n",
			skip->count, skip->count == 1 ? "" : "s", skip->servers, reason);
	}
	if (others)
		fprintf(stderr,
			"vhostlab: sweep: %ld measurements skipped for more reasons: see "
			"verdicts.jsonl\n",
			others);
}
