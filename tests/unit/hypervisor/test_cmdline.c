/* SPDX-License-Identifier: GPL-2.0-only */
/* boot/cmdline.c: words, values, quotes, complaints; with a table of its own instead of the linker's. */
#include <errno.h>
#include <string.h>

#include "check.h"

#define HV_ERRNO_H /* the host's numbers will do */
#define strlcpy hv_strlcpy
#include "lib/strlcpy.c"
#include "lib/parse.c"
#include "boot/cmdline.c"

static bool flag;
static unsigned number;
static u64 size;
static char text[8];
static char function_value[32];
static unsigned complaints;
static char last_word[512], last_why[128];

static int parse_function(const char *value)
{
    hv_strlcpy(function_value, value, sizeof(function_value));
    return strcmp(value, "bad") ? 0 : -EINVAL;
}

static const struct option table[] = {
    { .name = "flag", .kind = OPT_FLAG, .target = &flag },
    { .name = "number", .kind = OPT_NUMBER, .target = &number },
    { .name = "size", .kind = OPT_SIZE, .unit = KB(1), .target = &size },
    { .name = "text", .kind = OPT_TEXT, .size = sizeof(text), .target = text },
    { .name = "function", .kind = OPT_FUNCTION, .parse = parse_function },
    { .name = "old", .kind = OPT_IGNORED },
    { .name = "no-minus", .kind = OPT_IGNORED },
};

static void complain(const char *word, const char *why)
{
    complaints++;
    hv_strlcpy(last_word, word, sizeof(last_word));
    hv_strlcpy(last_why, why, sizeof(last_why));
}

static const char *parse(const char *line)
{
    flag = false;
    number = 7;
    size = 7;
    strcpy(text, "start");
    strcpy(function_value, "none");
    complaints = 0;
    return cmdline_parse(line, table, table + ARRAY_SIZE(table), complain);
}

static void flags(void)
{
    parse("flag");
    CHECK(flag && !complaints);
    parse("flag flag=no");
    CHECK(!flag && !complaints);
    parse("flag=yes no-flag");
    CHECK(!flag && !complaints);
    parse("flag=maybe");
    CHECK(!flag && complaints == 1 && !strcmp(last_word, "flag=maybe"));
    parse("no-flag=yes");
    CHECK(complaints == 1);
}

static void numbers(void)
{
    parse("number=12");
    CHECK(number == 12 && !complaints);
    parse("number=0x10");
    CHECK(number == 16);
    parse("number=");
    CHECK(number == 7 && complaints == 1);
    parse("number");
    CHECK(number == 7 && complaints == 1);
    parse("number=5x");
    CHECK(number == 7 && complaints == 1);
    parse("number=4294967296");
    CHECK(number == 7 && complaints == 1);
    parse("no-number");
    CHECK(number == 7 && complaints == 1);
}

static void sizes(void)
{
    parse("size=64");
    CHECK(size == 65536);
    parse("size=2M");
    CHECK(size == MB(2));
    parse("size=2Q");
    CHECK(size == 7 && complaints == 1);
    parse("size=99999999999999999999");
    CHECK(size == 7 && complaints == 1);
}

static void texts(void)
{
    parse("text=abcdefg");
    CHECK(!strcmp(text, "abcdefg"));
    parse("text=abcdefgh");
    CHECK(!strcmp(text, "start") && complaints == 1);
    parse("text=\"a b\" flag");
    CHECK(!strcmp(text, "a b") && flag);
    parse("text=");
    CHECK(!strcmp(text, "") && !complaints);
}

static void functions(void)
{
    parse("function=1G,max:2G");
    CHECK(!strcmp(function_value, "1G,max:2G") && !complaints);
    parse("function");
    CHECK(!strcmp(function_value, ""));
    parse("no-function");
    CHECK(!strcmp(function_value, "no"));
    parse("function=bad");
    CHECK(complaints == 1 && !strcmp(last_word, "function=bad"));
}

static void unknown_words(void)
{
    parse("flag nonsense old=3 no-minus");
    CHECK(flag && complaints == 1 && !strcmp(last_word, "nonsense"));
    parse("no-thing=1");
    CHECK(complaints == 1 && !strcmp(last_word, "no-thing=1"));
    parse("=x");
    CHECK(complaints == 1);
}

static void end_of_options(void)
{
    CHECK(!strcmp(parse("flag -- console=hvc0 nonsense"), "console=hvc0 nonsense"));
    CHECK(flag && !complaints);
    CHECK(!strcmp(parse("flag --"), ""));
    CHECK(!strcmp(parse(""), ""));
    CHECK(!strcmp(parse("  \t flag  "), "") && flag);
}

static void long_words(void)
{
    char line[WORD_MAX * 2];

    memset(line, 'x', sizeof(line) - 1);
    line[sizeof(line) - 1] = 0;
    parse(line);
    CHECK(complaints == 1 && strlen(last_word) == WORD_MAX - 1);
    memcpy(line + sizeof(line) - 6, " flag", 6);
    parse(line);
    CHECK(complaints == 1 && flag);
}

int main(void)
{
    TEST(flags);
    TEST(numbers);
    TEST(sizes);
    TEST(texts);
    TEST(functions);
    TEST(unknown_words);
    TEST(end_of_options);
    TEST(long_words);
    return TEST_RESULT();
}
