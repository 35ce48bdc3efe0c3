// SPDX-License-Identifier: GPL-2.0-only
/* The interrupts of the measuring machine, from /proc/irq. */
#include "interrupts.h"

#include <ctype.h>
#include <dirent.h>
#include <stdlib.h>

static int by_number(const void *a, const void *b)
{
	return *(const int *)a - *(const int *)b;
}

unsigned int interrupts_all(int *irq, unsigned int max)
{
	char path[4096];
	DIR *dir = opendir(system_path(path, sizeof(path), "/proc/irq"));
	struct dirent *entry;
	unsigned int n = 0;

	while (dir && n < max && (entry = readdir(dir)))
		if (isdigit((unsigned char)entry->d_name[0]))
			irq[n++] = atoi(entry->d_name);
	if (dir)
		closedir(dir);
	qsort(irq, n, sizeof(*irq), by_number);
	return n;
}

bool interrupt_reaches(int irq, const struct cpus *c)
{
	static int cpu[CPUS_KNOWN];
	unsigned int n = system_list(cpu, CPUS_KNOWN, "/proc/irq/%d/effective_affinity_list", irq);

	/* Kernels that cannot say have the list of what is allowed only. */
	if (!n)
		n = system_list(cpu, CPUS_KNOWN, "/proc/irq/%d/smp_affinity_list", irq);
	for (unsigned int i = 0; i < n; i++)
		if (cpus_have(c, cpu[i]))
			return true;
	return false;
}
