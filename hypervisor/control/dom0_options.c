/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How much memory and how many vCPUs Domain 0 gets: dom0_mem= and
 * dom0_max_vcpus= with Xen's syntax, and what it gets when nobody says. Called
 * once while booting.
 */
#include "control/dom0_internal.h"
#include "errno.h"
#include "lib/parse.h"
#include "lib/string.h"
#include "machine/console.h"
#include "machine/panic.h"
#include "machine/smp.h"
#include "mm/buddy.h"
#include "option.h"

#define MB_TO_PAGES(n) (MB(n) >> PAGE_SHIFT)
#define RESERVE_PAGES MB_TO_PAGES(4)       /* kept back for the hypervisor's own needs, at least */
#define MARGIN_PAGES MB_TO_PAGES(16)       /* beyond kernel and initrd, below which Linux will not start */
#define P2M_LIMIT (GB(1) / sizeof(u64))    /* the list is one block of the allocator */

/* One of the sizes of dom0_mem=. */
struct wish {
    bool given, negative;   /* negative: all but so much */
    unsigned percent;       /* of the memory there is, added */
    u64 bytes;
};

static struct wish wish_size, wish_min, wish_max;
static unsigned vcpus_min, vcpus_max; /* 0: not given */

/* "<size>", "-<size>", "<percent>%", "<percent>%+<size>" */
static int parse_wish(const char **s, struct wish *w)
{
    const char *p = *s;
    u64 n;

    w->given = true;
    w->negative = *p == '-';
    if (w->negative)
        p++;
    *s = p;
    if (!parse_u64(&p, 10, &n) && *p == '%') {
        if (n > 100 || w->negative)
            return -EINVAL;
        w->percent = (unsigned)n;
        *s = p + 1;
        if (**s != '+' && **s != '-')
            return 0;
        w->negative = **s == '-';
        (*s)++;
    }
    return parse_size(s, KB(1), &w->bytes);
}

/* dom0_mem=[<size>][,min:<size>][,max:<size>] */
static int parse_dom0_mem(const char *s)
{
    for (;;) {
        struct wish *w = &wish_size;
        int rc;

        if (!strncmp(s, "min:", 4) || !strncmp(s, "max:", 4)) {
            w = s[1] == 'i' ? &wish_min : &wish_max;
            s += 4;
        }
        rc = parse_wish(&s, w);
        if (rc)
            return -EINVAL;
        if (!*s)
            return 0;
        if (*s++ != ',')
            return -EINVAL;
    }
}
OPTION_FUNCTION("dom0_mem", parse_dom0_mem);

/* dom0_max_vcpus=<n> or <min>-<max> */
static int parse_dom0_max_vcpus(const char *s)
{
    u64 lo, hi;

    if (parse_u64(&s, 10, &lo))
        return -EINVAL;
    hi = lo;
    if (*s == '-') {
        s++;
        hi = MAX_VCPUS;
        if (*s && parse_u64(&s, 10, &hi))
            return -EINVAL;
    }
    if (*s || !hi || lo > hi)
        return -EINVAL;
    vcpus_min = (unsigned)MIN(lo, (u64)MAX_VCPUS);
    vcpus_max = (unsigned)MIN(hi, (u64)MAX_VCPUS);
    return 0;
}
OPTION_FUNCTION("dom0_max_vcpus", parse_dom0_max_vcpus);

unsigned dom0_choose_vcpus(void)
{
    unsigned n = cpu_count;

    if (vcpus_max && n > vcpus_max)
        n = vcpus_max;
    if (n < vcpus_min)
        n = vcpus_min;
    return MIN(n, (unsigned)MAX_VCPUS);
}

static u64 wish_pages(const struct wish *w, u64 available)
{
    u64 pages = w->bytes >> PAGE_SHIFT, part = available * w->percent / 100;

    if (!w->negative)
        return part + pages;
    if (!w->percent)
        part = available;
    return part > pages ? part - pages : 0;
}

/*
 * Without dom0_mem=: all of a small machine, less what the hypervisor may need;
 * of a larger one 384 MiB and a sixteenth, at most 4 GiB, so that guests start without ballooning first.
 */
static u64 default_pages(u64 available, u64 needed)
{
    u64 most = available - MIN(available, MAX(RESERVE_PAGES, available / 32));
    u64 pages;

    if (available <= MB_TO_PAGES(512))
        return most;
    pages = MIN(MB_TO_PAGES(384) + available / 16, GB(4) >> PAGE_SHIFT);
    return MIN(MAX(pages, needed + MB_TO_PAGES(192)), most);
}

static void refuse(const char *what, u64 pages, u64 needed)
{
    panic_configuration("%s gives Domain 0 %lu MiB, its kernel and initrd need at least %lu MiB: %s\n", what,
                        pages >> (20 - PAGE_SHIFT), (needed >> (20 - PAGE_SHIFT)) + 1,
                        wish_size.given ? "raise dom0_mem=, or use a smaller kernel or initrd"
                                        : "add memory, or use a smaller kernel or initrd");
}

struct dom0_size dom0_choose_size(u64 available, u64 needed)
{
    u64 most = available - MIN(available, RESERVE_PAGES);
    struct dom0_size s = { .max_pages = UINT32_MAX };

    needed += MARGIN_PAGES;
    if (wish_size.given) {
        s.pages = wish_pages(&wish_size, available);
    } else {
        s.pages = default_pages(available, needed);
        s.max_pages = s.pages;
    }
    if (wish_max.given) {
        s.max_pages = wish_pages(&wish_max, available);
        if (!wish_size.given)
            s.pages = MIN(most, s.max_pages);
    }
    if (wish_min.given)
        s.pages = MAX(s.pages, wish_pages(&wish_min, available));
    s.pages = MIN(s.pages, s.max_pages);
    if (s.pages > most) {
        if (wish_size.given || wish_min.given)
            pr_warning("dom0_mem= asks for %lu MiB of %lu MiB: Domain 0 gets %lu MiB\n", s.pages >> (20 - PAGE_SHIFT),
                       available >> (20 - PAGE_SHIFT), most >> (20 - PAGE_SHIFT));
        s.pages = most;
    }
    s.pages = MIN(s.pages, P2M_LIMIT);
    if (s.pages < needed)
        refuse(wish_size.given ? "dom0_mem=" : "this machine", s.pages, needed);
    s.max_pages = MAX(s.max_pages, s.pages);
    return s;
}
