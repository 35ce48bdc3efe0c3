/* SPDX-License-Identifier: GPL-2.0-only */
/* read(), write() and poll() of the device: the IOTLB's messages. */
#ifndef VHOSTLAB_MESSAGE_H
#define VHOSTLAB_MESSAGE_H

#include <linux/fs.h>
#include <linux/poll.h>

ssize_t vhl_read_iter(struct kiocb *iocb, struct iov_iter *to);
ssize_t vhl_write_iter(struct kiocb *iocb, struct iov_iter *from);
__poll_t vhl_poll_device(struct file *file, poll_table *wait);

#endif /* VHOSTLAB_MESSAGE_H */
