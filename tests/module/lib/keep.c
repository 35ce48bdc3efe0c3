// SPDX-License-Identifier: GPL-2.0-only
/* A device that keeps the frames of a tap until it is asked to release them: see keep.h. */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <string.h>
#include <sys/socket.h>

#include "keep.h"
#include "tap.h"

/* A socket that gets a copy of each frame that leaves by zc1, when it leaves. */
int leaving(void)
{
	struct sockaddr_ll sll = {
		.sll_family = AF_PACKET,
		.sll_protocol = htons(ETH_P_ALL),
		.sll_ifindex = (int)if_nametoindex("zc1"),
	};
	int size = 64 << 20;
	int s = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (s < 0 || !sll.sll_ifindex || bind(s, (struct sockaddr *)&sll, sizeof(sll)))
		tap_bail("packet socket on zc1: %s", strerror(errno));
	setsockopt(s, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size));
	return s;
}

/* A tap whose frames all leave by another device; none is for the host's own stack. */
void forwarding_tap(struct tap *t, unsigned int hdr_len)
{
	tap_new(t, "zc0", hdr_len);
	if (sh("ip link set dev zc0 mtu 65000 && ip link add name zc1 mtu 65000 type dummy && "
	       "ip link set dev zc1 up && tc qdisc add dev zc0 clsact && tc filter add dev zc0 "
	       "ingress matchall action mirred egress redirect dev zc1"))
		tap_bail("a tap that forwards: see above");
}

/* From here on each frame is kept. */
void keep(void)
{
	if (sh("tc qdisc add dev zc1 root plug limit 100000000"))
		tap_bail("qdisc plug: see above");
}

void let_go(void)
{
	if (sh("tc qdisc change dev zc1 root plug release_indefinite"))
		tap_bail("qdisc plug: see above");
}
