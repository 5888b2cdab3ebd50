/* SPDX-License-Identifier: GPL-2.0-only */
/* The /init of a guest of tests/bench/create: one line, then it waits to be destroyed. */
#include <unistd.h>

int main(void)
{
    static const char line[] = "GUEST: user space\n";

    if (write(STDOUT_FILENO, line, sizeof(line) - 1) < 0)
        return 1;
    for (;;)
        pause();
}
