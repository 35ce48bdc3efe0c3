// SPDX-License-Identifier: GPL-2.0-only
/* Parameters of the module: written for one device, then put back. */
#include "knobs.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define PARAMETERS "/sys/module/vhostlab_net/parameters"

static void path_of(char *path, size_t size, const struct knob *k)
{
	snprintf(path, size, PARAMETERS "/%s", k->name);
}

static int read_text(const char *path, char *text, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return -1;
	n = read(fd, text, size - 1);
	close(fd);
	if (n < 0)
		return -1;
	text[n] = '\0';
	text[strcspn(text, "\n")] = '\0';
	return 0;
}

int knobs_apply(struct knob_state *k, const struct options *o)
{
	char path[256];

	memset(k, 0, sizeof(*k));
	k->o = o;
	for (unsigned int i = 0; i < o->module_knobs; i++) {
		const struct knob *knob = &o->module_knob[i];

		path_of(path, sizeof(path), knob);
		if (read_text(path, k->before[i], sizeof(k->before[i])))
			return fail(RC_USAGE,
				    "unknown knob: %s: vhostlab_net has no such parameter",
				    knob->name);
		if (write_text(path, knob->value))
			return fail(RC_USAGE, "bad knob: %s=%s: the module refuses it: %s",
				    knob->name, knob->value, strerror(errno));
		k->applied++;
	}
	return RC_OK;
}

int knobs_restore(struct knob_state *k)
{
	int rc = RC_OK;
	char path[256];

	/* Backwards, as the same knob may have been given twice. */
	while (k->applied) {
		unsigned int i = --k->applied;

		path_of(path, sizeof(path), &k->o->module_knob[i]);
		if (write_text(path, k->before[i]))
			rc = fail(RC_FAIL, "knob not restored: %s: %s", path, strerror(errno));
	}
	return rc;
}
