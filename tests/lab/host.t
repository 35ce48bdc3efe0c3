#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The lab VM as a bare host: a sweep with --host measures all servers there on processors of their own, and a virtual machine,
# tells work of others as noise, and leaves modules, interrupts and sysctls as they were, after SIGKILL as well. The tests are in
# host-in-vm.
set -Eeuo pipefail
# shellcheck source=tests/lib/lab.sh
source "$(dirname "$(readlink -f "$0")")/../lib/lab.sh"

need_build sweep bench
kmod/build default >&2 || skip_all 'the module cannot be built here, its reason is above'
tap_from_lab --clock wall --cpus 4 --nested --mem 3072 --no-module --timeout 580 -- tests/lab/host-in-vm
