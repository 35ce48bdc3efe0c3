// SPDX-License-Identifier: GPL-2.0-only
/*
 * progress: turns the @ lines of walk into progress with elapsed and remaining
 * time, on one line that is redrawn when stderr is a terminal, on plain lines
 * when it is not; all other lines pass. It reads outside the lab VM, because
 * inside the instruction clock does not show how long people wait.
 */
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static bool terminal;
static bool drawn; /* a progress line stands under the cursor */
static double began;

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec * 1e-9;
}

static void clear_line(void)
{
	if (drawn)
		fputs("\r\033[K", stderr);
	drawn = false;
}

/* @done: points finished before; @of: in all; @here: finished since we began. */
static void show(long done, long of, long here, const char *label)
{
	long elapsed = (long)(now() - began), left = 0;
	char remaining[40] = "remaining unknown";

	if (here > 0) {
		left = (long)((now() - began) / here * (of - done) + 0.5);
		snprintf(remaining, sizeof(remaining), "remaining %ld:%02ld", left / 60, left % 60);
	}
	clear_line();
	fprintf(stderr, "[%ld/%ld] elapsed %ld:%02ld, %s, %.70s%s", done, of, elapsed / 60,
		elapsed % 60, remaining, label, terminal ? "" : "\n");
	drawn = terminal;
	fflush(stderr);
}

int main(void)
{
	char *line = NULL, label[400];
	size_t size = 0;
	long here = 0, step, of;
	char last[400] = "";
	bool running = false;

	/* Ctrl-C reaches us too; the end of the input is what ends us. */
	signal(SIGINT, SIG_IGN);
	signal(SIGTERM, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	terminal = isatty(2);
	began = now();
	while (getline(&line, &size, stdin) > 0) {
		/* A serial port of a machine may add a carriage return. */
		line[strcspn(line, "\r\n")] = '\0';
		if (sscanf(line, "@start %ld %ld %399[^\n]", &step, &of, label) == 3) {
			snprintf(last, sizeof(last), "%s", label);
			running = true;
			if (terminal)
				show(step - 1, of, here, label);
		} else if (sscanf(line, "@end %ld %ld %399[^\n]", &step, &of, label) == 3) {
			here++;
			running = false;
			show(step, of, here, label);
		} else if (sscanf(line, "@bad %ld %ld %399[^\n]", &step, &of, label) == 3) {
			here++;
			running = false;
			clear_line();
			fprintf(stderr, "vhostlab: point %ld of %ld: %s\n", step, of, label);
		} else if (!strncmp(line, "@done ", 6)) {
			running = false;
			clear_line();
			fprintf(stderr, "points: %s\n", line + 6);
		} else {
			clear_line();
			fprintf(stderr, "%s\n", line);
		}
	}
	clear_line();
	if (running)
		fprintf(stderr, "vhostlab: sweep: it ended during this point: %s\n", last);
	free(line);
	return 0;
}
