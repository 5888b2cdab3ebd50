/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * /init of the start-up benchmark: stops the machine by a write to QEMU's
 * pvpanic device, so that its clock can be read at that very instruction.
 */
#include <sys/io.h>
#include <unistd.h>

#define PVPANIC_PORT 0x505
#define PVPANIC_PANICKED 1

int main(void)
{
    if (iopl(3) == 0)
        outb(PVPANIC_PANICKED, PVPANIC_PORT);
    for (;;)
        pause();
}
