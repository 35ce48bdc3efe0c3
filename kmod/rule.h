/* SPDX-License-Identifier: GPL-2.0-only */
/* Broken rules: counted per queue, traced, and signalled to the client. See counters.h. */
#ifndef VHOSTLAB_RULE_H
#define VHOSTLAB_RULE_H

#include "vhostlab.h"

int vhl_rule_broken(struct vhl_vq *vq, enum vhl_rule rule);

#endif /* VHOSTLAB_RULE_H */
