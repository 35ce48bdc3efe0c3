/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * worker=caller: a queue is run by the task that kicks it, as task work: before that
 * task returns to user mode, or (x86: KVM handles task work there) before its vCPU
 * enters the guest again. A wake-up and two task switches are saved per kick. Frames
 * that the stack delivers to the receive queue during such a run (an answer of this
 * machine) are copied to the guest in the same turn.
 *
 * A turn sends at most caller_weight frames, and delivers at most as many answers. The
 * rest, and every kick of which one of the following holds, is left to the device's
 * thread:
 *
 *   - The task is not a task of the owner in its own address space, or ends, or has a
 *     signal pending.
 *   - It is in a turn, of whatever device, or io_uring wakes it: an error eventfd that
 *     is also a kick eventfd would otherwise make turns without end, and a task that
 *     does not return to user mode cannot be stopped.
 *   - The queue is busy-polled, sends by reference, or is in a run of the thread.
 *   - The task has not begun the turn within two or three ticks (a system call that
 *     kicks and then sleeps, such as a writev() that fills the eventfd): the thread
 *     takes the work from it.
 *
 * A turn sleeps while a page of the owner's memory is missing, in the task that kicked
 * and in kernel mode: signals do not interrupt it (SIGKILL does), so a hypervisor
 * cannot stop that vCPU until the page comes, and a client that resolves page faults
 * (userfaultfd) in the task that kicks waits for itself. Meanwhile another process that
 * closes the device waits as well, since a task of the owner cannot be sent a signal
 * for it. The turn accesses memory with the protection keys of the task that kicked.
 */
#ifndef VHOSTLAB_CALLER_H
#define VHOSTLAB_CALLER_H

#include <linux/types.h>

struct vhl_work;
struct vhl_worker;

bool vhl_caller_possible(void);
int vhl_caller_start(struct vhl_worker *worker, struct vhl_work *work);
void vhl_caller_stop(struct vhl_work *work);
void vhl_caller_take(struct vhl_work *work);
void vhl_caller_flushed(struct vhl_work *work);
bool vhl_caller_kick(struct vhl_work *work);
bool vhl_caller_answer(struct vhl_work *work);
bool vhl_caller_again(struct vhl_work *work);
void vhl_caller_exit(void);

#endif /* VHOSTLAB_CALLER_H */
