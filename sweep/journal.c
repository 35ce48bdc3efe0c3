// SPDX-License-Identifier: GPL-2.0-only
/* The journal of changes to the measuring machine: see journal.h. */
#include "journal.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../bench/lib/cpus.h"

#define VALUE_MAX   4096
#define CHANGES_MAX 65536

static int complain(const char *journal)
{
	fail(RC_FAIL, "journal: %s: %s: choose another place with XDG_STATE_HOME", journal,
	     strerror(errno));
	return -2;
}

static void read_boot(char *boot, size_t size)
{
	if (!system_line(boot, size, "/proc/sys/kernel/random/boot_id"))
		snprintf(boot, size, "unknown");
}

/* The file and its name in the folder must both have reached the disk. */
static bool settle(int fd, const char *journal)
{
	char folder[VALUE_MAX];
	int dir;
	bool good;

	snprintf(folder, sizeof(folder), "%s", journal);
	dir = open(dirname(folder), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	good = dir >= 0 && !fsync(fd) && !fsync(dir);
	if (dir >= 0)
		close(dir);
	return good;
}

static int note(const char *journal, const char *line)
{
	int fd = open(journal, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	char boot[80], head[100] = "", last = '\n';
	off_t size = fd < 0 ? -1 : lseek(fd, 0, SEEK_END);
	int rc = 0;

	if (fd < 0 || size < 0)
		return complain(journal);
	if (!size) {
		read_boot(boot, sizeof(boot));
		snprintf(head, sizeof(head), "boot %s\n", boot);
	} else if (pread(fd, &last, 1, size - 1) == 1 && last != '\n') {
		/* A line that was cut off: its change was never made. */
		strcpy(head, "\n");
	}
	if (dprintf(fd, "%s%s\n", head, line) < 0 || !settle(fd, journal))
		rc = complain(journal);
	close(fd);
	return rc;
}

/* The whole of a file of one value, without its end of line. */
static bool read_value(const char *path, char *value, size_t size)
{
	return system_line(value, size, "%s", path);
}

/* In one write, as such files want it; errno says why it was refused. */
static bool write_value(const char *path, const char *value)
{
	char real[VALUE_MAX], line[VALUE_MAX + 1];
	int fd = open(system_path(real, sizeof(real), "%s", path), O_WRONLY | O_TRUNC | O_CLOEXEC);
	int length = snprintf(line, sizeof(line), "%s\n", value), error;
	bool good;

	if (fd < 0)
		return false;
	good = write(fd, line, length) == length;
	error = errno;
	close(fd);
	errno = error;
	return good;
}

int journal_set(const char *journal, const char *path, const char *value)
{
	char old[VALUE_MAX], line[3 * VALUE_MAX];

	if (!read_value(path, old, sizeof(old)) || !strcmp(old, value))
		return 0;
	snprintf(line, sizeof(line), "file %s\t%s\t%s", path, old, value);
	if (note(journal, line))
		return -2;
	return write_value(path, value) ? 1 : -1;
}

int journal_module(const char *journal, const char *name)
{
	char line[300];

	snprintf(line, sizeof(line), "module %s", name);
	return note(journal, line);
}

/* True: the change is taken back, or there is nothing to take back any more. */
static bool restore_file(char *fields)
{
	char now[VALUE_MAX], *path = strsep(&fields, "\t"), *old = strsep(&fields, "\t");

	/* Interrupts come and go, and so do processors. */
	if (!old || !read_value(path, now, sizeof(now)) || !strcmp(now, old))
		return true;
	if (write_value(path, old))
		return true;
	fail(RC_FAIL, "sweep --host: %s: %s: it was %s: set it by hand", path, strerror(errno),
	     old);
	return false;
}

static bool restore_module(const char *name)
{
	char path[300];

	if (access(system_path(path, sizeof(path), "/sys/module/%s", name), F_OK))
		return true;
	if (!syscall(SYS_delete_module, name, O_NONBLOCK) || errno == ENOENT)
		return true;
	fail(RC_FAIL, "sweep --host: module %s: %s: it stays loaded: end what uses it", name,
	     strerror(errno));
	return false;
}

static bool restore_line(const char *line)
{
	char *copy = strdup(line);
	bool good = true;

	if (copy && !strncmp(copy, "file ", 5))
		good = restore_file(copy + 5);
	else if (copy && !strncmp(copy, "module ", 7))
		good = restore_module(copy + 7);
	free(copy);
	return copy && good;
}

/* Its whole lines; *n of them. NULL where there is no journal. */
static char **read_lines(const char *journal, size_t *n)
{
	FILE *file = fopen(journal, "r");
	char **line = calloc(CHANGES_MAX, sizeof(*line)), *text = NULL;
	size_t room = 0;
	ssize_t length;

	*n = 0;
	if (!file || !line) {
		if (file)
			fclose(file);
		free(line);
		return NULL;
	}
	while (*n < CHANGES_MAX && (length = getline(&text, &room, file)) > 0) {
		if (text[length - 1] != '\n')
			break;
		text[length - 1] = '\0';
		line[(*n)++] = strdup(text);
	}
	free(text);
	fclose(file);
	return line;
}

int journal_restore(const char *journal, bool found)
{
	char boot[80], **line;
	bool same = false, *left;
	size_t n, done = 0;
	int failed = 0;

	line = read_lines(journal, &n);
	if (!line)
		return 0;
	left = calloc(n + 1, sizeof(*left));
	read_boot(boot, sizeof(boot));
	same = left && n && !strncmp(line[0], "boot ", 5) && !strcmp(line[0] + 5, boot);
	for (size_t i = n; same && i-- > 1;) {
		left[i] = !restore_line(line[i]);
		failed += left[i];
		done += !left[i];
	}
	if (found && !same)
		fprintf(stderr, "vhostlab: sweep --host: an earlier sweep ended without restoring "
				"this machine; it was booted since, so nothing is left of that\n");
	else if (found)
		fprintf(stderr,
			"vhostlab: sweep --host: an earlier sweep ended without restoring this "
			"machine: restored now, %zu changes\n",
			done);
	unlink(journal);
	for (size_t i = 0; i < n; i++) {
		if (left && left[i])
			note(journal, line[i]);
		free(line[i]);
	}
	free(line);
	free(left);
	return failed;
}
