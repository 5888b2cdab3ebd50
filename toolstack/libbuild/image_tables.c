/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Page tables in a saved image: entries hold the guest's frame numbers there and machine frame
 * numbers in memory. Pure arithmetic. Formats: SDM vol. 3, 4.5; XEN_DOMCTL_PFINFO_* of
 * public/domctl.h; the hypervisor's part of the root: public/arch-x86/xen-x86_64.h.
 */
#include "image.h"

#define PTE_PRESENT    (1ULL << 0)
#define PTE_FRAME_MASK 0x000ffffffffff000ULL
#define ENTRIES        512u
#define HV_FIRST \
    256u /* entries of the root that are the hypervisor's: 0xffff8000... to 0xffff87ff... */
#define HV_LAST 271u

unsigned int image_table_level(uint32_t type)
{
    unsigned int level = (type & XEN_DOMCTL_PFINFO_LTABTYPE_MASK) >> XEN_DOMCTL_PFINFO_LTAB_SHIFT;

    return level <= 4 ? level : 0;
}

bool image_has_contents(uint32_t type)
{
    return type != XEN_DOMCTL_PFINFO_XTAB && type != XEN_DOMCTL_PFINFO_XALLOC &&
           type != XEN_DOMCTL_PFINFO_BROKEN;
}

bool image_type_known(uint32_t type)
{
    if (type & ~XEN_DOMCTL_PFINFO_LTAB_MASK)
        return false;
    if (!image_has_contents(type) || type == XEN_DOMCTL_PFINFO_NOTAB)
        return true;
    return image_table_level(type) != 0;
}

int image_convert_table(unsigned int level, const uint64_t *from, uint64_t *to,
                        uint64_t (*lookup)(void *arg, uint64_t frame), void *arg)
{
    for (unsigned int i = 0; i < ENTRIES; i++) {
        uint64_t pte = from[i], frame;

        if (level == 4 && i >= HV_FIRST && i <= HV_LAST)
            pte = 0;
        if (pte & PTE_PRESENT) {
            frame = lookup(arg, (pte & PTE_FRAME_MASK) >> HV_PAGE_SHIFT);
            if (frame == IMAGE_NO_FRAME)
                return (int)i;
            pte = (pte & ~PTE_FRAME_MASK) | (frame << HV_PAGE_SHIFT & PTE_FRAME_MASK);
        }
        to[i] = pte;
    }
    return -1;
}
