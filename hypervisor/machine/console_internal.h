/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How the parts of the console work together (console.c, log_ring.c, serial.c,
 * screen.c with vga_text.c and framebuffer.c), and what boot/main.c calls to bring
 * them up. Everybody else uses machine/console.h.
 */
#ifndef HV_MACHINE_CONSOLE_INTERNAL_H
#define HV_MACHINE_CONSOLE_INTERNAL_H

#include "types.h"

/* --- what boot/main.c calls, in this order --- */

/* The screen as the boot loader left it. */
struct screen_info {
    enum { SCREEN_NONE, SCREEN_VGA_TEXT, SCREEN_FRAMEBUFFER } kind;
    paddr_t base;                    /* of the frame buffer or text memory */
    u32 width, height, pitch;        /* pixels, bytes a line; text: columns, rows */
    u8 bpp;                          /* bits a pixel: 16, 24, 32 */
    u8 red_position, red_size, green_position, green_size, blue_position, blue_size;
};

/*
 * Opens the consoles of console= (after the options are parsed), @mapped: @screen's memory, which
 * stays there; NULL: none.
 */
void console_init(const struct screen_info *screen, void *mapped);

/*
 * Receive interrupts from now on (serial_irq.c). @return false: serial_poll() must be called every
 * few milliseconds
 */
bool serial_start_interrupts(void);
void serial_poll(void);

/* System time for limiting the rate of messages; NULL: there is none yet. */
extern nsec_t (*console_clock)(void);

/* Uses @buf (a power of two of @size bytes) for the log from now on; what is there is kept. */
void log_set_buffer(char *buf, size_t size);
u64 log_wanted_size(void); /* conring_size= */

/* Domain 0 draws on the screen itself from now on, unless vga=...,keep. */
void console_release_screen(void);

/* --- between the parts --- */

/* From now on nothing locks or waits; the screen is ours again. */
void console_enter_panic(void);

/* One received byte, waited for by nobody: for the countdown of a panic. @return -1: none */
int console_poll_char(void);

/*
 * A byte has been received on a serial line, in interrupt context or while polling; set by
 * console.c.
 */
extern void (*serial_receiver)(char c);

/* Appends to the log ring; the console's lock is held. */
void log_append(const char *s, size_t len);

/* serial.c: all lines that console= names. Newlines become CR LF. */
void serial_init(const char *consoles);
void serial_write(const char *s, size_t len);
void serial_enter_panic(void);
int serial_poll_char(void);

/* serial.c for serial_irq.c: line @i (0, 1) wants interrupts from its ISA irq. */
#define SERIAL_LINES 2
bool serial_line_irq(unsigned i, unsigned *isa_irq);
unsigned serial_line_port(unsigned i); /* its first I/O port, 0: not used */
void serial_line_start(unsigned i); /* its interrupt is there from now on */
void serial_line_serve(unsigned i); /* the interrupt happened */

/* screen.c: a grid of characters on whatever screen there is. */
void screen_init(const struct screen_info *info, void *mapped);
void screen_write(const char *s, size_t len);
void screen_clear(void);

/* A kind of screen. Cells are drawn by the lower part only when they change. */
struct screen_driver {
    unsigned columns, rows;
    void (*draw)(unsigned column, unsigned row, char c);
};
const struct screen_driver *vga_text_init(const struct screen_info *info, void *mapped);
const struct screen_driver *framebuffer_init(const struct screen_info *info, void *mapped);

#endif
