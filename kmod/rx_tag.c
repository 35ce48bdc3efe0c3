// SPDX-License-Identifier: GPL-2.0-only
/*
 * Receive from a packet socket: frames whose VLAN tag is kept outside their data.
 * The socket's recvmsg() returns such a frame without its tag, and the tag only as
 * ancillary data (PACKET_AUXDATA). So the skb is taken from the socket's queue and
 * the frame is assembled here; the tag then belongs to this frame even when the
 * socket has other readers.
 */
#include <linux/if_vlan.h>
#include <linux/skbuff.h>
#include <linux/virtio_net.h>
#include <net/sock.h>

#include "vhostlab.h"
#include "rx.h"

/*
 * Writes the virtio-net header and the frame, with the tag after the two addresses.
 * Returns 0 or a negative errno. May sleep.
 */
static int tagged_write(struct vhl_vq *vq, const struct sk_buff *skb, struct iov_iter *to,
			unsigned int heads)
{
	struct virtio_net_hdr_mrg_rxbuf hdr = {};
	const int at = offsetof(struct vlan_ethhdr, h_vlan_proto);
	__be16 tag[] = { skb->vlan_proto, htons(skb_vlan_tag_get(skb)) };

	/* As the socket does, except that the tag moves the checksum's offset. */
	if (vq->sock_hlen &&
	    virtio_net_hdr_from_skb(skb, &hdr.hdr, vq->little_endian, true, VLAN_HLEN))
		return -EINVAL;
	hdr.num_buffers = cpu_to_vhl16(vq, heads);
	if (copy_to_iter(&hdr, vq->guest_hlen, to) != vq->guest_hlen ||
	    skb_copy_datagram_iter(skb, 0, to, at) ||
	    copy_to_iter(tag, sizeof(tag), to) != sizeof(tag) ||
	    skb_copy_datagram_iter(skb, at, to, skb->len - at))
		return -EFAULT;
	return 0;
}

/*
 * Receives the frame that rx_peek() found with a tag, @len bytes including it, into
 * @to, which has room for that and the guest's header; @heads is num_buffers.
 * Returns 0 or a negative errno: -EAGAIN when another reader has taken the frame,
 * -EMSGSIZE when the next frame in the queue is another one and does not fit; it is
 * dropped. Caller holds vq->mutex; sleeps.
 */
int vhl_rx_tagged(struct vhl_vq *vq, struct iov_iter *to, unsigned int heads, size_t len)
{
	struct sock *sk = vq->sock->sk;
	struct sk_buff *skb;
	int err;

	skb = skb_recv_datagram(sk, MSG_DONTWAIT, &err);
	if (!skb)
		return err;
	if (unlikely(!skb_vlan_tag_present(skb) || skb->len < ETH_HLEN ||
		     skb->len + VLAN_HLEN != len))
		err = -EMSGSIZE;
	else
		err = tagged_write(vq, skb, to, heads);
	skb_free_datagram(sk, skb);
	return err;
}
