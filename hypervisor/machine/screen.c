/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A terminal of the simplest kind on VGA text or a frame buffer: keeps the
 * characters of the screen, scrolls by half a screen when the last line is full
 * and draws only cells that change, since writing to a frame buffer is slow and
 * reading from it slower still. Called by console.c under its lock.
 */
#include "lib/string.h"
#include "machine/console_internal.h"

#define MAX_COLUMNS 160
#define MAX_ROWS 64
#define TAB 8

static const struct screen_driver *driver;
static enum { NO_SCREEN, VGA, FRAMEBUFFER } kind;
static unsigned columns, rows, column, row;
static char text[MAX_ROWS][MAX_COLUMNS];

static void set_cell(unsigned r, unsigned c, char ch)
{
    if (text[r][c] == ch)
        return;
    text[r][c] = ch;
    driver->draw(c, r, ch);
}

static void clear_rows(unsigned from)
{
    for (unsigned r = from; r < rows; r++)
        for (unsigned c = 0; c < columns; c++)
            set_cell(r, c, ' ');
}

static void scroll(void)
{
    unsigned up = kind == VGA ? 1 : rows / 2;

    for (unsigned r = up; r < rows; r++)
        for (unsigned c = 0; c < columns; c++)
            set_cell(r - up, c, text[r][c]);
    clear_rows(rows - up);
    row -= up;
}

static void new_line(void)
{
    column = 0;
    if (++row == rows)
        scroll();
}

static void put_char(char c)
{
    switch (c) {
    case '\n':
        new_line();
        return;
    case '\r':
        column = 0;
        return;
    case '\b':
        column -= column > 0;
        return;
    case '\t':
        column = (column + TAB) & ~(TAB - 1u);
        if (column >= columns)
            new_line();
        return;
    }
    if ((u8)c < ' ')
        return;
    if (column == columns)
        new_line();
    set_cell(row, column++, c);
}

/*
 * Leaves out escape sequences (ESC [ ... letter), which Linux sends to its console for colours and
 * the cursor.
 */
static bool is_escape(char c)
{
    static enum { TEXT, ESCAPE, SEQUENCE } state;

    if (c == 0x1b) {
        state = ESCAPE;
        return true;
    }
    switch (state) {
    case TEXT:
        return false;
    case ESCAPE:
        state = c == '[' ? SEQUENCE : TEXT;
        return true;
    case SEQUENCE:
        if (c >= '@' && c <= '~')
            state = TEXT;
        return true;
    }
    return false;
}

void screen_write(const char *s, size_t len)
{
    if (!driver)
        return;
    for (; len; len--, s++)
        if (!is_escape(*s))
            put_char(*s);
}

void screen_clear(void)
{
    if (!driver)
        return;
    memset(text, 0, sizeof(text)); /* what is there now is unknown: draw everything */
    clear_rows(0);
    column = row = 0;
}

void screen_init(const struct screen_info *info, void *mapped)
{
    if (!mapped)
        return;
    if (info->kind == SCREEN_VGA_TEXT) {
        driver = vga_text_init(info, mapped);
        kind = VGA;
    } else if (info->kind == SCREEN_FRAMEBUFFER) {
        driver = framebuffer_init(info, mapped);
        kind = FRAMEBUFFER;
    }
    if (!driver || !driver->columns || !driver->rows) {
        driver = NULL;
        return;
    }
    columns = MIN(driver->columns, MAX_COLUMNS);
    rows = MIN(driver->rows, MAX_ROWS);
    if (kind == FRAMEBUFFER) {
        memset(text, ' ', sizeof(text)); /* it has been blanked */
        return;
    }
    screen_clear();
}
