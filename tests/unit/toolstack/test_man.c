/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The manual against the programs: every sub-command of xl with its long options, every key of xl.cfg, every parameter of
 * disks and interfaces has its place in docs/man, and troff has nothing to say about any page.
 */
#include <ctype.h>
#include <dirent.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "libcfg/keys.c"

#include "check.h"

int cfg_fail(struct cfg_log *log, const char *file, int line, const char *fmt, ...)
{
    return -EINVAL;
}

void cfg_warn(struct cfg_log *log, const char *file, int line, const char *fmt, ...)
{
}

static char top[PATH_MAX];
static char text[1 << 18], source[1 << 18];

/* Reads a file of the tree; troff's escaped hyphens become plain ones. */
static void load(const char *name, char *to, size_t size)
{
    char path[PATH_MAX + 64], *out = to;
    FILE *f;
    size_t n;

    snprintf(path, sizeof(path), "%s/%s", top, name);
    f = fopen(path, "r");
    CHECK(f != NULL);
    n = f ? fread(to, 1, size - 1, f) : 0;
    if (f)
        fclose(f);
    to[n] = '\0';
    for (const char *p = to; *p; p++)
        if (p[0] != '\\' || p[1] != '-')
            *out++ = *p;
    *out = '\0';
}

static bool part_of_word(char c)
{
    return isalnum((unsigned char)c) || c == '_' || c == '-';
}

/* Whether the page in TEXT has WORD, not as a part of a longer one; \fB and its like end where the word begins. */
static bool has_word(const char *word)
{
    size_t len = strlen(word);

    for (const char *p = text; (p = strstr(p, word)); p++) {
        bool font = p >= text + 3 && p[-3] == '\\' && p[-2] == 'f';

        if ((p == text || font || !part_of_word(p[-1])) && !part_of_word(p[len]))
            return true;
    }
    printf("  not in the page: %s\n", word);
    return false;
}

static void keys_of_guests(void)
{
    load("docs/man/xl.cfg.5", text, sizeof(text));
    for (unsigned int i = 0; i < cfg_n_keys; i++)
        CHECK(has_word(cfg_keys[i].name));
}

/* Checks the names in quotes between FROM and TO of a source file. Returns how many. */
static unsigned int quoted_names(const char *file, const char *from, const char *to)
{
    char *p, *end;
    unsigned int n = 0;

    load(file, source, sizeof(source));
    p = strstr(source, from);
    CHECK(p != NULL);
    end = p ? strstr(p, to) : NULL;
    CHECK(end != NULL);
    while (p && end && (p = strchr(p, '"')) && p < end) {
        char *close = strchr(++p, '"');

        *close = '\0';
        CHECK(has_word(p));
        n++;
        p = close + 1;
    }
    return n;
}

static void features_of_cpuid(void)
{
    load("docs/man/xl.cfg.5", text, sizeof(text));
    CHECK(quoted_names("toolstack/libcfg/cpuid_names.c", "} names[] =", "};") > 170);
    CHECK(quoted_names("toolstack/libcfg/cpuid_names.c", "numbers[] =", "};") == 12);
}

static void parameters_of_disks(void)
{
    load("docs/man/xl-disk-configuration.5", text, sizeof(text));
    CHECK(quoted_names("toolstack/libcfg/disk.c", "param_names[", "};") == 9);
    CHECK(quoted_names("toolstack/libcfg/disk.c", "colo_params[", "};") == 5);
    CHECK(quoted_names("toolstack/libcfg/disk.c", "formats[] =", "};") >= 5);
    CHECK(quoted_names("toolstack/libcfg/disk.c", "scripts[] =", "};") == 4);
    CHECK(quoted_names("toolstack/libcfg/disk.c", "ignored[] =", "};") == 7);
}

static void parameters_of_interfaces(void)
{
    static const char *const more[] = { "mac", "vifname", "rate", "devid", "mtu", "type", "trusted", "untrusted" };

    load("docs/man/xl-network-configuration.5", text, sizeof(text));
    CHECK(quoted_names("toolstack/libcfg/vif.c", "{ \"bridge\"", "};") == 7);
    CHECK(quoted_names("toolstack/libcfg/vif.c", "{ \"accel\"", "};") == 4);
    for (size_t i = 0; i < sizeof(more) / sizeof(more[0]); i++)
        CHECK(has_word(more[i]));
}

/* Names in the table of main.c, and long options of what is implemented: { "NAME", cmd_..., and NOT("NAME", ... */
static void sub_commands(void)
{
    unsigned int commands = 0;

    load("docs/man/xl.1", text, sizeof(text));
    load("toolstack/xl/main.c", source, sizeof(source));
    for (char *line = strtok(source, "\n"); line; line = strtok(NULL, "\n")) {
        char name[64];

        if (sscanf(line, " { \"%63[a-z0-9-]\", cmd_", name) == 1 || sscanf(line, " NOT(\"%63[a-z0-9-]\"", name) == 1) {
            commands++;
            CHECK(has_word(name));
        }
        for (char *p = line; strchr(line, '"') && !strstr(line, "NOT(") && (p = strstr(p, "--")); p += strlen(name)) {
            size_t len = strspn(p, "abcdefghijklmnopqrstuvwxyz0123456789_-");

            snprintf(name, sizeof(name), "%.*s", (int)len, p);
            if (len > 3)
                CHECK(has_word(name));
        }
    }
    CHECK(commands > 80);
}

/* Every page is typeset, with all warnings on. A machine without groff skips this. */
static void typesetting(void)
{
    char command[256], line[256], page[128];
    unsigned int pages = 0;
    FILE *list, *f;

    if (system("command -v groff >/dev/null"))
        return;
    CHECK(chdir(top) == 0 && chdir("docs/man") == 0);
    list = popen("ls *.[1-8]", "r");
    while (fscanf(list, "%127s", page) == 1) {
        /* .so names a page in its section's folder, as installed. */
        snprintf(command, sizeof(command), "sed 's,^.so man[0-9]/,.so ,' %s | groff -man -ww -Tutf8 -z 2>&1", page);
        f = popen(command, "r");
        pages++;
        while (fgets(line, sizeof(line), f)) {
            printf("  %s: %s", page, line);
            CHECK(!*line);
        }
        pclose(f);
    }
    pclose(list);
    CHECK(pages > 15);
}

int main(void)
{
    char path[] = __FILE__;

    snprintf(top, sizeof(top), "%s/../../..", dirname(path));
    TEST(keys_of_guests);
    TEST(features_of_cpuid);
    TEST(parameters_of_disks);
    TEST(parameters_of_interfaces);
    TEST(sub_commands);
    TEST(typesetting);
    return TEST_RESULT();
}
