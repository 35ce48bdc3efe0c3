// SPDX-License-Identifier: GPL-2.0-only
/* The sending side of records.h. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "records.h"

static bool complain(const char *what)
{
	fprintf(stderr,
		"vhostlab: results: %s: %s: see whether the machine outside has space and "
		"whether its sweep still runs\n",
		what, strerror(errno));
	return false;
}

uint64_t records_hash(uint64_t hash, const char *bytes, size_t length)
{
	for (size_t i = 0; i < length; i++)
		hash = (hash ^ (unsigned char)bytes[i]) * 0x100000001b3ull;
	return hash;
}

static bool part_good(const char *part)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789_.+-";

	return *part && *part != '.' && *part != '-' && !part[strspn(part, allowed)];
}

bool records_name_good(const char *name)
{
	if (strlen(name) > 200)
		return false;
	return part_good(strncmp(name, "raw/", 4) ? name : name + 4);
}

int records_open(const char *port)
{
	int fd = open(port, O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		complain(port);
	return fd;
}

static bool put(int port, const char *bytes, size_t length)
{
	while (length) {
		ssize_t n = write(port, bytes, length);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		bytes += n;
		length -= n;
	}
	return true;
}

static bool put_header(int port, const char *kind, long long length, const char *name)
{
	char header[RECORD_HEADER_MAX];
	int n = snprintf(header, sizeof(header), "record %s %lld %s\n", kind, length, name);

	return put(port, header, n);
}

static bool put_hash(int port, uint64_t hash)
{
	char trailer[32];
	int n = snprintf(trailer, sizeof(trailer), "%016" PRIx64 "\n", hash);

	return put(port, trailer, n);
}

bool records_line(int port, const char *name, const json_t *object)
{
	char *text = json_dumps(object, JSON_COMPACT | JSON_REAL_PRECISION(12));
	size_t length = text ? strlen(text) : 0;
	bool good = text && length <= RECORD_LINE_MAX && put_header(port, "append", length, name) &&
		    put(port, text, length) &&
		    put_hash(port, records_hash(RECORD_HASH, text, length));

	free(text);
	return good || complain(name);
}

bool records_file(int port, const char *name, const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	uint64_t hash = RECORD_HASH;
	char block[16384];
	long long left;
	struct stat st;

	if (fd < 0 || fstat(fd, &st)) {
		if (fd >= 0)
			close(fd);
		return complain(path);
	}
	left = st.st_size;
	if (!put_header(port, "file", left, name))
		goto bad;
	while (left > 0) {
		size_t want = left < (long long)sizeof(block) ? (size_t)left : sizeof(block);
		ssize_t n = read(fd, block, want);

		/* A file that shrinks meanwhile breaks the record, which the other side sees. */
		if (n <= 0 || !put(port, block, n))
			goto bad;
		hash = records_hash(hash, block, n);
		left -= n;
	}
	close(fd);
	return put_hash(port, hash) || complain(name);
bad:
	complain(name);
	close(fd);
	return false;
}

bool records_raw(int port, const char *folder)
{
	DIR *dir = opendir(folder);
	struct dirent *entry;
	bool good = true;

	/* Most points leave nothing, and no folder either. */
	if (!dir)
		return errno == ENOENT || complain(folder);
	while ((entry = readdir(dir))) {
		char path[4400], name[300];

		if (entry->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
		snprintf(name, sizeof(name), "raw/%s", entry->d_name);
		good = good && records_file(port, name, path);
		unlink(path);
	}
	closedir(dir);
	return good;
}
