# SPDX-License-Identifier: GPL-2.0-only
# Cost per packet against the number of guests, one curve a threading model or other server.
include "scaling-panels";
by_guests(""; .cost) | emit(models)
