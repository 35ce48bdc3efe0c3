// SPDX-License-Identifier: GPL-2.0-only
/* Appends whole lines to a results file, or nothing at all. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "results.h"

static bool complain(const char *path, const char *what)
{
	const char *cure = "make it writable, or choose another --out";

	if (errno == ENOSPC || errno == EDQUOT)
		cure = "free some space, then continue with --resume --out and this folder; "
		       "finished points are kept";
	fprintf(stderr, "vhostlab: results: %s: %s: %s: %s\n", path, what, strerror(errno), cure);
	return false;
}

/* Length of the file up to and including its last end of line, or -1. */
static off_t whole_length(int fd, off_t size)
{
	char block[4096];

	while (size > 0) {
		size_t n = size < (off_t)sizeof(block) ? (size_t)size : sizeof(block);
		ssize_t got = pread(fd, block, n, size - n);
		char *last;

		if (got != (ssize_t)n)
			return -1;
		last = memrchr(block, '\n', n);
		if (last)
			return size - n + (last - block) + 1;
		size -= n;
	}
	return 0;
}

bool results_open(struct results *results, const char *path)
{
	struct stat st;
	off_t whole;

	results->path = path;
	results->fd = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
	if (results->fd < 0)
		return complain(path, "cannot be opened");
	if (fstat(results->fd, &st))
		return complain(path, "cannot be examined");
	if (!S_ISREG(st.st_mode))
		return true;
	whole = whole_length(results->fd, st.st_size);
	if (whole < 0 || (whole < st.st_size && ftruncate(results->fd, whole)))
		return complain(path, "its half-written last line cannot be cut off");
	return true;
}

bool results_append(struct results *results, json_t *object)
{
	char *text = json_dumps(object, JSON_COMPACT | JSON_REAL_PRECISION(12));
	size_t length = text ? strlen(text) : 0, written = 0;
	struct stat st;
	int error;

	if (!text || fstat(results->fd, &st)) {
		free(text);
		errno = text ? errno : ENOMEM;
		return complain(results->path, "cannot be extended");
	}
	text[length++] = '\n'; /* in place of the NUL */
	while (written < length) {
		ssize_t n = write(results->fd, text + written, length - written);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		written += n;
	}
	/* EINVAL: a device such as /dev/full or a pipe has nothing to wait for. */
	if (written == length && (!fsync(results->fd) || errno == EINVAL)) {
		free(text);
		return true;
	}
	error = errno;
	free(text);
	if (S_ISREG(st.st_mode) && ftruncate(results->fd, st.st_size))
		fprintf(stderr,
			"vhostlab: results: %s: half a line may be left: it will not be counted\n",
			results->path);
	errno = error;
	return complain(results->path, "cannot be extended");
}
