# SPDX-License-Identifier: GPL-2.0-only
# Round trips against the number of guests: median and 99th percentile, one curve a threading model or other server.
include "scaling-panels";
map(select(.workload == "rr")) | by_guests("median, "; .p50) + by_guests("99th percentile, "; .p99) | emit(models)
