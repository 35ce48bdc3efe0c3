// SPDX-License-Identifier: GPL-2.0-only
/*
 * records keep DIR          outside the lab VM: makes files in DIR of the records on stdin
 * records send FILE NAME... inside: sends files to the port that $VHOSTLAB_RECORDS names
 *
 * keep ends with 1 at the first record that is not right, that repeats a
 * measurement, or that cannot be stored: the sweep ends then. A record that the
 * end of the VM cuts off is as if it had never begun.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lines.h"
#include "records.h"
#include "results.h"

static const char *const line_files[] = { "points.jsonl", "control.jsonl", "verdicts.jsonl" };
#define LINE_FILES   3
#define VERDICT_FILE 2

struct keeper {
	const char *dir;
	char path[LINE_FILES][4200];
	struct results file[LINE_FILES];
	json_t *known; /* measurements that are there */
};

static bool damaged(const char *what)
{
	fprintf(stderr,
		"vhostlab: results: what came from the lab VM is damaged: %s: what was stored "
		"before it is whole; go on with --resume\n",
		what);
	return false;
}

static bool cannot(const char *path)
{
	fprintf(stderr,
		"vhostlab: results: %s: %s: free some space or make it writable, then continue "
		"with --resume --out and this folder; finished points are kept\n",
		path, strerror(errno));
	return false;
}

/* 1: read, 0: the stream ended before, -1: the bytes are others than were sent. */
static int get_hash(uint64_t hash)
{
	char text[32], want[32];
	size_t n = fread(text, 1, 17, stdin);

	snprintf(want, sizeof(want), "%016" PRIx64 "\n", hash);
	if (n < 17)
		return 0;
	return memcmp(text, want, 17) ? -1 : 1;
}

/* The next three are: 1 stored, 0 cut off, -1 ended after one line on stderr. */
static int keep_line(struct keeper *k, const char *name, long long length)
{
	char *text = length <= RECORD_LINE_MAX ? malloc(length + 1) : NULL;
	int which = 0, got = 0;
	json_t *object = NULL;
	const char *wrong;

	while (which < LINE_FILES && strcmp(line_files[which], name))
		which++;
	if (which == LINE_FILES || !text) {
		free(text);
		damaged("a line for no file, or too long");
		return -1;
	}
	if (fread(text, 1, length, stdin) == (size_t)length)
		got = get_hash(records_hash(RECORD_HASH, text, length));
	text[length] = '\0';
	if (got < 0)
		damaged("a line is not the one that was sent");
	if (got <= 0)
		goto out;
	got = -1;
	wrong = line_check(text, length, which != VERDICT_FILE ? k->known : NULL, &object);
	if (wrong)
		damaged(wrong);
	else if ((k->file[which].fd >= 0 || results_open(&k->file[which], k->path[which])) &&
		 results_append(&k->file[which], object))
		got = 1;
out:
	json_decref(object);
	free(text);
	return got;
}

static int keep_file(struct keeper *k, const char *name, long long length)
{
	char path[4400], fresh[4410], block[16384];
	uint64_t hash = RECORD_HASH;
	int got = 0, fd;

	snprintf(path, sizeof(path), "%s/raw", k->dir);
	if (!strncmp(name, "raw/", 4) && mkdir(path, 0777) && errno != EEXIST)
		return cannot(path) - 1;
	snprintf(path, sizeof(path), "%s/%s", k->dir, name);
	snprintf(fresh, sizeof(fresh), "%s.new", path);
	fd = open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (fd < 0)
		return cannot(fresh) - 1;
	while (length > 0) {
		size_t want = length < (long long)sizeof(block) ? (size_t)length : sizeof(block);
		size_t n = fread(block, 1, want, stdin);

		hash = records_hash(hash, block, n);
		length -= n;
		if (n && write(fd, block, n) != (ssize_t)n) {
			cannot(fresh);
			got = -1;
			break;
		}
		if (n < want)
			break;
	}
	if (!length && !got)
		got = get_hash(hash);
	if (got > 0 && fsync(fd)) {
		cannot(fresh);
		got = -1;
	} else if (got < 0 && !length) {
		damaged(name);
	}
	close(fd);
	/* The file appears whole or not at all. */
	if (got > 0 && rename(fresh, path))
		got = cannot(path) - 1;
	if (got <= 0)
		unlink(fresh);
	return got;
}

static int keep_record(struct keeper *k)
{
	char header[RECORD_HEADER_MAX], kind[8], name[256];
	long long length;
	size_t n;

	if (!fgets(header, sizeof(header), stdin))
		return 0;
	n = strlen(header);
	if (header[n - 1] != '\n') {
		if (feof(stdin))
			return 0;
		damaged("its beginning is too long");
		return -1;
	}
	header[n - 1] = '\0';
	if (sscanf(header, "record %7s %lld %255s", kind, &length, name) != 3 || length < 0 ||
	    !records_name_good(name)) {
		damaged("a record does not begin as one");
		return -1;
	}
	if (!strcmp(kind, "append"))
		return keep_line(k, name, length);
	if (!strcmp(kind, "file"))
		return keep_file(k, name, length);
	damaged("a record of no known kind");
	return -1;
}

static int keep(const char *dir)
{
	struct keeper k = { .dir = dir, .known = json_object() };
	int got;

	/* Ctrl-C reaches us, too; the end of the stream is what ends us. */
	signal(SIGINT, SIG_IGN);
	signal(SIGTERM, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	for (int i = 0; i < LINE_FILES; i++) {
		snprintf(k.path[i], sizeof(k.path[i]), "%s/%s", dir, line_files[i]);
		k.file[i].fd = -1;
		if (access(k.path[i], F_OK))
			continue;
		/* Cuts off what a crash left of a last line, so that all are whole. */
		if (!results_open(&k.file[i], k.path[i]))
			return 1;
		if (i != VERDICT_FILE && !lines_read(k.path[i], k.known, false))
			return 1;
	}
	do
		got = keep_record(&k);
	while (got > 0);
	json_decref(k.known);
	return got < 0;
}

static int send_files(char **words, int count)
{
	const char *port = getenv("VHOSTLAB_RECORDS");
	int fd;

	if (!port) {
		fprintf(stderr, "vhostlab: records: there is no port: run it in the lab VM\n");
		return 2;
	}
	fd = records_open(port);
	if (fd < 0)
		return 1;
	for (int i = 0; i < count; i += 2)
		if (!records_file(fd, words[i + 1], words[i]))
			return 1;
	return close(fd) ? 1 : 0;
}

int main(int argc, char **argv)
{
	if (argc == 3 && !strcmp(argv[1], "keep"))
		return keep(argv[2]);
	if (argc >= 4 && argc % 2 == 0 && !strcmp(argv[1], "send"))
		return send_files(argv + 2, argc - 2);
	fputs("usage: records keep DIR < RECORDS\n       records send FILE NAME [FILE NAME]...\n",
	      stderr);
	return 2;
}
