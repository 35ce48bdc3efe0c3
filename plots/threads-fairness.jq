# SPDX-License-Identifier: GPL-2.0-only
# What the guest that got least had of what the one got that got most, against the number of guests.
include "scaling-panels";
map(select(.guests > 1)) | by_guests(""; .min_max) | emit(models)
