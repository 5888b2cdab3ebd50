/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * console_io of a domain with the emergency console whose vCPUs write at once: whenever one lets go of the lock, the other
 * writes. Every line that is printed is whole and short enough, and nothing is written beyond the buffer (UBSan, ASan).
 */
#include "../../sim/machine/cpu.h"
#include "../../sim/machine/percpu.h"

#include <stdlib.h>
#include <string.h>

#include "check.h"

#include "control/hypercall.h"
#include "domain/continuation.h"
#include "domain/domain.h"
#include "domain/privilege.h"
#include "errno.h"
#include "machine/console.h"
#include "mm/guest_access.h"

struct sim_cpu sim_cpus[SIM_CPUS];
unsigned sim_this_cpu;
unsigned long percpu_softirq_pending[MAX_CPUS];
static struct domain domain;
static struct vcpu vcpu;
static unsigned depth, lines, characters;
static bool privileged;
static char raw[64];

static char text[100];

void spin_lock(struct spinlock *l) { if (l->cpu) abort(); l->cpu = 1; }

void spin_unlock(struct spinlock *l)
{
    l->cpu = 0;
    if (depth >= 2)
        return;
    depth++;
    do_console_io(0, sizeof(text), (vaddr_t)text); /* the other vCPU; 100 characters without an end of line */
    depth--;
}

void guest_printk(enum log_level level, const char *fmt, ...)
{
    va_list args;
    char line[512];

    va_start(args, fmt);
    vsnprintf(line, sizeof(line), fmt, args);
    va_end(args);
    CHECK(strlen(line) <= sizeof("(d7) \n") + sizeof(domain.console_line));
    lines++;
    characters += (unsigned)strlen(line) - (unsigned)strlen("(d7) \n");
}

void console_write_guest(const char *s, size_t len) { memcpy(raw, s, len); }
size_t console_read(char *buf, size_t len) { return 0; }
bool domain_may(enum privilege need, const struct domain *d) { return privileged; }
int guest_read(void *dst, vaddr_t src, size_t len) { memcpy(dst, (void *)src, len); return 0; }
int guest_write(vaddr_t dst, const void *src, size_t len) { return 0; }
long hypercall_continue(unsigned nr, u64 a1, u64 a2, u64 a3, u64 a4, u64 a5) { return -ERESTART; }

static void lines_are_whole(void)
{
    domain.console_emergency = true;
    for (unsigned i = 0; i < 20; i++)
        CHECK(do_console_io(0, sizeof(text), (vaddr_t)text) == 0);
    CHECK(lines > 0);
    CHECK(characters == lines * (sizeof(domain.console_line) - 1));
}

static void who_may(void)
{
    domain.console_emergency = false;
    CHECK(do_console_io(0, 5, (vaddr_t)"hello") == -EPERM);
    CHECK(do_console_io(1, 5, (vaddr_t)"hello") == -EPERM);
    CHECK(do_console_io(2, 5, (vaddr_t)"hello") == -EPERM);
    CHECK(do_console_io(0, ~0ul, (vaddr_t)"hello") == -EINVAL);
    domain.privileged = privileged = true;
    CHECK(do_console_io(0, 5, (vaddr_t)"hello") == 0 && !memcmp(raw, "hello", 5));
    CHECK(do_console_io(1, 5, (vaddr_t)"hello") == 0);
    CHECK(do_console_io(2, 5, (vaddr_t)"hello") == -ENOSYS);
}

int main(void)
{
    memset(text, 'x', sizeof(text));
    domain.id = 7;
    vcpu.domain = &domain;
    current = &vcpu;
    TEST(lines_are_whole);
    TEST(who_may);
    return TEST_RESULT();
}
