# SPDX-License-Identifier: GPL-2.0-only
"""Makes a table of system calls per packet, by name, from the output of syscalls.bt, on stdin:
bpftrace cannot print one. Leaves out threads with few calls."""
import re
import sys

NAMES = {
    0: "read", 1: "write", 3: "close", 7: "poll", 9: "mmap", 16: "ioctl", 19: "readv",
    20: "writev", 23: "select", 24: "sched_yield", 35: "nanosleep", 44: "sendto",
    45: "recvfrom", 46: "sendmsg", 47: "recvmsg", 202: "futex", 230: "clock_nanosleep",
    232: "epoll_wait", 257: "openat", 270: "pselect6", 271: "ppoll", 281: "epoll_pwait",
    299: "recvmmsg", 307: "sendmmsg", 426: "io_uring_enter"}
LEAST_THREAD, LEAST_CALL = 0.01, 0.005

calls: dict[str, list[tuple[int, int]]] = {}
module = device = 0
for line in sys.stdin:
    found = re.match(r"@calls\[(.*), (\d+), (\d+)\]: (\d+)", line)
    if found:
        thread = f"{found[1]:<16} {found[2]:>8}"
        calls.setdefault(thread, []).append((int(found[3]), int(found[4])))
    # Frames: those of the module if it served any, else those of the busiest network device.
    elif line.startswith("@module["):
        module += int(line.split()[-1])
    elif line.startswith(("@received[", "@transmitted[")):
        device = max(device, int(line.split()[-1]))

packets = module or device
print(f"\n{packets} packets, counted by "
      + ("the module" if module else "the busiest network device"))
if packets:
    print(f"{'process':<16} {'pid':>8} {'system call':<16} {'calls':>10} {'per packet':>12}")
    for thread, own in calls.items():
        total = sum(times for _, times in own)
        if total / packets < LEAST_THREAD:
            continue
        print(f"{thread} {'all':<16} {total:10d} {total / packets:12.4f}")
        for number, times in own:
            if times / packets >= LEAST_CALL:
                name = NAMES.get(number, f"number {number}")
                print(f"{thread} {name:<16} {times:10d} {times / packets:12.4f}")
