// SPDX-License-Identifier: GPL-2.0-only
/* Loads the counting and dropping XDP program, which is linked into this one, on the tap. */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/if_link.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tap.h"

/* drop.bpf.o, by embed.S */
extern const char xdp_drop_object[], xdp_drop_object_end[];

/* libbpf talks a lot when a load fails; one line of ours is enough. */
static int quiet(enum libbpf_print_level level, const char *fmt, va_list ap)
{
	(void)level;
	(void)fmt;
	(void)ap;
	return 0;
}

int tap_attach_xdp(struct tap *t)
{
	LIBBPF_OPTS(bpf_object_open_opts, opts, .object_name = "vl_drop");
	struct bpf_program *prog;
	struct bpf_object *obj;

	libbpf_set_print(quiet);
	obj = bpf_object__open_mem(xdp_drop_object, xdp_drop_object_end - xdp_drop_object, &opts);
	if (!obj)
		return fail(RC_FAIL, "XDP program: open: %s", strerror(errno));
	t->xdp_object = obj;
	if (bpf_object__load(obj))
		return fail(RC_CANNOT, "XDP program: load: %s: this kernel refuses it",
			    strerror(errno));
	prog = bpf_object__find_program_by_name(obj, "vl_count_drop");
	t->xdp_map = bpf_object__find_map_fd_by_name(obj, "drops");
	if (!prog || t->xdp_map < 0)
		return fail(RC_FAIL, "XDP program: vl_count_drop: not in the object; build again");
	if (bpf_xdp_attach(t->ifindex, bpf_program__fd(prog), XDP_FLAGS_DRV_MODE, NULL))
		return fail(RC_CANNOT, "XDP program: attach to the tap: %s: this kernel refuses it",
			    strerror(errno));
	return RC_OK;
}

static int xdp_count(const struct tap *t, uint64_t *frames)
{
	int cpus = libbpf_num_possible_cpus();
	uint64_t *values;
	uint32_t key = 0;
	int rc = RC_OK;

	values = calloc(cpus > 0 ? cpus : 1, sizeof(*values));
	*frames = 0;
	if (!values || cpus < 1 || bpf_map_lookup_elem(t->xdp_map, &key, values))
		rc = fail(RC_FAIL, "XDP program: read its counter: %s", strerror(errno));
	for (int i = 0; !rc && i < cpus; i++)
		*frames += values[i];
	free(values);
	return rc;
}

int tap_delivered(const struct tap *t, uint64_t *frames)
{
	struct rtnl_link_stats64 st;
	int rc;

	if (t->xdp_map >= 0)
		return xdp_count(t, frames);
	rc = link_stats(t->away ? t->away : t->ifindex, &st);
	*frames = rc ? 0 : t->away ? st.tx_packets : st.rx_packets;
	return rc;
}

void tap_close(struct tap *t)
{
	if (t->xdp_object)
		bpf_object__close(t->xdp_object);
	if (t->fd >= 0)
		close(t->fd);
	t->fd = -1;
}
