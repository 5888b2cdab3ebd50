/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * VGA text memory: one 16-bit cell a character, light grey on black. Called by
 * screen.c only, under the console's lock.
 */
#include "machine/console_internal.h"
#include "machine/x86.h"

#define ATTRIBUTE 0x0700 /* light grey on black */
#define CRTC_INDEX 0x3d4
#define CRTC_DATA 0x3d5
#define CRTC_CURSOR_START 0x0a
#define CURSOR_OFF 0x20

static volatile u16 *cells;

static void draw(unsigned column, unsigned row, char c);
static struct screen_driver driver = { .draw = draw };

static void draw(unsigned column, unsigned row, char c)
{
    cells[row * driver.columns + column] = ATTRIBUTE | (u8)c;
}

/* Memory answers there: on a machine without VGA reads give all ones. */
static bool is_memory(volatile u16 *cell)
{
    u16 old = *cell;
    bool ok;

    *cell = ATTRIBUTE | 'H';
    ok = *cell == (ATTRIBUTE | 'H');
    *cell = old;
    return ok;
}

const struct screen_driver *vga_text_init(const struct screen_info *info, void *mapped)
{
    cells = mapped;
    if (!is_memory(cells))
        return NULL;
    driver.columns = info->width;
    driver.rows = info->height;
    outb(CRTC_INDEX, CRTC_CURSOR_START);
    outb(CRTC_DATA, CURSOR_OFF);
    return &driver;
}
