/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Serial lines: up to two 16550 UARTs (com1=, com2=). Output goes through a
 * ring per line: as long as the transmitter takes bytes they are written at
 * once, 16 a time; the rest follows by interrupt, or, when there are none, the
 * writer waits. A line that stops taking bytes is given up. Input comes by
 * interrupt or by polling and goes to console.c. Lock: LOCK_SERIAL, one a line.
 *
 * Source: data sheet of the National PC16550D.
 */
#include "errno.h"
#include "lib/parse.h"
#include "lib/string.h"
#include "machine/console.h"
#include "machine/console_internal.h"
#include "machine/spinlock.h"
#include "machine/x86.h"
#include "option.h"

#define UART_DATA 0 /* divisor low while DLAB */
#define UART_IER 1  /* divisor high while DLAB */
#define UART_FCR 2
#define UART_LCR 3
#define UART_MCR 4
#define UART_LSR 5
#define IER_RECEIVE 0x01
#define IER_TRANSMIT 0x02
#define FCR_ENABLE_CLEAR 0xc7 /* FIFOs on and empty, interrupt at 14 bytes (or when the line pauses) */
#define LCR_DLAB 0x80
#define MCR_DTR_RTS_OUT2 0x0b /* OUT2 lets the interrupt through on a PC */
#define LSR_DATA 0x01
#define LSR_THRE 0x20 /* the transmit FIFO is empty */
#define UART_CLOCK 1843200
#define FIFO_BYTES 16
#define RING_BYTES 4096
#define PATIENCE 200000 /* reads of the status, about a microsecond each, before a line is given up */

struct line {
    u16 port;
    u8 irq, lcr;
    u32 baud; /* 0: leave as it is */
    bool disabled, used, interrupts, dead;
    char last;        /* for CR LF */
    u32 head, tail;   /* of the ring: bytes put in, taken out */
    struct spinlock lock;
    char ring[RING_BYTES];
};

static struct line lines[SERIAL_LINES] = {
    { .port = 0x3f8, .irq = 4, .lcr = 3, .baud = 115200, .lock = SPINLOCK_INIT(LOCK_SERIAL) },
    { .port = 0x2f8, .irq = 3, .lcr = 3, .baud = 115200, .lock = SPINLOCK_INIT(LOCK_SERIAL) },
};
static bool panicking;
void (*serial_receiver)(char c);

/* "8n1": data bits 5..8, parity n o e m s, stop bits 1 2. @return line control value, -EINVAL */
static int parse_format(const char *s)
{
    static const char parities[] = "noems";
    const char *parity;

    if (s[0] < '5' || s[0] > '8' || !s[1] || (s[2] != '1' && s[2] != '2'))
        return -EINVAL;
    parity = strchr(parities, s[1]);
    if (!parity)
        return -EINVAL;
    return (s[0] - '5') | (s[2] == '2' ? 4 : 0) | (parity == parities ? 0 : (int)(parity - parities) * 16 - 8);
}

/* The number that ends at a comma or the end; leaves *@s alone when the field is empty. */
static int parse_field(const char **s, u64 max, u64 *value)
{
    int rc;

    if (**s == ',' || !**s)
        return 0;
    rc = parse_u64(s, 0, value);
    return rc ? rc : *value > max || (**s != ',' && **s) ? -EINVAL : 0;
}

/* <baud>|auto[/<clock>][,[DPS][,[<port>][,<irq>]]] as Xen has it. */
static int parse_line(struct line *l, const char *s)
{
    u64 baud = l->baud, port = l->port, irq = l->irq, clock;
    int format = l->lcr;

    if (!strncmp(s, "auto", 4)) {
        baud = 0;
        s += 4;
    } else if (*s != ',' && (parse_u64(&s, 10, &baud) || !baud || UART_CLOCK / 16 % baud)) {
        return -EINVAL;
    }
    if (*s == '/') {
        s++;
        if (parse_u64(&s, 10, &clock) || clock != UART_CLOCK)
            return -EINVAL;
    }
    if (*s == ',' && *++s && *s != ',') {
        format = parse_format(s);
        if (format < 0)
            return format;
        s += 3;
    }
    if (*s == ',' && (s++, parse_field(&s, 0xfff8, &port)))
        return -EINVAL;
    if (*s == ',' && (s++, parse_field(&s, 15, &irq)))
        return -EINVAL;
    if (*s)
        return -EINVAL;
    l->baud = (u32)baud;
    l->lcr = (u8)format;
    l->port = (u16)port;
    l->irq = (u8)irq;
    return 0;
}

static int parse_com1(const char *s)
{
    return parse_line(&lines[0], s);
}

static int parse_com2(const char *s)
{
    return parse_line(&lines[1], s);
}

OPTION_FUNCTION("com1", parse_com1);
OPTION_FUNCTION("com2", parse_com2);

/*
 * A UART keeps what is written to its interrupt enable register; a missing one reads all ones or
 * nothing.
 */
static bool uart_present(const struct line *l)
{
    outb(l->port + UART_IER, 0);
    if (inb(l->port + UART_IER) != 0)
        return false;
    outb(l->port + UART_IER, 0x0f);
    if ((inb(l->port + UART_IER) & 0x0f) != 0x0f)
        return false;
    outb(l->port + UART_IER, 0);
    return true;
}

static void uart_setup(struct line *l)
{
    u32 divisor = l->baud ? UART_CLOCK / 16 / l->baud : 0;

    l->used = uart_present(l);
    if (!l->used)
        return;
    if (divisor) {
        outb(l->port + UART_LCR, LCR_DLAB);
        outb(l->port + UART_DATA, (u8)divisor);
        outb(l->port + UART_IER, (u8)(divisor >> 8));
    }
    outb(l->port + UART_LCR, l->lcr);
    outb(l->port + UART_FCR, FCR_ENABLE_CLEAR);
    outb(l->port + UART_MCR, MCR_DTR_RTS_OUT2);
}

void serial_init(const char *consoles)
{
    if (strstr(consoles, "com1"))
        uart_setup(&lines[0]);
    if (strstr(consoles, "com2"))
        uart_setup(&lines[1]);
}

/* Writes what the transmitter takes now. */
static void transmit(struct line *l)
{
    while (l->tail != l->head && inb(l->port + UART_LSR) & LSR_THRE)
        for (unsigned n = 0; n < FIFO_BYTES && l->tail != l->head; n++)
            outb(l->port + UART_DATA, (u8)l->ring[l->tail++ % RING_BYTES]);
}

/* Waits until at most @left bytes are in the ring. */
static void drain(struct line *l, u32 left)
{
    for (u32 patience = PATIENCE; l->head - l->tail > left; patience--) {
        u32 before = l->tail;

        transmit(l);
        if (l->tail != before)
            patience = PATIENCE;
        if (!patience) {
            l->dead = true;
            l->tail = l->head;
        }
    }
}

static void put(struct line *l, char c)
{
    if (l->head - l->tail == RING_BYTES)
        drain(l, RING_BYTES - FIFO_BYTES);
    l->ring[l->head++ % RING_BYTES] = c;
}

static void line_write(struct line *l, const char *s, size_t len)
{
    for (; len; len--, s++) {
        if (*s == '\n' && l->last != '\r')
            put(l, '\r');
        put(l, *s);
        l->last = *s;
    }
    if (!l->interrupts || panicking) {
        drain(l, 0);
        return;
    }
    transmit(l);
    outb(l->port + UART_IER, l->tail != l->head ? IER_RECEIVE | IER_TRANSMIT : IER_RECEIVE);
}

void serial_write(const char *s, size_t len)
{
    for (struct line *l = lines; l < lines + ARRAY_SIZE(lines); l++) {
        bool was = false;

        if (!l->used || l->dead)
            continue;
        if (!panicking)
            was = spin_lock_irqsave(&l->lock);
        line_write(l, s, len);
        if (!panicking)
            spin_unlock_irqrestore(&l->lock, was);
    }
}

/* Sends what waits and collects what came. @return bytes put into @buf of FIFO_BYTES * 2 */
static unsigned serve(struct line *l, char *buf)
{
    bool was = spin_lock_irqsave(&l->lock);
    unsigned n = 0;

    while (n < FIFO_BYTES * 2 && inb(l->port + UART_LSR) & LSR_DATA)
        buf[n++] = (char)inb(l->port + UART_DATA);
    transmit(l);
    if (l->interrupts)
        outb(l->port + UART_IER, l->tail != l->head ? IER_RECEIVE | IER_TRANSMIT : IER_RECEIVE);
    spin_unlock_irqrestore(&l->lock, was);
    return n;
}

static void receive(struct line *l)
{
    char buf[FIFO_BYTES * 2];
    unsigned n = serve(l, buf);

    for (unsigned i = 0; i < n; i++)
        serial_receiver(buf[i]);
}

bool serial_line_irq(unsigned i, unsigned *isa_irq)
{
    *isa_irq = lines[i].irq;
    return lines[i].used && lines[i].irq;
}

unsigned serial_line_port(unsigned i)
{
    return lines[i].used ? lines[i].port : 0;
}

void serial_line_start(unsigned i)
{
    struct line *l = &lines[i];

    l->interrupts = true;
    outb(l->port + UART_IER, IER_RECEIVE);
    inb(l->port + UART_FCR); /* clears an old interrupt identification */
    receive(l);
}

void serial_line_serve(unsigned i)
{
    receive(&lines[i]);
}

void serial_poll(void)
{
    for (struct line *l = lines; l < lines + ARRAY_SIZE(lines); l++)
        if (l->used && !l->dead && !l->interrupts)
            receive(l);
}

void serial_enter_panic(void)
{
    panicking = true;
}

int serial_poll_char(void)
{
    for (struct line *l = lines; l < lines + ARRAY_SIZE(lines); l++)
        if (l->used && inb(l->port + UART_LSR) & LSR_DATA)
            return inb(l->port + UART_DATA);
    return -1;
}
