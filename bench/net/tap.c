// SPDX-License-Identifier: GPL-2.0-only
/* A network namespace of our own, and the tap in it. */
#define _GNU_SOURCE
#include "tap.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/if_tun.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/frame.h"

/* Room for the largest burst that fits a ring; more than that is loss, and counted. */
#define TAP_QUEUE 1024

int netns_enter(void)
{
	if (unshare(CLONE_NEWNET))
		return fail(RC_CANNOT,
			    "network namespace: %s: run as root, in the lab or on a host",
			    strerror(errno));
	/* IPv6 would send neighbour and router solicitations of its own. */
	if (access("/proc/sys/net/ipv6", F_OK) == 0 &&
	    (write_text("/proc/sys/net/ipv6/conf/all/disable_ipv6", "1") ||
	     write_text("/proc/sys/net/ipv6/conf/default/disable_ipv6", "1")))
		return fail(RC_CANNOT, "IPv6 cannot be switched off: /proc/sys/net/ipv6: %s",
			    strerror(errno));
	return RC_OK;
}

int run_batch(const char *program, const char *const *argv, const char *script)
{
	size_t len = strlen(script);
	int pipes[2], status;
	pid_t pid;

	if (pipe2(pipes, O_CLOEXEC))
		return fail(RC_FAIL, "pipe: %s: %s", program, strerror(errno));
	pid = fork();
	if (pid < 0)
		return fail(RC_FAIL, "fork: %s: %s", program, strerror(errno));
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (dup2(pipes[0], STDIN_FILENO) < 0 || dup2(STDERR_FILENO, STDOUT_FILENO) < 0)
			_exit(RC_FAIL);
		execvp(program, (char *const *)argv);
		fail(RC_CANNOT, "missing tool: %s: install it (./run.sh setup)", program);
		_exit(RC_CANNOT);
	}
	close(pipes[0]);
	if (write(pipes[1], script, len) != (ssize_t)len)
		len = 0; /* the child has ended already; its status says how */
	close(pipes[1]);
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return fail(RC_FAIL, "wait: %s: %s", program, strerror(errno));
	if (WIFEXITED(status) && WEXITSTATUS(status) == RC_CANNOT)
		return RC_CANNOT;
	if (!WIFEXITED(status) || WEXITSTATUS(status))
		return fail(RC_FAIL, "network set-up: %s: its message is above", program);
	return RC_OK;
}

static unsigned int mtu_for(const struct options *o)
{
	unsigned int need = o->size > 14 ? o->size - 14 : 0;

	return need > 1500 ? need : 1500;
}

static int run_ip(const char *script)
{
	static const char *const argv[] = { "ip", "-batch", "-", NULL };

	return run_batch("ip", argv, script);
}

int tap_open(struct tap *t, const struct options *o)
{
	struct ifreq ifr = { .ifr_flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR };
	int hlen = header_len(o), sndbuf = o->sndbuf ? (int)o->sndbuf : INT_MAX;
	char script[1024];

	memset(t, 0, sizeof(*t));
	t->xdp_map = -1;
	t->fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
	if (t->fd < 0)
		return fail(RC_CANNOT, "/dev/net/tun: %s: load the tun module", strerror(errno));
	strcpy(ifr.ifr_name, TAP_NAME);
	if (ioctl(t->fd, TUNSETIFF, &ifr))
		return fail(RC_FAIL, "TUNSETIFF: %s: %s", TAP_NAME, strerror(errno));
	if (ioctl(t->fd, TUNSETVNETHDRSZ, &hlen) || ioctl(t->fd, TUNSETSNDBUF, &sndbuf))
		return fail(RC_FAIL, "tap set-up: %s: %s", TAP_NAME, strerror(errno));
	t->ifindex = if_nametoindex(TAP_NAME);

	snprintf(script, sizeof(script),
		 "link set dev lo up\n"
		 "link set dev %s address %02x:%02x:%02x:%02x:%02x:%02x mtu %u txqueuelen %d arp "
		 "off\n"
		 "link set dev %s up\n"
		 "address add %s/24 dev %s\n"
		 "neighbour replace %s lladdr %02x:%02x:%02x:%02x:%02x:%02x dev %s nud permanent\n",
		 TAP_NAME, tap_mac[0], tap_mac[1], tap_mac[2], tap_mac[3], tap_mac[4], tap_mac[5],
		 mtu_for(o), TAP_QUEUE, TAP_NAME, TAP_ADDRESS, TAP_NAME, GUEST_ADDRESS,
		 guest_mac[0], guest_mac[1], guest_mac[2], guest_mac[3], guest_mac[4], guest_mac[5],
		 TAP_NAME);
	return run_ip(script);
}

static int run_tc(const char *script)
{
	static const char *const argv[] = { "tc", "-batch", "-", NULL };

	return run_batch("tc", argv, script);
}

/* An interface that drops what it is given to send, up. */
static int dummy_open(const char *name, const struct options *o)
{
	char script[128];

	snprintf(script, sizeof(script),
		 "link add name %s mtu %u type dummy\n"
		 "link set dev %s up\n",
		 name, mtu_for(o), name);
	return run_ip(script);
}

int sender_device_open(const struct options *o)
{
	char script[512];
	int rc = dummy_open(SENDER_NAME, o);

	if (rc)
		return rc;
	/*
	 * No queueing discipline on the tap: a frame goes from the mirror
	 * straight to the driver. Then every frame that "arrives" at the dummy
	 * is copied (its header, not its data) to the tap and dropped.
	 */
	snprintf(script, sizeof(script),
		 "qdisc replace dev %s root noqueue\n"
		 "qdisc add dev %s clsact\n"
		 "filter add dev %s ingress matchall action mirred egress mirror dev %s drop\n",
		 TAP_NAME, SENDER_NAME, SENDER_NAME, TAP_NAME);
	return run_tc(script);
}

int tap_forward(struct tap *t, const struct options *o)
{
	char script[512];
	int rc = dummy_open(AWAY_NAME, o);

	if (rc)
		return rc;
	t->away = if_nametoindex(AWAY_NAME);
	snprintf(script, sizeof(script),
		 "qdisc add dev %s clsact\n"
		 "filter add dev %s ingress matchall action mirred egress redirect dev %s\n",
		 TAP_NAME, TAP_NAME, AWAY_NAME);
	return run_tc(script);
}

int link_stats(int ifindex, struct rtnl_link_stats64 *st)
{
	struct {
		struct nlmsghdr nh;
		struct ifinfomsg ifi;
	} req = {
		.nh = { .nlmsg_len = sizeof(req),
			.nlmsg_type = RTM_GETLINK,
			.nlmsg_flags = NLM_F_REQUEST },
		.ifi = { .ifi_index = ifindex },
	};
	static char answer[32768];
	const struct nlmsghdr *nh = (const struct nlmsghdr *)answer;
	const struct rtattr *rta;
	ssize_t n = -1;
	int len, fd;

	fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	if (fd >= 0 && send(fd, &req, sizeof(req), 0) == sizeof(req)) {
		do
			n = recv(fd, answer, sizeof(answer), 0);
		while (n < 0 && errno == EINTR);
	}
	if (fd >= 0)
		close(fd);
	if (n < (ssize_t)sizeof(*nh) || nh->nlmsg_type != RTM_NEWLINK)
		return fail(RC_FAIL, "interface statistics: %s: the kernel did not answer",
			    TAP_NAME);
	rta = IFLA_RTA(NLMSG_DATA(nh));
	len = nh->nlmsg_len - NLMSG_LENGTH(sizeof(struct ifinfomsg));
	for (; RTA_OK(rta, len); rta = RTA_NEXT(rta, len)) {
		if (rta->rta_type != IFLA_STATS64)
			continue;
		memset(st, 0, sizeof(*st));
		memcpy(st, RTA_DATA(rta),
		       RTA_PAYLOAD(rta) < sizeof(*st) ? RTA_PAYLOAD(rta) : sizeof(*st));
		return RC_OK;
	}
	return fail(RC_FAIL, "interface statistics: %s: not in the kernel's answer", TAP_NAME);
}
