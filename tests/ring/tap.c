// SPDX-License-Identifier: GPL-2.0-only
/*
 * The backend of the hostile guest's device: a tap. Frames are checked, then dropped; frames that
 * wait to be received are counted, and none may be left.
 */
#include "frag.h"
#include "ring.h"

#define FRAMES	256
#define PATTERN 0x5a
/* Pages of fragments of one test; each is freed at its end, when nothing may use it any more. */
#define PAGES 4096

static struct input *answers;
static struct sk_buff *frames[FRAMES];
static unsigned int n_frames, live;
/* Frames that the stack has by reference, each once. */
static struct ubuf_info *references[FRAMES];
static unsigned int n_references;
static void *pages[PAGES];
static unsigned int n_pages;
static struct net_device device;

static int tap_sendmsg(struct socket *sock, struct msghdr *msg, size_t len);
static int tap_recvmsg(struct socket *sock, struct msghdr *msg, size_t len, int flags);
static const struct proto_ops ops = { .sendmsg = tap_sendmsg, .recvmsg = tap_recvmsg };
static struct sock tap_sk = { .sk_sndbuf = INT_MAX };
static struct sock packet_sk = { .sk_sndbuf = 65536, .sk_family = AF_PACKET, .sk_type = SOCK_RAW };
static struct socket tap = { .sk = &tap_sk, .ops = &ops };
static struct socket packet = { .sk = &packet_sk, .ops = &ops };
static struct file tap_file, packet_file;
static struct ptr_ring ring;

void backend_begin(struct input *in)
{
	answers = in;
	n_frames = 0;
	n_references = 0;
	live = 0;
}

struct file *fget(int fd)
{
	struct file *file = fd == TAP ? &tap_file : fd == PACKET ? &packet_file : NULL;

	if (file)
		file->held++;
	return file;
}

void fput(struct file *file)
{
	file->held--;
}

struct socket *tun_get_socket(struct file *file)
{
	return file == &tap_file ? &tap : ERR_PTR(-EINVAL);
}

struct ptr_ring *tun_get_tx_ring(struct file *file)
{
	return file == &tap_file ? &ring : ERR_PTR(-EINVAL);
}

struct socket *sock_from_file(struct file *file)
{
	return file == &packet_file ? &packet : NULL;
}

void vhl_netdev_watch_tun(struct vhl_netdev *w, struct file *file, struct sock *sk)
{
	(void)file;
	(void)sk;
	w->dev = &device;
	w->ethernet = true;
	w->plain = true;
}

void vhl_netdev_forget(struct vhl_netdev *w)
{
	w->dev = NULL;
	w->ethernet = false;
	w->plain = false;
	w->known = false;
}

void vhl_netdev_move(struct vhl_netdev *to, struct vhl_netdev *from)
{
	*to = *from;
	vhl_netdev_forget(from);
}

/* A packet socket's queue shows its first frame. */
static void show_first(void)
{
	packet_sk.sk_receive_queue.first = n_frames ? frames[0] : NULL;
}

void backend_frame(unsigned int len, u8 kind)
{
	struct sk_buff *skb;

	if (n_frames == FRAMES)
		return;
	skb = calloc(1, sizeof(*skb));
	skb->data = malloc(len);
	memset(skb->data, PATTERN, len);
	skb->len = len;
	skb->dev = kind & 1 ? NULL : &device;
	skb->fragmented = kind & 2;
	skb->gso = kind & 4;
	skb->ip_summed = kind & 8;
	frames[n_frames++] = skb;
	live++;
	show_first();
}

static void frame_free(struct sk_buff *skb)
{
	free(skb->data);
	free(skb);
	live--;
}

void backend_end(struct vhl_vq *vq)
{
	while (n_frames)
		frame_free(frames[--n_frames]);
	show_first();
	if (live)
		fail("a frame is left");
	if (tap_file.held || packet_file.held)
		fail("a backend's file is held");
	while (n_pages)
		free(pages[--n_pages]);
	memset(&vq->frags, 0, sizeof(vq->frags));
}

/* A page that ends where its memory ends. */
bool vhl_frags_refill(struct vhl_frags *f)
{
	if (n_pages == PAGES || take8(answers) == 0xff)
		return false;
	f->va = pages[n_pages++] = malloc(PAGE_SIZE);
	memset(f->va, PATTERN, PAGE_SIZE);
	f->left = PAGE_SIZE;
	f->refs = PAGE_SIZE;
	return true;
}

void page_frag_free(void *p)
{
	(void)p;
}

void put_page(void *p)
{
	(void)p;
}

static void check_pattern(const u8 *from, const u8 *to)
{
	for (; from < to; from++)
		if (*from != PATTERN)
			fail("a frame is written beyond its buffer");
}

static void check_frame(const struct xdp_buff *x)
{
	const u8 *start = x->data_hard_start;

	if (x->len < ETH_HLEN ||
	    x->data + x->len > start + x->frame_sz - sizeof(struct skb_shared_info))
		fail("a frame that is too short or too long");
	check_pattern(start + sizeof(struct tun_xdp_hdr), x->data);
	check_pattern(x->data + x->len, start + x->frame_sz);
}

/* Bytes of an iterator, from or to @buf. Returns 0 or -EFAULT. */
static int iterate(struct iov_iter *i, u8 *buf, size_t n, bool to_user)
{
	const struct iovec *iov = i->iov ? i->iov : &i->one;
	size_t off = i->off;

	if (n > i->count)
		fail("an iterator that is too short");
	for (unsigned int k = 0; n; k++) {
		size_t part;

		if (k == i->n)
			fail("segments that end before their iterator");
		if (off >= iov[k].iov_len) {
			off -= iov[k].iov_len;
			continue;
		}
		part = min(n, iov[k].iov_len - off);
		if (i->kernel)
			memcpy(buf, (u8 *)iov[k].iov_base + off, part);
		else if (to_user ? user_store((u8 *)iov[k].iov_base + off, buf, part)
				 : user_load(buf, (u8 *)iov[k].iov_base + off, part))
			return -EFAULT;
		buf += part;
		n -= part;
		off = 0;
	}
	return 0;
}

bool backend_complete(void)
{
	u8 answer = take8(answers);
	struct ubuf_info *ubuf;

	if (!n_references)
		return false;
	ubuf = references[answer % n_references];
	references[answer % n_references] = references[n_references - 1];
	n_references--;
	ubuf->callback(NULL, ubuf, !(answer & 0x80));
	return true;
}

/* Keeps a frame by reference, refuses it, or completes it at once. */
static int tap_reference(struct ubuf_info *ubuf, struct msghdr *msg, size_t len)
{
	u8 answer = take8(answers), *buf;
	int err;

	if (n_references == FRAMES)
		fail("more frames by reference than are held");
	for (unsigned int i = 0; i < n_references; i++)
		if (references[i] == ubuf)
			fail("the slot of a frame under way is used again");
	if (answer >= 0xfc)
		return answer == 0xfc ? -EAGAIN : answer == 0xfd ? -EINVAL : -EFAULT;
	/* Its pages are pinned: they are read here, and may be unmapped later. */
	buf = malloc(len);
	err = iterate(&msg->msg_iter, buf, len, false);
	free(buf);
	if (err)
		return err;
	references[n_references++] = ubuf;
	if (answer & 1)
		backend_complete();
	return len;
}

static int tap_sendmsg(struct socket *sock, struct msghdr *msg, size_t len)
{
	const struct tun_msg_ctl *ctl = msg->msg_control;
	u8 answer = take8(answers), *buf;
	int err;

	(void)sock;
	if (ctl && ctl->type == TUN_MSG_UBUF)
		return tap_reference(ctl->ptr, msg, len);
	if (ctl) {
		const struct xdp_buff *x = ctl->ptr;

		if (ctl->num > VHL_MAX_BATCH)
			fail("an array that is too long");
		check_heads();
		for (unsigned int i = 0; i < ctl->num; i++)
			check_frame(&x[i]);
		return answer == 0xfe ? -EBADF : 0;
	}
	if (answer >= 0xfc)
		return answer == 0xfc ? -EAGAIN : answer == 0xfd ? -EINVAL : -ENOMEM;
	if (msg->msg_iter.count != len)
		fail("a message of another length than its iterator");
	buf = malloc(len);
	err = iterate(&msg->msg_iter, buf, len, false);
	free(buf);
	return err ? err : (int)len;
}

/* As the array's way through the tap, for arrays of an odd number of frames. */
int vhl_deliver(const struct vhl_netdev *w, const struct sock *sk, const struct xdp_buff *xdp,
		unsigned int n)
{
	(void)w;
	(void)sk;
	if (n % 2 == 0)
		return -1;
	for (unsigned int i = 0; i < n; i++) {
		const struct tun_xdp_hdr *h = xdp[i].data_hard_start;

		check_frame(&xdp[i]);
		if (h->gso.flags || h->gso.gso_type)
			fail("a frame that asks for an offload is not given to the tap");
	}
	return n > 2 ? n - 1 : n;
}

int vhl_deliver_learn(struct vhl_netdev *w, struct socket *sock, struct xdp_buff *xdp,
		      unsigned int n)
{
	w->known = true;
	return vhl_array_send(sock, xdp, n);
}

static struct sk_buff *next_frame(struct msghdr *msg)
{
	struct sk_buff *skb = msg->msg_control;

	if (skb || !n_frames)
		return skb;
	skb = frames[0];
	memmove(frames, frames + 1, --n_frames * sizeof(*frames));
	show_first();
	return skb;
}

static int tap_recvmsg(struct socket *sock, struct msghdr *msg, size_t len, int flags)
{
	struct sk_buff *skb = next_frame(msg);
	size_t whole, hlen, n;
	u8 *buf, answer = take8(answers);
	int err;

	(void)sock;
	(void)flags;
	if (!skb)
		return -EAGAIN;
	/* The header is what is asked for beyond the frame; no more than 12 bytes of it. */
	whole = skb->len;
	hlen = len > whole ? min(len - whole, (size_t)12) : 0;
	n = min(min(whole + hlen, len), msg->msg_iter.count);
	buf = calloc(1, n ? n : 1);
	err = iterate(&msg->msg_iter, buf, n, true);
	if (!err)
		iov_iter_advance(&msg->msg_iter, n);
	free(buf);
	frame_free(skb);
	if (answer == 0xff)
		return -ENOMEM;
	/* As tun does. */
	if (err && answer & 1)
		return (int)len;
	/* A frame that another reader has exchanged may have any length. */
	return err ? err : answer == 0xfe ? 1 : (int)(whole + hlen);
}

unsigned int ptr_ring_consume_batched(struct ptr_ring *r, void **to, int n)
{
	unsigned int got = min((unsigned int)n, n_frames);

	(void)r;
	memcpy(to, frames, got * sizeof(*frames));
	n_frames -= got;
	memmove(frames, frames + got, n_frames * sizeof(*frames));
	show_first();
	return got;
}

void ptr_ring_unconsume(struct ptr_ring *r, void **batch, int n, void (*destroy)(void *p))
{
	(void)r;
	/* What there is no more room for is dropped, as in the kernel. */
	while (n && n_frames + n > FRAMES)
		destroy(batch[--n]);
	memmove(frames + n, frames, n_frames * sizeof(*frames));
	memcpy(frames, batch, n * sizeof(*frames));
	n_frames += n;
	show_first();
}

void consume_skb(struct sk_buff *skb)
{
	frame_free(skb);
}

void kfree_skb(struct sk_buff *skb)
{
	frame_free(skb);
}

void tun_ptr_free(void *p)
{
	frame_free(p);
}

int vfs_poll(struct file *f, poll_table *table)
{
	(void)f;
	(void)table;
	return take8(answers) & 1 ? EPOLLOUT : 0;
}

int virtio_net_hdr_from_skb(const struct sk_buff *skb, struct virtio_net_hdr *h, bool little,
			    bool has_data_valid, int vlan_hlen)
{
	(void)little;
	(void)has_data_valid;
	(void)vlan_hlen;
	memset(h, 0, sizeof(*h));
	return skb->len == 99 ? -EINVAL : 0;
}

u64 get_cpu_idle_time_us(int cpu, u64 *wall)
{
	(void)cpu;
	(void)wall;
	return 0;
}

u64 get_cpu_iowait_time_us(int cpu, u64 *wall)
{
	return get_cpu_idle_time_us(cpu, wall);
}
