// SPDX-License-Identifier: GPL-2.0-only
/*
 * The measuring mode without a virtqueue. Would fail if: it ran beside a
 * backend or for a stranger, moved fewer or other frames than asked, took a
 * length or a descriptor it cannot use, could not be interrupted or killed, or kept
 * an interface from being deleted.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
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

/*
 * Goes on with the first of 5 turns, which has sent its frame and waits for the one it takes. Then
 * a turn that a signal ends after 3 of its 5 frames.
 */
static void resumed(const struct tap *t, int fd, struct vhostlab_floor f)
{
	struct itimerval soon = { .it_value.tv_usec = 100000 };
	unsigned int seen = 0;

	tap_ok(f.sent == 1 && f.taken == 0, "it says that one frame was sent and none taken");
	for (int i = 0; i < 8; i++)
		far_send(t->far, frame, 100);
	tap_err(dev_ioctl(fd, VHOSTLAB_FLOOR, &f), 0, "another call goes on");
	tap_ok(f.done == 5 && f.sent == 0 && f.taken == 0, "and finishes the 5 turns");
	while (far_recv(t->far, got, sizeof(got), 200) > 0)
		seen++;
	tap_is(seen, 5, "each of which has sent one frame, also the one that was interrupted");

	f = ask(t->fd, 0, 5, 1);
	setitimer(ITIMER_REAL, &soon, NULL);
	tap_err(dev_ioctl(fd, VHOSTLAB_FLOOR, &f), -EINTR, "a signal after 3 of 5 frames");
	tap_ok(f.done == 0 && f.taken == 3, "says so");
	for (int i = 0; i < 3; i++)
		far_send(t->far, frame, 100);
	tap_err(dev_ioctl(fd, VHOSTLAB_FLOOR, &f), 0, "another call takes the other two");
	fcntl(t->fd, F_SETFL, O_NONBLOCK);
	for (seen = 0; read(t->fd, got, sizeof(got)) > 0; seen++)
		;
	tap_is(seen, 1, "and leaves the last one");
	f = ask(t->fd, 1, 5, 1);
	f.taken = 6;
	tap_err(dev_ioctl(fd, VHOSTLAB_FLOOR, &f), -EINVAL, "more taken than a turn has");
	f.taken = 0;
	f.sent = 2;
	tap_err(dev_ioctl(fd, VHOSTLAB_FLOOR, &f), -EINVAL, "more sent than a turn has");
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
	resumed(t, fd, f);
	soon.it_value.tv_usec = 100000;
	setitimer(ITIMER_REAL, &soon, NULL);
	f = ask(t->fd, 64, 0, ~0ULL);
	tap_err(dev_ioctl(fd, VHOSTLAB_FLOOR, &f), -EINTR, "a signal ends endless turns");
	tap_ok(f.done > 0, "of which some were done");
	close(fd);
}

/* A process in VHOSTLAB_FLOOR, and its answer as exit code. */
static pid_t floor_process(const struct vhostlab_floor *ask)
{
	struct vhostlab_floor f = *ask;
	pid_t pid = fork();

	if (!pid)
		_exit(-dev_ioctl(owned(), VHOSTLAB_FLOOR, &f));
	if (pid < 0)
		tap_bail("fork: %s", strerror(errno));
	sleep_ms(500);
	return pid;
}

/* Its exit code, -1 when it was killed, -2 when it is not over after ms. */
static int ended(pid_t pid, int ms)
{
	int status;

	for (; ms > 0; ms -= 10) {
		if (waitpid(pid, &status, WNOHANG) == pid)
			return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
		sleep_ms(10);
	}
	return -2;
}

/* The interface goes while frames of it are waited for. */
static void deleted(const char *name, int flags)
{
	int fd = tap_fd(name, flags, 12), rc;
	struct vhostlab_floor f = ask(fd, 0, 1, 1);
	pid_t pid, ip;

	pid = floor_process(&f);
	ip = fork();
	if (!ip) {
		execlp("ip", "ip", "link", "del", name, NULL);
		_exit(127);
	}
	tap_is(ended(ip, 5000), 0, "%s: deleted while its frames are waited for", name);
	rc = ended(pid, 5000);
	tap_is(rc, ENODEV, "%s: the wait ends", name);
	if (rc == -2) {
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
	}
	close(fd);
}

/* One turn that would last for hours. */
static void killed(const struct tap *t)
{
	struct vhostlab_floor f = ask(t->fd, ~0u, 0, 1);
	pid_t pid = floor_process(&f);

	kill(pid, SIGKILL);
	tap_is(ended(pid, 5000), -1, "a turn that sends 2^32 - 1 frames is killed");
}

/* Frames never end: there is no sleep to be interrupted in. */
static void killed_taking(const struct tap *t)
{
	struct vhostlab_floor f = ask(t->fd, 0, ~0u, 1);
	pid_t pid = floor_process(&f);
	pid_t source = fork();

	if (!source)
		for (uint32_t i = 0;; i++) {
			frame_make(got, 100, i);
			far_send(t->far, got, 100);
		}
	sleep_ms(300);
	kill(pid, SIGKILL);
	tap_is(ended(pid, 5000), -1, "a turn that takes 2^32 - 1 frames is killed");
	kill(source, SIGKILL);
	waitpid(source, NULL, 0);
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
	deleted("vl1", IFF_TAP | IFF_VNET_HDR);
	deleted("vl2", IFF_TUN | IFF_VNET_HDR);
	killed_taking(&t);
	killed(&t);
	tap_del(&t);
	return tap_done();
}
