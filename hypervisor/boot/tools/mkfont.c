/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Host tool: reads a GRUB font (PFF2) and prints the C table of the letters
 * 32..126 in cells of 8x16 pixels for machine/framebuffer.c. File format:
 * sections of a four-letter name and a big-endian length; CHIX lists code
 * point, flags and file offset of each glyph; a glyph is width, height, x and y
 * offset, advance (16 bits each, big-endian), then its bits without padding.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint8_t *file;
static size_t size;

static void fail(const char *what)
{
    fprintf(stderr, "mkfont: %s\n", what);
    exit(1);
}

static uint32_t get(size_t at, int bytes)
{
    uint32_t v = 0;

    if (at + bytes > size)
        fail("the font file is cut short");
    while (bytes--)
        v = v << 8 | file[at++];
    return v;
}

/* Offset of the section's data; *@len its length. */
static size_t section(const char *name, uint32_t *len)
{
    for (size_t at = 0; at + 8 <= size;) {
        *len = get(at + 4, 4);
        if (!memcmp(file + at, name, 4))
            return at + 8;
        if (*len == 0xffffffff)
            break;
        at += 8 + *len;
    }
    fail("a section is missing");
    return 0;
}

static size_t glyph_offset(uint32_t code)
{
    uint32_t len;
    size_t at = section("CHIX", &len);

    for (uint32_t i = 0; i + 9 <= len; i += 9)
        if (get(at + i, 4) == code)
            return get(at + i + 5, 4);
    fail("a letter is missing");
    return 0;
}

static void print_glyph(uint32_t code, int ascent)
{
    size_t at = glyph_offset(code);
    int w = get(at, 2), h = get(at + 2, 2);
    int x0 = (int16_t)get(at + 4, 2), top = ascent - (int16_t)get(at + 6, 2) - h;
    uint8_t rows[16] = { 0 };

    for (int i = 0; i < w * h; i++) {
        int x = x0 + i % w, y = top + i / w;

        if (get(at + 10 + i / 8, 1) & 0x80 >> i % 8 && x >= 0 && x < 8 && y >= 0 && y < 16)
            rows[y] |= 0x80 >> x;
    }
    printf("    { ");
    for (int y = 0; y < 16; y++)
        printf("0x%02x, ", rows[y]);
    printf("}, /* %c */\n", code == '\\' ? ' ' : (int)code);
}

int main(int argc, char **argv)
{
    FILE *f = argc == 2 ? fopen(argv[1], "rb") : NULL;
    uint32_t len;

    if (!f)
        fail("cannot open the font file (package grub-common)");
    fseek(f, 0, SEEK_END);
    size = ftell(f);
    rewind(f);
    file = malloc(size);
    if (!file || fread(file, 1, size, f) != size)
        fail("cannot read the font file");
    int ascent = get(section("ASCE", &len), 2);

    printf("/* Made by boot/tools/mkfont.c from GNU Unifont as packed with GRUB. */\n"
           "#include \"machine/font.h\"\n\nconst u8 font_8x16[95][16] = {\n");
    for (uint32_t c = 32; c < 127; c++)
        print_glyph(c, ascent);
    printf("};\n");
    return 0;
}
