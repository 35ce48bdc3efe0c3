# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# Where a packaged vhostlab keeps what it makes, and its name: sourced by lab/lib.sh, whose tree only
# root may write. What another version has built is not used.
export VHOSTLAB_BUILD=${VHOSTLAB_BUILD:-${XDG_CACHE_HOME:-~/.cache}/vhostlab/@VERSION@}
export VHOSTLAB_RESULTS=${VHOSTLAB_RESULTS:-${XDG_DATA_HOME:-~/.local/share}/vhostlab}
export VHOSTLAB_COMMAND=vhostlab
