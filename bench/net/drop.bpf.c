// SPDX-License-Identifier: GPL-2.0-only
/*
 * The cheapest possible far end of a transmit: a program on the tap that
 * counts a frame and drops it, so that the network stack leaves the picture
 * and the server's own work is most of what is measured.
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} drops SEC(".maps");

SEC("xdp")
int vl_count_drop(struct xdp_md *ctx)
{
	__u32 key = 0;
	__u64 *count = bpf_map_lookup_elem(&drops, &key);

	/* Each CPU has a slot of its own, so a plain add loses nothing. */
	if (count)
		*count += 1;
	return XDP_DROP;
}

char LICENSE[] SEC("license") = "GPL";
