// SPDX-License-Identifier: GPL-2.0-only
/*
 * The measuring mode without a virtqueue. Would fail if: it ran beside a
 * backend or for a stranger, moved fewer or other frames than asked, took a
 * length or a descriptor it cannot use, or could not be interrupted.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../../kmod/vhostlab_uapi.h"
#include "nic.h"
#include "tap.h"

static uint8_t frame[4096], got[4096];

static int owned(void)
{
	int fd = dev_open();

	if (dev_ioctl(fd, VHOST_SET_OWNER, NULL))
		tap_bail("SET_OWNER");
	return fd;
}

static struct vhostlab_floor ask(int tap, unsigned int send, unsigned int take, uint64_t turns)
{
	return (struct vhostlab_floor){
		.backend = tap,
		.len = 100,
		.frame = (uintptr_t)frame,
		.send = send,
		.take = take,
		.turns = turns,
	};
}

static void frames(const struct tap *t)
{
	struct vhostlab_floor f = ask(t->fd, 100, 0, 2);
	unsigned int good = 0, more = 0;
	int fd = owned();
	long n;

	frame_make(frame, 100, 7);
	tap_err(dev_ioctl(fd, VHOSTLAB_FLOOR, &f), 0, "2 turns of 100 frames");
	tap_is(f.done, 2, "both turns are done");
	while ((n = far_recv(t->far, got, sizeof(got), 200)) > 0) {
		more++;
		good += n == 100 && frame_check(got, n) == 7;
	}
	tap_is(good, 200, "200 frames reach the far end unchanged");
	tap_is(more, 200, "and no other");

	for (uint32_t i = 0; i < 60; i++) {
		frame_make(got, 200, i);
		far_send(t->far, got, 200);
	}
	f = ask(t->fd, 0, 25, 2);
	tap_err(dev_ioctl(fd, VHOSTLAB_FLOOR, &f), 0, "2 turns that take 25 frames");
	fcntl(t->fd, F_SETFL, O_NONBLOCK);
	for (more = 0; read(t->fd, got, sizeof(got)) > 0; more++)
		if (!more)
			tap_is(frame_check(got + 12, 200), 50, "the next one is the 51st");
	tap_is(more, 10, "10 of 60 are left");
	close(fd);
}

static void refused(const struct tap *t)
{
	int fd = owned(), stranger = dev_open(), file = open("/dev/null", O_RDWR);
	struct vhostlab_floor f = ask(t->fd, 1, 0, 1);
	struct guest g;

	tap_err(dev_ioctl(stranger, VHOSTLAB_FLOOR, &f), -EPERM, "without an owner");
	tap_err(dev_ioctl(fd, VHOSTLAB_FLOOR, NULL), -EFAULT, "from NULL");
	f.backend = file;
	tap_err(dev_ioctl(fd, VHOSTLAB_FLOOR, &f), -ENOTSOCK, "a file that is no backend");
	f.backend = -1;
	tap_err(dev_ioctl(fd, VHOSTLAB_FLOOR, &f), -ENOTSOCK, "no descriptor");
	f = ask(t->far, 1, 0, 1);
	tap_err(dev_ioctl(fd, VHOSTLAB_FLOOR, &f), -EINVAL, "a packet socket");
	f = ask(t->fd, 0, 0, 1);
	tap_err(dev_ioctl(fd, VHOSTLAB_FLOOR, &f), -EINVAL, "nothing to do");
	for (unsigned int i = 0; i < 3; i++) {
		static const uint32_t bad[] = { 13, 4097, ~0u };

		f = ask(t->fd, 1, 0, 1);
		f.len = bad[i];
		tap_err(dev_ioctl(fd, VHOSTLAB_FLOOR, &f), -EINVAL, "a frame of %u bytes", bad[i]);
	}
	f = ask(t->fd, 1, 0, 1);
	f.frame = 0;
	tap_err(dev_ioctl(fd, VHOSTLAB_FLOOR, &f), -EFAULT, "a frame at NULL");
	close(stranger);
	close(file);
	close(fd);

	guest_start(&g, F_V1, 256);
	guest_backend(&g, t->fd);
	f = ask(t->fd, 1, 0, 1);
	tap_err(dev_ioctl(g.fd, VHOSTLAB_FLOOR, &f), -EBUSY, "beside a backend");
	guest_stop(&g);
}

static void nothing(int sig)
{
	(void)sig;
}

static void interrupted(const struct tap *t)
{
	struct sigaction act = { .sa_handler = nothing };
	struct itimerval soon = { .it_value.tv_usec = 100000 };
	struct vhostlab_floor f = ask(t->fd, 1, 1, 5);
	int fd = owned();

	sigaction(SIGALRM, &act, NULL);
	setitimer(ITIMER_REAL, &soon, NULL);
	tap_err(dev_ioctl(fd, VHOSTLAB_FLOOR, &f), -EINTR, "a signal ends a wait for frames");
	tap_is(f.done, 0, "and no turn was finished");
	soon.it_value.tv_usec = 100000;
	setitimer(ITIMER_REAL, &soon, NULL);
	f = ask(t->fd, 64, 0, ~0ULL);
	tap_err(dev_ioctl(fd, VHOSTLAB_FLOOR, &f), -EINTR, "a signal ends endless turns");
	tap_ok(f.done > 0, "of which some were done");
	close(fd);
}

int main(int argc, char **argv)
{
	struct tap t;

	guest_args(argc, argv);
	if (!is_ours()) {
		tap_skip(1, "only our module has it", "measuring mode");
		return tap_done();
	}
	net_private();
	tap_new(&t, "vl0", 12);
	frames(&t);
	refused(&t);
	interrupted(&t);
	tap_del(&t);
	return tap_done();
}
