// SPDX-License-Identifier: GPL-2.0-only
/* The instances of the tracepoints of trace.h. */
#include "vhostlab.h"

#define CREATE_TRACE_POINTS
#include "trace.h"
