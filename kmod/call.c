// SPDX-License-Identifier: GPL-2.0-only
#include "call.h"

/* The same, not inlined. */
void vhl_call(struct vhl_vq *vq, bool send, enum vhl_call_reason why)
{
	__vhl_call(vq, send, why);
}
