/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * printk and Domain 0's console: levels, the "(XEN) " mark, who gets the input.
 * Output goes to the log ring, the serial lines and the screen. Any context;
 * lock LOCK_CONSOLE for the output, LOCK_SERIAL rank for the input ring. In a
 * panic nothing is locked: only one CPU runs then.
 */
#include "machine/console.h"

#include "errno.h"
#include "lib/printf.h"
#include "lib/string.h"
#include "machine/console_internal.h"
#include "machine/cpu.h"
#include "machine/spinlock.h"
#include "option.h"

#define LINE_MAX 512
#define INPUT_BYTES 512 /* power of two */
#define SWITCH_KEY 0x01 /* Ctrl-A */
#define SWITCH_COUNT 3
#define RATE_PERIOD 5000000000UL /* rate-limited guest messages: so many in so many nanoseconds */
#define RATE_BURST 10

/* Level words of Xen's loglvl=; a message is shown when its level is below the limit. */
enum { LIMIT_NONE, LIMIT_ERROR, LIMIT_WARNING, LIMIT_INFO, LIMIT_DEBUG };

struct limits {
    /* below always: shown; below limited: shown unless there are too many */
    unsigned always, limited;
};

static struct limits own_limits = { LIMIT_INFO, LIMIT_INFO };
static struct limits guest_limits = { LIMIT_NONE, LIMIT_WARNING };
static char consoles[64] = "vga,com1";
static char vga_option[64];

static struct spinlock lock = SPINLOCK_INIT(LOCK_CONSOLE);
static struct spinlock input_lock = SPINLOCK_INIT(LOCK_SERIAL);
static bool panicking, screen_used, at_line_start = true, raw_line_open;
static char input[INPUT_BYTES];
static u32 input_head, input_tail;
static unsigned switch_seen;
static bool input_is_ours;

void (*console_input_handler)(void);
void (*console_key_handler)(char key);
nsec_t (*console_clock)(void);

/* One level word at *@s. @return limit, -EINVAL */
static int parse_level(const char **s)
{
    static const char *const words[] = { "none", "error", "warning", "info", "debug", "all" };

    for (unsigned i = 0; i < ARRAY_SIZE(words); i++) {
        size_t n = strlen(words[i]);

        if (!strncmp(*s, words[i], n)) {
            *s += n;
            return (int)MIN(i, LIMIT_DEBUG);
        }
    }
    return -EINVAL;
}

/* <level>[/<rate-limited level>] */
static int parse_limits(const char *s, struct limits *l)
{
    int always = parse_level(&s), limited = always;

    if (always >= 0 && *s == '/') {
        s++;
        limited = parse_level(&s);
    }
    if (always < 0 || limited < 0 || *s)
        return -EINVAL;
    l->always = (unsigned)always;
    l->limited = MAX((unsigned)always, (unsigned)limited);
    return 0;
}

static int parse_loglvl(const char *s)
{
    return parse_limits(s, &own_limits);
}

static int parse_guest_loglvl(const char *s)
{
    return parse_limits(s, &guest_limits);
}

OPTION_FUNCTION("loglvl", parse_loglvl);
OPTION_FUNCTION("guest_loglvl", parse_guest_loglvl);
OPTION_TEXT("console", consoles);
OPTION_TEXT("vga", vga_option);
OPTION_IGNORED("console_timestamps");
OPTION_IGNORED("console_to_ring");
OPTION_IGNORED("sync_console");

static bool take_lock(void)
{
    return panicking ? false : spin_lock_irqsave(&lock);
}

static void drop_lock(bool was)
{
    if (!panicking)
        spin_unlock_irqrestore(&lock, was);
}

static void output(const char *s, size_t len, bool logged)
{
    if (logged)
        log_append(s, len);
    serial_write(s, len);
    if (screen_used)
        screen_write(s, len);
}

/* Whole lines with the mark at each start. A line that Domain 0 has left open is ended first. */
static void print_marked(const char *s)
{
    if (raw_line_open)
        output("\n", 1, false);
    raw_line_open = false;
    while (*s) {
        const char *end = strchr(s, '\n');
        size_t len = end ? (size_t)(end - s) + 1 : strlen(s);

        if (at_line_start)
            output("(XEN) ", 6, true);
        output(s, len, true);
        at_line_start = end;
        s += len;
    }
}

static void __printf(1, 0) print_va(const char *fmt, va_list args)
{
    char buf[LINE_MAX];
    bool was;

    vsnprintf(buf, sizeof(buf), fmt, args);
    was = take_lock();
    print_marked(buf);
    drop_lock(was);
}

void printk(enum log_level level, const char *fmt, ...)
{
    va_list args;

    if (level >= own_limits.always && !panicking)
        return;
    va_start(args, fmt);
    print_va(fmt, args);
    va_end(args);
}

/* A bucket of messages that fills up again with time; the count of lost ones is reported. */
static bool rate_allows(void)
{
    static nsec_t period_start;
    static unsigned used, lost;
    nsec_t now = console_clock ? console_clock() : 0;

    if (now - period_start >= RATE_PERIOD) {
        unsigned n = lost;

        period_start = now;
        used = lost = 0;
        if (n)
            printk(LOG_ERROR, "%u messages about guests left out\n", n);
    }
    if (used++ < RATE_BURST)
        return true;
    lost++;
    return false;
}

void guest_printk(enum log_level level, const char *fmt, ...)
{
    va_list args;

    if (level >= guest_limits.always && (level >= guest_limits.limited || !rate_allows()))
        return;
    va_start(args, fmt);
    print_va(fmt, args);
    va_end(args);
}

void console_write_guest(const char *s, size_t len)
{
    bool was = take_lock();

    if (!at_line_start) {
        output("\n", 1, true);
        at_line_start = true;
    }
    output(s, len, false);
    if (len)
        raw_line_open = s[len - 1] != '\n' && s[len - 1] != '\r';
    drop_lock(was);
}

void console_release_screen(void)
{
    bool was = take_lock();

    if (!strstr(vga_option, "keep"))
        screen_used = false;
    drop_lock(was);
}

void console_enter_panic(void)
{
    panicking = true;
    serial_enter_panic();
    if (!screen_used && strstr(consoles, "vga")) {
        screen_used = true;
        screen_clear();
    }
    if (!at_line_start || raw_line_open)
        output("\n", 1, true);
    at_line_start = true;
    raw_line_open = false;
}

int console_poll_char(void)
{
    return serial_poll_char();
}

/* True when @c is part of the key sequence that switches the input and completes it. */
static bool switches_input(char c)
{
    switch_seen = c == SWITCH_KEY ? switch_seen + 1 : 0;
    if (switch_seen < SWITCH_COUNT)
        return false;
    switch_seen = 0;
    input_is_ours = !input_is_ours;
    printk(LOG_ERROR, "*** Serial input to %s (type 'CTRL-a' three times to switch input)\n",
           input_is_ours ? "Xen" : "DOM0");
    return true;
}

static void queue_input(char c)
{
    bool was = spin_lock_irqsave(&input_lock);

    if (input_head - input_tail < INPUT_BYTES)
        input[input_head++ % INPUT_BYTES] = c;
    spin_unlock_irqrestore(&input_lock, was);
}

static void received(char c)
{
    if (switches_input(c))
        return;
    if (input_is_ours) {
        if (c != SWITCH_KEY && console_key_handler)
            console_key_handler(c);
        return;
    }
    queue_input(c);
    if (console_input_handler)
        console_input_handler();
}

size_t console_read(char *buf, size_t len)
{
    bool was = spin_lock_irqsave(&input_lock);
    size_t n = 0;

    while (n < len && input_tail != input_head)
        buf[n++] = input[input_tail++ % INPUT_BYTES];
    spin_unlock_irqrestore(&input_lock, was);
    return n;
}

void console_init(const struct screen_info *screen, void *mapped)
{
    serial_receiver = received;
    serial_init(consoles);
    if (strstr(consoles, "vga")) {
        screen_init(screen, mapped);
        screen_used = true;
    }
}
