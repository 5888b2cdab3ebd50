/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a guest's monitor says: lines with the time in /var/log/xen/xl-NAME.log, which is kept small
 * while the monitor runs (the host runs from memory), and what a person should see on the host's
 * console too. Called by monitor.c and restart.c.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "xl.h"

#ifndef CONSOLE
#define CONSOLE "/dev/console"
#endif
#ifndef MONITOR_FOLDER
#define MONITOR_FOLDER "/"
#endif
#define LOG_MAX (256 << 10)

static char log_path[PATH_MAX];

/* Standard output and error go to the log. */
static void open_log(void)
{
    int log = open(log_path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);

    if (log < 0)
        log = open("/dev/null", O_WRONLY | O_CLOEXEC);
    if (log < 0)
        return;
    fflush(stdout);
    dup2(log, 1);
    dup2(log, 2);
    close(log);
}

/* A log that is full becomes the old one. What the file is, is asked each time: another may have changed it. */
static void rotate(void)
{
    char old[PATH_MAX + 4];
    struct stat st;

    if (!*log_path || stat(log_path, &st) || st.st_size < LOG_MAX)
        return;
    snprintf(old, sizeof(old), "%s.1", log_path);
    rename(log_path, old);
    open_log();
}

void monitor_detach(const char *name)
{
    int null = open("/dev/null", O_RDWR);

    mkdir(XL_LOG_DIR, 0755);
    snprintf(log_path, sizeof(log_path), XL_LOG_DIR "/xl-%s.log", name);
    dup2(null, 0);
    close(null);
    rotate();
    open_log();
    prctl(PR_SET_NAME, "xl-monitor");
    if (chdir(MONITOR_FOLDER))
        log_line("cannot change to %s: %s", MONITOR_FOLDER, strerror(errno));
}

static void write_line(const char *fmt, va_list ap)
{
    time_t now = time(NULL);
    char stamp[32];
    struct tm tm;

    rotate();
    localtime_r(&now, &tm);
    strftime(stamp, sizeof(stamp), "%Y-%m-%d %H:%M:%S", &tm);
    printf("%s ", stamp);
    vprintf(fmt, ap);
    putchar('\n');
    fflush(stdout);
}

void log_line(const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    write_line(fmt, ap);
    va_end(ap);
}

void log_loud(const char *fmt, ...)
{
    int console = open(CONSOLE, O_WRONLY | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
    char text[800];
    va_list ap;

    va_start(ap, fmt);
    write_line(fmt, ap);
    va_end(ap);
    if (console < 0)
        return;
    va_start(ap, fmt);
    vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    dprintf(console, "\r\nxl: %s\r\n", text);
    close(console);
}
