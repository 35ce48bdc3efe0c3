/* SPDX-License-Identifier: GPL-2.0-only */
/* The compiled XDP program as data of ours, so that no file has to be found at run time. */
	.section .rodata
	.balign 16
	.global xdp_drop_object
	.global xdp_drop_object_end
xdp_drop_object:
	.incbin XDP_DROP_OBJECT
xdp_drop_object_end:
	.byte 0
	.section .note.GNU-stack, "", @progbits
