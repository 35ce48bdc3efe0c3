// SPDX-License-Identifier: GPL-2.0-only
/* Calls: see call.h. */
#include "call.h"

/* __vhl_call(), not inlined. */
void vhl_call(struct vhl_vq *vq, bool send, enum vhl_call_reason why)
{
	__vhl_call(vq, send, why);
}
