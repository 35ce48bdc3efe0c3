# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2034 # for detectors.debug
# Faults that detectors.debug puts into the module one at a time, the program of tests/module that meets it, and what has to be
# said then: NAME#FILE of kmod/#a part of a line#what stands there instead#PROGRAM#a part of what is said
faults=(
	'memory that is never freed#memory.c#	kvfree(old);#	(void)old;#memory#kmemleak: '
	'memory that an error keeps#memory.c#		kvfree(mem);#		(void)mem;#failing#kmemleak: '
	'memory that is used after it is freed#iotlb.c#	tlb->n--;#	kfree(e); e->r.perm = 0; return;#iotlb#KASAN: '
	'a chain longer than its array#memory.c#n == room#0#ring#KASAN: '
	'used entries behind the end of their ring#used.c#	part = min(entries, vq->num - slot);#	part = entries;#outside#BUG: '
	'two locks in both orders#vring.c#	mutex_lock(&vq->mutex);#	mutex_lock(&vq->mutex); might_lock(&vq->dev->mutex);#tx#circular locking dependency'
	'a sleep under a spinlock#iotlb.c#	vq->miss.state = VHL_MISS_NONE;#	might_sleep();#iotlb#sleeping function called from invalid context'
	'a shift beyond the word#memory.c#	mem->n = head.nregions;#	mem->n = head.nregions + ((1U << (head.nregions + 31)) & 0);#memory#UBSAN: '
	'a list that is damaged#iotlb.c#	list_del(&e->order);#	list_del(&e->order); list_del(&e->order);#iotlb#list_del corruption'
	'a wake-up that is lost#worker.c#		wake_up_process(task);#		(void)task;#tx#not ok '
)
