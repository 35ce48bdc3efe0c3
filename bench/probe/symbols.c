// SPDX-License-Identifier: GPL-2.0-only
/* Names of code addresses: symbols.h. */
#define _GNU_SOURCE
#include "symbols.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/common.h"

/* Of several names for one address: by size, then the one without underscores, then the first. */
static int by_address(const void *a, const void *b)
{
	const struct symbol *x = a, *y = b;
	size_t u, v;

	if (x->address != y->address)
		return x->address < y->address ? -1 : 1;
	if (x->size != y->size)
		return x->size > y->size ? -1 : 1;
	u = strspn(x->name, "_");
	v = strspn(y->name, "_");
	return u != v ? (u < v ? -1 : 1) : strcmp(x->name, y->name);
}

/* The compiler's suffixes, .isra.0 or .cold, differ from build to build. */
static char *plain_name(const char *name)
{
	size_t n = strcspn(name + (*name == '.'), ".") + (*name == '.');

	return strndup(name, n);
}

static bool add(struct symbols *s, uint64_t address, uint64_t size, const char *name,
		const char *object)
{
	if (s->n == s->room) {
		size_t room = s->room ? 2 * s->room : 65536;
		struct symbol *more = realloc(s->symbol, room * sizeof(*more));

		if (!more)
			return false;
		s->symbol = more;
		s->room = room;
	}
	s->symbol[s->n++] = (struct symbol){ address, size, name, object };
	return true;
}

static void add_range(struct symbols *s, uint64_t from, uint64_t to, const char *object)
{
	if (s->ranges < ARRAY_SIZE(s->range))
		s->range[s->ranges++] = (struct range){ from, to, object };
}

/* Sorted, and one name per address. */
static void finish(struct symbols *s)
{
	size_t n = 0;

	qsort(s->symbol, s->n, sizeof(*s->symbol), by_address);
	for (size_t i = 0; i < s->n; i++)
		if (!n || s->symbol[i].address != s->symbol[n - 1].address)
			s->symbol[n++] = s->symbol[i];
	s->n = n;
}

static int add_modules(struct symbols *s)
{
	FILE *f = fopen("/proc/modules", "re");
	char line[4096], name[128];
	uint64_t size, from;

	if (!f)
		return fail(RC_CANNOT, "functions: /proc/modules: %s", strerror(errno));
	while (fgets(line, sizeof(line), f))
		if (sscanf(line, "%127s %" SCNu64 " %*s %*s %*s %" SCNx64, name, &size, &from) == 3)
			add_range(s, from, from + size, strdup(name));
	fclose(f);
	return RC_OK;
}

int symbols_kernel(struct symbols *s)
{
	FILE *f = fopen("/proc/kallsyms", "re");
	uint64_t from = 0, to = 0, address;
	size_t size = 0;
	char *line = NULL;

	memset(s, 0, sizeof(*s));
	if (!f)
		return fail(RC_CANNOT, "functions: /proc/kallsyms: %s", strerror(errno));
	while (getline(&line, &size, f) > 0) {
		char name[256], object[128] = "";
		char type;

		if (sscanf(line, "%" SCNx64 " %c %255s [%127[^]]", &address, &type, name, object) <
		    3)
			continue;
		from = strcmp(name, "_text") ? from : address;
		to = strcmp(name, "_etext") ? to : address;
		if (!strchr("tTwW", type) || !address || !strncmp(name, "__pfx_", 6) ||
		    !strcmp(name, "_text") || !strcmp(name, "_etext"))
			continue;
		if (!add(s, address, 0, plain_name(name), *object ? strdup(object) : "kernel"))
			break;
	}
	free(line);
	fclose(f);
	if (!s->n)
		return fail(RC_CANNOT, "functions: /proc/kallsyms: it shows no address: run as "
				       "root, with kernel.kptr_restrict=0");
	add_range(s, from, to, "kernel");
	finish(s);
	return add_modules(s);
}

/* Whether n items of this size lie in a file, from an offset on. */
static bool within(uint64_t bytes, uint64_t offset, uint64_t n, uint64_t size)
{
	return offset <= bytes && n <= (bytes - offset) / size;
}

/* The address within a file's own numbering that a place in it is loaded to. */
static uint64_t loaded_at(const Elf64_Ehdr *e, uint64_t offset)
{
	const Elf64_Phdr *p = (const void *)((const char *)e + e->e_phoff);

	for (unsigned int i = 0; i < e->e_phnum; i++)
		if (p[i].p_type == PT_LOAD && offset >= p[i].p_offset &&
		    offset < p[i].p_offset + p[i].p_filesz)
			return offset - p[i].p_offset + p[i].p_vaddr;
	return offset;
}

/* Functions of a file in memory; what it is mapped at is added to their addresses. */
static void add_elf(struct symbols *s, const Elf64_Ehdr *e, uint64_t bytes, uint64_t from,
		    uint64_t offset, const char *object)
{
	const char *base = (const char *)e;
	const Elf64_Shdr *section = (const void *)(base + e->e_shoff);
	unsigned int kind = SHT_DYNSYM;

	if (bytes < sizeof(*e) || memcmp(e->e_ident, ELFMAG, SELFMAG) ||
	    e->e_ident[EI_CLASS] != ELFCLASS64 ||
	    !within(bytes, e->e_shoff, e->e_shnum, sizeof(*section)) ||
	    !within(bytes, e->e_phoff, e->e_phnum, sizeof(Elf64_Phdr)))
		return;
	for (unsigned int i = 0; i < e->e_shnum; i++)
		if (section[i].sh_type == SHT_SYMTAB)
			kind = SHT_SYMTAB;
	for (unsigned int i = 0; i < e->e_shnum; i++) {
		const Elf64_Sym *symbol = (const void *)(base + section[i].sh_offset);
		uint64_t n = section[i].sh_size / sizeof(*symbol);
		const Elf64_Shdr *names = &section[section[i].sh_link];

		if (section[i].sh_type != kind || section[i].sh_link >= e->e_shnum ||
		    !within(bytes, section[i].sh_offset, n, sizeof(*symbol)) ||
		    !within(bytes, names->sh_offset, names->sh_size, 1))
			continue;
		for (uint64_t j = 0; j < n; j++) {
			unsigned int type = ELF64_ST_TYPE(symbol[j].st_info);

			if ((type == STT_FUNC || type == STT_GNU_IFUNC) && symbol[j].st_value &&
			    symbol[j].st_name < names->sh_size &&
			    memchr(base + names->sh_offset + symbol[j].st_name, '\0',
				   names->sh_size - symbol[j].st_name))
				add(s, symbol[j].st_value + from - loaded_at(e, offset),
				    symbol[j].st_size,
				    plain_name(base + names->sh_offset + symbol[j].st_name),
				    object);
		}
	}
}

static void add_file(struct symbols *s, const char *path, uint64_t from, uint64_t offset,
		     const char *object)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;
	void *at;

	if (fd < 0)
		return;
	if (!fstat(fd, &st) && st.st_size > 0) {
		at = mmap(NULL, st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
		if (at != MAP_FAILED) {
			add_elf(s, at, st.st_size, from, offset, object);
			munmap(at, st.st_size);
		}
	}
	close(fd);
}

int symbols_process(struct symbols *s, pid_t pid)
{
	char path[64], line[4400], name[4200], mode[8];
	uint64_t from, to, offset;
	FILE *f;

	memset(s, 0, sizeof(*s));
	snprintf(path, sizeof(path), "/proc/%d/maps", pid);
	f = fopen(path, "re");
	if (!f)
		return fail(RC_FAIL, "functions: %s: %s", path, strerror(errno));
	while (fgets(line, sizeof(line), f)) {
		const char *object;

		if (sscanf(line, "%" SCNx64 "-%" SCNx64 " %7s %" SCNx64 " %*s %*s %4199[^\n]",
			   &from, &to, mode, &offset, name) != 5 ||
		    mode[2] != 'x')
			continue;
		object = strrchr(name, '/');
		object = strdup(object ? object + 1 : name);
		add_range(s, from, to, object);
		if (*name == '/')
			add_file(s, name, from, offset, object);
	}
	fclose(f);
	finish(s);
	return RC_OK;
}

void symbols_free(struct symbols *s)
{
	free(s->symbol);
	memset(s, 0, sizeof(*s));
}

uint64_t symbols_find(const struct symbols *s, const char *name)
{
	for (size_t i = 0; i < s->n; i++)
		if (!strcmp(s->symbol[i].name, name))
			return s->symbol[i].address;
	return 0;
}

const struct symbol *symbols_at(const struct symbols *s, uint64_t address, const char **object)
{
	size_t low = 0, high = s->n;
	const struct symbol *x;

	*object = NULL;
	for (unsigned int i = 0; i < s->ranges; i++)
		if (address >= s->range[i].from && address < s->range[i].to)
			*object = s->range[i].object;
	if (!*object || !s->n || address < s->symbol[0].address)
		return NULL;
	while (high - low > 1) {
		size_t middle = low + (high - low) / 2;

		if (s->symbol[middle].address <= address)
			low = middle;
		else
			high = middle;
	}
	x = &s->symbol[low];
	/* Code that has no name, between those that have one. */
	if (strcmp(x->object, *object) || (x->size && address >= x->address + x->size))
		return NULL;
	return x;
}
