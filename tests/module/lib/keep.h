/* SPDX-License-Identifier: GPL-2.0-only */
/* A tap, zc0, whose frames all leave by zc1, and are kept there from keep() to let_go(). */
#ifndef KEEP_H
#define KEEP_H

#include "nic.h"

void forwarding_tap(struct tap *t, unsigned int hdr_len);
int leaving(void);
void keep(void);
void let_go(void);

#endif /* KEEP_H */
