// SPDX-License-Identifier: GPL-2.0-only
/*
 * progress: turns the @ lines of walk into progress with elapsed and remaining
 * time: a bar as wide as the terminal, redrawn every second, when stderr is one,
 * plain lines when it is not; all other lines pass. It reads outside the lab VM,
 * because inside the instruction clock does not show how long people wait.
 *
 *	progress [PACE [KEPT]]	PACE is what plan --pace printed, KEPT a file for the
 *				times that were measured
 *	progress --left PACE [KEPT]	only prints the seconds the whole sweep takes
 */
#include <math.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "pace.h"

#define BAR_MAX 40
#define BAR_MIN 10

static bool terminal;
static bool drawn; /* a progress line stands under the cursor */
static double began;

/* What runs: number 0 is the start, before the first measurement. */
static struct {
	long step, of;
	double since;
	bool running;
	char label[400];
} at = { .running = true, .label = "starting" };

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec * 1e-9;
}

static int columns(void)
{
	const char *given = getenv("COLUMNS");
	struct winsize size;

	if (given && atoi(given) > 0)
		return atoi(given);
	if (!ioctl(2, TIOCGWINSZ, &size) && size.ws_col)
		return size.ws_col;
	return 80;
}

static void clear_line(void)
{
	if (drawn)
		fputs("\r\033[K", stderr);
	drawn = false;
}

/* One line that fits, the last column free: some terminals begin a new line after it. */
static void draw(const char *numbers, double elapsed, double left)
{
	int room = columns() - 1, bar, full;
	char line[1000];

	bar = room - (int)strlen(numbers) - 3;
	if (bar > room / 3)
		bar = room / 3;
	if (bar > BAR_MAX)
		bar = BAR_MAX;
	full = left >= 0 && elapsed + left > 0 ? (int)(bar * elapsed / (elapsed + left)) : 0;
	if (bar >= BAR_MIN)
		snprintf(line, sizeof(line), "[%.*s%*s] %s, %s", full,
			 "########################################", bar - full, "", numbers,
			 at.label);
	else
		snprintf(line, sizeof(line), "%s, %s", numbers, at.label);
	clear_line();
	fprintf(stderr, "%.*s", room, line);
	drawn = true;
}

/* @done: measurements behind us, made or not. */
static void show(long done)
{
	double elapsed = now() - began;
	/* Of a step that has ended nothing is left. */
	double left = pace_left(at.step, at.running ? now() - at.since : HUGE_VAL);
	char numbers[120], remaining[40] = "unknown";
	long e = (long)elapsed, l = (long)(left + 0.5);

	if (left >= 0)
		snprintf(remaining, sizeof(remaining), "%ld:%02ld", l / 60, l % 60);
	snprintf(numbers, sizeof(numbers), "[%ld/%ld] elapsed %ld:%02ld, remaining %s", done, at.of,
		 e / 60, e % 60, remaining);
	if (terminal)
		draw(numbers, elapsed, left);
	else
		fprintf(stderr, "%s, %.70s\n", numbers, at.label);
	fflush(stderr);
}

static void begins(long step, long of, const char *label)
{
	at.step = step;
	at.of = of;
	at.since = now();
	at.running = true;
	snprintf(at.label, sizeof(at.label), "%s", label);
	if (terminal)
		show(step - 1);
}

static void ends(long step, long of, const char *label, enum pace_end end)
{
	if (at.running && at.step == step)
		pace_measured(step, now() - at.since, end);
	at.step = step;
	at.of = of;
	at.running = false;
	snprintf(at.label, sizeof(at.label), "%s", label);
}

static void read_line(char *line)
{
	char label[400];
	long step, of;

	if (sscanf(line, "@start %ld %ld %399[^\n]", &step, &of, label) == 3) {
		begins(step, of, label);
	} else if (sscanf(line, "@end %ld %ld %399[^\n]", &step, &of, label) == 3) {
		ends(step, of, label, PACE_WHOLE);
		show(step);
	} else if (sscanf(line, "@skip %ld %ld %399[^\n]", &step, &of, label) == 3) {
		ends(step, of, label, PACE_SKIPPED);
		show(step);
	} else if (sscanf(line, "@bad %ld %ld %399[^\n]", &step, &of, label) == 3) {
		ends(step, of, label, PACE_SPOILED);
		clear_line();
		fprintf(stderr, "vhostlab: point %ld of %ld: %s\n", step, of, label);
	} else if (!strncmp(line, "@done ", 6)) {
		at.running = false;
		clear_line();
		fprintf(stderr, "points: %s\n", line + 6);
	} else {
		clear_line();
		fprintf(stderr, "%s\n", line);
	}
}

/* A second without a line moves the times on. */
static void wait_for_line(void)
{
	struct pollfd in = { .fd = 0, .events = POLLIN };

	while (terminal && !poll(&in, 1, 1000))
		if (at.running && at.of)
			show(at.step ? at.step - 1 : 0);
}

int main(int argc, char **argv)
{
	bool only_left = argc > 1 && !strcmp(argv[1], "--left");
	char **files = argv + (only_left ? 2 : 1), *line = NULL;
	size_t size = 0;

	/* Ctrl-C reaches us too; the end of the input is what ends us. */
	signal(SIGINT, SIG_IGN);
	signal(SIGTERM, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	if (files[0])
		at.of = pace_read(files[0]);
	if (files[0] && files[1])
		pace_remember(files[1]);
	if (only_left) {
		printf("%.0f\n", pace_left(-1, 0));
		return 0;
	}
	terminal = isatty(2);
	/* A line is read when poll() has seen it: none may wait in a buffer. */
	setvbuf(stdin, NULL, _IONBF, 0);
	began = at.since = now();
	while (wait_for_line(), getline(&line, &size, stdin) > 0) {
		/* A serial port of a machine may add a carriage return. */
		line[strcspn(line, "\r\n")] = '\0';
		read_line(line);
	}
	clear_line();
	if (at.running && at.step)
		fprintf(stderr, "vhostlab: sweep: it ended during this point: %s\n", at.label);
	if (files[0] && files[1])
		pace_keep(files[1]);
	free(line);
	return 0;
}
