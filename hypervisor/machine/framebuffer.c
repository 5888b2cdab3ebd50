/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Text on a linear frame buffer (UEFI GOP, VESA): draws letters of 8x16 pixels,
 * doubled on very fine screens. Called by screen.c only, under the console's
 * lock; screen.c keeps the characters, so nothing is ever read back.
 */
#include "lib/string.h"
#include "machine/console_internal.h"
#include "machine/font.h"

#define LETTER_WIDTH 8
#define LETTER_HEIGHT 16
#define FINE_WIDTH 2560 /* from here on letters are doubled */

static u8 *memory;
static struct screen_info screen;
static unsigned scale;
static u32 colour; /* light grey in the screen's format */

static void draw(unsigned column, unsigned row, char c);
static struct screen_driver driver = { .draw = draw };

static void put_pixel(u8 *p, u32 value)
{
    switch (screen.bpp) {
    case 32:
        *(volatile u32 *)p = value;
        break;
    case 24:
        p[0] = (u8)value;
        p[1] = (u8)(value >> 8);
        p[2] = (u8)(value >> 16);
        break;
    default:
        *(volatile u16 *)p = (u16)value;
    }
}

static void draw(unsigned column, unsigned row, char c)
{
    unsigned letter = (u8)c - FONT_FIRST, bytes = screen.bpp / 8;
    const u8 *glyph = font_8x16[letter < FONT_LETTERS ? letter : 0];

    for (unsigned y = 0; y < LETTER_HEIGHT * scale; y++) {
        u8 *line = memory + (u64)(row * LETTER_HEIGHT * scale + y) * screen.pitch +
                   (u64)column * LETTER_WIDTH * scale * bytes;
        u8 bits = glyph[y / scale];

        for (unsigned x = 0; x < LETTER_WIDTH * scale; x++)
            put_pixel(line + x * bytes, bits & 0x80 >> x / scale ? colour : 0);
    }
}

/* Two thirds of full brightness of one colour. */
static u32 component(u8 position, u8 size)
{
    return size && size <= 8 && position < 32 ? (u32)((1u << size) * 2 / 3) << position : 0;
}

const struct screen_driver *framebuffer_init(const struct screen_info *info, void *mapped)
{
    screen = *info;
    if (screen.bpp == 15)
        screen.bpp = 16;
    if ((screen.bpp != 16 && screen.bpp != 24 && screen.bpp != 32) || !mapped ||
        (u64)screen.width * screen.bpp / 8 > screen.pitch)
        return NULL;
    scale = screen.width >= FINE_WIDTH ? 2 : 1;
    colour = component(screen.red_position, screen.red_size) | component(screen.green_position,
                                                                         screen.green_size) |
             component(screen.blue_position, screen.blue_size);
    driver.columns = screen.width / (LETTER_WIDTH * scale);
    driver.rows = screen.height / (LETTER_HEIGHT * scale);
    memory = mapped;
    for (u32 y = 0; y < screen.height; y++)
        memset(memory + (u64)y * screen.pitch, 0, screen.width * screen.bpp / 8);
    return &driver;
}
