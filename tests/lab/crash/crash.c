// SPDX-License-Identifier: GPL-2.0-only
/*
 * Goes wrong in the way it is asked to, so that the tests can see what the lab
 * makes of it. Never loaded outside a lab VM.
 */
#include <linux/irqflags.h>
#include <linux/module.h>
#include <linux/preempt.h>
#include <linux/sched.h>
#include <linux/string.h>

#include <asm/desc_defs.h>

static char *how = "";
module_param(how, charp, 0);
MODULE_PARM_DESC(how, "oops, warn, lockup (spin without preemption), dead (spin without "
		      "interrupts), hung (sleep), triple (a triple fault)");

/* No entry of it is present, so neither an exception nor the double fault has a handler. */
static u64 empty_table[512] __aligned(PAGE_SIZE);

static int __init crash_init(void)
{
	if (!strcmp(how, "oops"))
		*(volatile int *)8 = 1;
	else if (!strcmp(how, "warn"))
		WARN(1, "the crash module was asked to warn\n");
	else if (!strcmp(how, "lockup")) {
		preempt_disable();
		for (;;)
			cpu_relax();
	} else if (!strcmp(how, "dead")) {
		local_irq_disable();
		for (;;)
			cpu_relax();
	} else if (!strcmp(how, "hung")) {
		set_current_state(TASK_UNINTERRUPTIBLE);
		schedule_timeout(7 * HZ);
	} else if (!strcmp(how, "triple")) {
		struct desc_ptr table = { sizeof(empty_table) - 1, (unsigned long)empty_table };

		local_irq_disable();
		asm volatile("lidt %0; int3" : : "m"(table));
	} else {
		return -EINVAL;
	}
	return 0;
}

static void __exit crash_exit(void)
{
}

module_init(crash_init);
module_exit(crash_exit);
MODULE_DESCRIPTION("goes wrong on request, to test the lab's verdicts");
MODULE_LICENSE("GPL");
