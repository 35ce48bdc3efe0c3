// SPDX-License-Identifier: GPL-2.0-only
/*
 * flame: call chains (text of `perf script -F comm,pid,tid,time,ip,sym`) into
 * one self-contained SVG. A box is a function, as wide as its share of the
 * samples, above the function that called it; siblings stand in the order of
 * their names, so that two pictures can be compared.
 */
#include <ctype.h>
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_DEPTH 96
#define MARGIN	  10.0
#define ROW	  18
#define LINE	  20 /* of the title */
#define LEAST	  200 /* and the most pixels a picture may be wide */
#define MOST	  10000
#define NARROW	  600 /* titles are smaller there */
#define LETTER	  6.7 /* width of one in the boxes */
#define SMALLEST  0.4 /* narrower boxes are left out */

struct node {
	char *name;
	unsigned long samples;
	struct node *child, *next;
};

struct picture {
	const char *title; /* lines */
	unsigned int width, head;
	unsigned int colour[3];
	unsigned long samples;
	unsigned int depth; /* of the boxes that are wide enough */
};

static void *must(void *p)
{
	if (p)
		return p;
	fputs("vhostlab: flame: out of memory: close other programs\n", stderr);
	exit(1);
}

/* The child of that name, made where its name puts it. */
static struct node *child_of(struct node *parent, const char *name)
{
	struct node **at = &parent->child, *n;
	int order = 1;

	while (*at && (order = strcmp((*at)->name, name)) < 0)
		at = &(*at)->next;
	if (*at && !order)
		return *at;
	n = must(calloc(1, sizeof(*n)));
	n->name = must(strdup(name));
	n->next = *at;
	*at = n;
	return n;
}

/* One sample: the task's name without its number, then the chain from its outermost function. */
static void add(struct node *root, const char *task, char *const *chain, int depth)
{
	struct node *n = child_of(root, task);

	root->samples++;
	n->samples++;
	while (depth--) {
		n = child_of(n, chain[depth]);
		n->samples++;
	}
}

static void task_name(char *to, size_t size, const char *line)
{
	size_t n = strcspn(line, " \t\n");

	while (n && isdigit((unsigned char)line[n - 1]))
		n--;
	if (n && line[n - 1] == '-')
		n--;
	snprintf(to, size, "%.*s", (int)n, line);
}

/* The function of a line "  ADDRESS NAME"; one box where there are no symbols. */
static char *frame_name(char *line)
{
	char *name = line + strspn(line, " \t");

	name += strcspn(name, " \t\n");
	name += strspn(name, " \t");
	name[strcspn(name, " \t\n")] = '\0';
	return strdup(*name ? name : "[unknown]");
}

static bool in_kernel(const char *line)
{
	return !strncmp(line + strspn(line, " \t"), "ffff", 4);
}

static bool is_zero(const char *line)
{
	return !strtoull(line, NULL, 16);
}

static void read_chains(struct node *root, FILE *file)
{
	char *chain[MAX_DEPTH], task[64] = "", *line = NULL;
	size_t size = 0;
	ssize_t got;
	int depth = 0, user = 0;

	do {
		got = getline(&line, &size, file);
		if (got > 1 && isspace((unsigned char)*line)) {
			/*
			 * Without frame pointers the callers in user space are a guess, so only its innermost
			 * function is taken; of a kernel thread nothing is left there but address 0.
			 */
			if (!in_kernel(line) && user++)
				continue;
			if (!in_kernel(line) && depth && is_zero(line))
				continue;
			if (depth < MAX_DEPTH)
				chain[depth++] = must(frame_name(line));
			continue;
		}
		if (*task && depth)
			add(root, task, chain, depth);
		while (depth)
			free(chain[--depth]);
		*task = '\0';
		user = 0;
		if (got > 1)
			task_name(task, sizeof(task), line);
	} while (got > 0);
	free(line);
}

static double width_of(const struct picture *p, unsigned long samples)
{
	return (p->width - 2 * MARGIN) * samples / p->samples;
}

static void measure(struct picture *p, const struct node *n, unsigned int level)
{
	if (width_of(p, n->samples) < SMALLEST)
		return;
	if (level + 1 > p->depth)
		p->depth = level + 1;
	for (n = n->child; n; n = n->next)
		measure(p, n, level + 1);
}

static void put_text(const char *text, int most)
{
	for (; *text && most; text++, most--) {
		if (*text == '<')
			fputs("&lt;", stdout);
		else if (*text == '>')
			fputs("&gt;", stdout);
		else if (*text == '&')
			fputs("&amp;", stdout);
		else
			putchar(*text);
	}
}

/* The server's colour, lighter by an amount that the name decides. */
static void put_colour(const struct picture *p, const char *name)
{
	unsigned int hash = 2166136261u;
	double light;

	for (; *name; name++)
		hash = (hash ^ (unsigned char)*name) * 16777619u;
	light = 0.35 + (hash >> 8) % 1000 / 1000.0 * 0.4;
	putchar('#');
	for (int i = 0; i < 3; i++)
		printf("%02x", (unsigned int)(p->colour[i] + (255 - p->colour[i]) * light));
}

static void draw(const struct picture *p, const struct node *n, unsigned int level, double x)
{
	double width = width_of(p, n->samples);
	unsigned int y = p->head + (p->depth - 1 - level) * ROW;
	int room = (int)((width - 6) / LETTER), length = strlen(n->name);

	if (width < SMALLEST)
		return;
	fputs("<g><title>", stdout);
	put_text(n->name, -1);
	printf(": %lu samples, %.2f %%</title><rect x=\"%.2f\" y=\"%u\" width=\"%.2f\" "
	       "height=\"%d\" "
	       "fill=\"",
	       n->samples, 100.0 * n->samples / p->samples, x, y, width > 0.8 ? width - 0.4 : width,
	       ROW - 1);
	put_colour(p, n->name);
	fputs("\"/>", stdout);
	if (room >= 3) {
		printf("<text x=\"%.2f\" y=\"%u\">", x + 3, y + ROW - 5);
		put_text(n->name, length <= room ? length : room - 2);
		fputs(length <= room ? "</text>" : "..</text>", stdout);
	}
	fputs("</g>\n", stdout);
	for (const struct node *c = n->child; c; c = c->next) {
		draw(p, c, level + 1, x);
		x += width_of(p, c->samples);
	}
}

static void picture(struct picture *p, const struct node *root)
{
	unsigned int height, y = LINE;
	const char *line = p->title;

	for (p->head = 2 * LINE + 12; (line = strchr(line, '\n')); line++)
		p->head += LINE;
	measure(p, root, 0);
	height = p->head + p->depth * ROW + 14;
	printf("<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%u\" height=\"%u\" "
	       "viewBox=\"0 0 %u %u\" font-family=\"DejaVu Sans Mono, monospace\" "
	       "font-size=\"11\">\n"
	       "<!-- SPDX-License-Identifier: GPL-2.0-only -->\n"
	       "<rect width=\"100%%\" height=\"100%%\" fill=\"white\"/>\n",
	       p->width, height, p->width, height);
	for (line = p->title; line; y += LINE) {
		printf("<text x=\"%u\" y=\"%u\" text-anchor=\"middle\" font-size=\"%d\" "
		       "font-family=\"DejaVu Sans, sans-serif\">",
		       p->width / 2, y, p->width < NARROW ? 12 : 15);
		put_text(line, strcspn(line, "\n"));
		puts("</text>");
		line = strchr(line, '\n');
		if (line)
			line++;
	}
	printf("<text x=\"%u\" y=\"%u\" text-anchor=\"middle\" fill=\"#444444\" "
	       "font-family=\"DejaVu Sans, sans-serif\">width: share of %lu samples; above a "
	       "function what it calls</text>\n",
	       p->width / 2, y, p->samples);
	draw(p, root, 0, MARGIN);
	fputs("</svg>\n", stdout);
}

static int usage(void)
{
	fputs("usage: flame --title TEXT --colour '#rrggbb' [--width PIXELS] FILE > SVG\n", stderr);
	return 2;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "title", required_argument, NULL, 't' },
		{ "colour", required_argument, NULL, 'c' },
		{ "width", required_argument, NULL, 'w' },
		{},
	};
	struct picture p = { .title = "", .width = 1200 };
	struct node root = { .name = "all" };
	bool coloured = false;
	FILE *file;
	int opt;

	while ((opt = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (opt == 't')
			p.title = optarg;
		else if (opt == 'c')
			coloured = sscanf(optarg, "#%2x%2x%2x", &p.colour[0], &p.colour[1],
					  &p.colour[2]) == 3;
		else if (opt != 'w' || sscanf(optarg, "%u", &p.width) != 1 || p.width < LEAST ||
			 p.width > MOST)
			return usage();
	}
	if (optind + 1 != argc || !coloured)
		return usage();
	file = fopen(argv[optind], "r");
	if (!file) {
		fprintf(stderr,
			"vhostlab: flame: %s: it cannot be read: name a file of call chains\n",
			argv[optind]);
		return 1;
	}
	read_chains(&root, file);
	fclose(file);
	if (!root.samples) {
		fprintf(stderr, "vhostlab: flame: %s: no call chain in it: record it again\n",
			argv[optind]);
		return 1;
	}
	p.samples = root.samples;
	picture(&p, &root);
	return fflush(stdout) || ferror(stdout);
}
