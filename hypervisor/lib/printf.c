/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * snprintf and vsnprintf: flags "-+ 0#", width, precision (both also "*"),
 * lengths hh h l ll z j t, conversions d i u o x X c s p %. Text that is too
 * long is cut. Called from everywhere, panics included: no locks, no memory,
 * bounded stack. The sim build uses the host's C library instead.
 */
#include "lib/printf.h"

#include "lib/string.h"

struct out {
    char *buf;
    size_t size; /* bytes in buf */
    size_t len;  /* characters produced so far, also those that did not fit */
};

struct spec {
    bool left, plus, space, zero, alt, upper;
    int width;
    int precision;  /* -1: none */
    unsigned bytes; /* size of the integer argument */
    char conv;
};

static void put(struct out *o, char c)
{
    if (o->len + 1 < o->size)
        o->buf[o->len] = c;
    o->len++;
}

static void put_many(struct out *o, char c, int n)
{
    for (; n > 0; n--)
        put(o, c);
}

static void put_text(struct out *o, const struct spec *s, const char *text, size_t len)
{
    int pad = s->width - (int)len;

    if (!s->left)
        put_many(o, ' ', pad);
    for (size_t i = 0; i < len; i++)
        put(o, text[i]);
    if (s->left)
        put_many(o, ' ', pad);
}

/* Digits of @v in @base, last first. @return their number; none for 0. */
static int digits(char *buf, u64 v, unsigned base, bool upper)
{
    const char *set = upper ? "0123456789ABCDEF" : "0123456789abcdef";
    int n = 0;

    for (; v; v /= base)
        buf[n++] = set[v % base];
    return n;
}

static void put_number(struct out *o, const struct spec *s, u64 v, unsigned base, const char *prefix)
{
    char buf[24];
    int n = digits(buf, v, base, s->upper);
    int plen = (int)strlen(prefix);
    int want = s->precision >= 0 ? s->precision : 1; /* digits at least */
    int zeros, pad;

    if (s->alt && base == 8 && want <= n)
        want = n + 1;
    if (s->zero && !s->left && s->precision < 0 && s->width - plen > want)
        want = s->width - plen;
    zeros = want > n ? want - n : 0;
    pad = s->width - plen - zeros - n;
    if (!s->left)
        put_many(o, ' ', pad);
    for (; *prefix; prefix++)
        put(o, *prefix);
    put_many(o, '0', zeros);
    while (n)
        put(o, buf[--n]);
    if (s->left)
        put_many(o, ' ', pad);
}

static void put_signed(struct out *o, const struct spec *s, s64 v)
{
    const char *sign = v < 0 ? "-" : s->plus ? "+" : s->space ? " " : "";

    put_number(o, s, v < 0 ? -(u64)v : (u64)v, 10, sign);
}

static void put_unsigned(struct out *o, const struct spec *s, u64 v)
{
    unsigned base = s->conv == 'u' ? 10 : s->conv == 'o' ? 8 : 16;
    bool prefixed = base == 16 && s->alt && v;

    put_number(o, s, v, base, !prefixed ? "" : s->upper ? "0X" : "0x");
}

/* A decimal number at *@fmt or the next argument for "*". */
static int number(const char **fmt, va_list *args)
{
    int n = 0;

    if (**fmt == '*') {
        (*fmt)++;
        return va_arg(*args, int);
    }
    for (; **fmt >= '0' && **fmt <= '9'; (*fmt)++)
        if (n < 1 << 20)
            n = n * 10 + (**fmt - '0');
    return n;
}

static void parse_flags(struct spec *s, const char **fmt)
{
    for (;; (*fmt)++) {
        if (**fmt == '-')
            s->left = true;
        else if (**fmt == '+')
            s->plus = true;
        else if (**fmt == ' ')
            s->space = true;
        else if (**fmt == '0')
            s->zero = true;
        else if (**fmt == '#')
            s->alt = true;
        else
            return;
    }
}

static unsigned parse_length(const char **fmt)
{
    char c = **fmt;

    if (c == 'z' || c == 'j' || c == 't') {
        (*fmt)++;
        return 8;
    }
    if (c != 'h' && c != 'l')
        return 4;
    (*fmt)++;
    if (**fmt != c)
        return c == 'h' ? 2 : sizeof(long);
    (*fmt)++;
    return c == 'h' ? 1 : 8;
}

static struct spec parse(const char **fmt, va_list *args)
{
    struct spec s = { .precision = -1 };

    parse_flags(&s, fmt);
    s.width = number(fmt, args);
    if (s.width < 0) {
        s.left = true;
        s.width = s.width == INT32_MIN ? 0 : -s.width;
    }
    if (**fmt == '.') {
        (*fmt)++;
        s.precision = number(fmt, args);
    }
    s.bytes = parse_length(fmt);
    s.conv = **fmt;
    s.upper = s.conv == 'X';
    if (s.conv)
        (*fmt)++;
    return s;
}

static u64 unsigned_arg(unsigned bytes, va_list *args)
{
    if (bytes == 8)
        return va_arg(*args, u64);
    return va_arg(*args, unsigned) & (bytes == 4 ? ~0u : bytes == 2 ? 0xffffu : 0xffu);
}

static s64 signed_arg(unsigned bytes, va_list *args)
{
    s64 v = bytes == 8 ? va_arg(*args, s64) : va_arg(*args, int);

    return bytes == 1 ? (s8)v : bytes == 2 ? (s16)v : v;
}

static void put_string(struct out *o, const struct spec *s, const char *text)
{
    if (!text)
        text = "(null)";
    put_text(o, s, text, s->precision >= 0 ? strnlen(text, (size_t)s->precision) : strlen(text));
}

static void convert(struct out *o, struct spec *s, va_list *args)
{
    char c;

    switch (s->conv) {
    case 'd':
    case 'i':
        put_signed(o, s, signed_arg(s->bytes, args));
        break;
    case 'u':
    case 'o':
    case 'x':
    case 'X':
        put_unsigned(o, s, unsigned_arg(s->bytes, args));
        break;
    case 'p':
        put_number(o, s, (u64)(uintptr_t)va_arg(*args, void *), 16, "0x");
        break;
    case 's':
        put_string(o, s, va_arg(*args, const char *));
        break;
    case 'c':
        c = (char)va_arg(*args, int);
        put_text(o, s, &c, 1);
        break;
    case '\0':
        break;
    default: /* also %% */
        put(o, s->conv);
    }
}

int vsnprintf(char *buf, size_t size, const char *fmt, va_list args)
{
    struct out o = { buf, size, 0 };
    struct spec s;
    va_list ap;

    va_copy(ap, args);
    while (*fmt) {
        if (*fmt != '%') {
            put(&o, *fmt++);
            continue;
        }
        fmt++;
        s = parse(&fmt, &ap);
        convert(&o, &s, &ap);
    }
    va_end(ap);
    if (size)
        buf[o.len < size ? o.len : size - 1] = '\0';
    return (int)o.len;
}

int snprintf(char *buf, size_t size, const char *fmt, ...)
{
    va_list args;
    int n;

    va_start(args, fmt);
    n = vsnprintf(buf, size, fmt, args);
    va_end(args);
    return n;
}
