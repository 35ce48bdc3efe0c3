/* SPDX-License-Identifier: GPL-2.0-only */
/* Why measurements were skipped: each reason is said once, with how many it holds for. */
#ifndef WALK_SKIPS_H
#define WALK_SKIPS_H

/* One measurement of @server was skipped. */
void skips_note(const char *reason, const char *server);

/* A line on stderr for each reason. */
void skips_say(void);

#endif
