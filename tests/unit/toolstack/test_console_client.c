/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The client of a console: a person can leave though the guest takes nothing of what was typed, and a signal that ends the
 * program leaves the terminal as it was. The guest's tty is one end of a pseudo-terminal or socket here.
 */
#include "xenconsoled/client.c"

#include <pty.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "check.h"

static char tty_name[128];

int xs_open(struct xs **out) { *out = NULL; return -ENOENT; }
void xs_close(struct xs *xs) { (void)xs; }
int xs_is_introduced(struct xs *xs, unsigned int domid, bool *is) { (void)xs; (void)domid; *is = true; return 0; }
int xs_readf(struct xs *xs, xs_tx_t tx, char **value, const char *fmt, ...) { (void)xs; (void)tx; (void)fmt; *value = NULL; return -ENOENT; }

int xs_read(struct xs *xs, xs_tx_t tx, const char *path, char **value, size_t *len)
{
    (void)xs; (void)tx; (void)path; (void)len;
    *value = strdup(tty_name);
    return 0;
}

/* A guest that reads nothing, 64 KiB that were pasted, and Ctrl-]. */
static void leave_a_silent_guest(void)
{
    char block[1024];
    int in[2], tty[2], status = -1, size = 4096;
    pid_t pid;

    CHECK(!pipe(in) && !socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, tty));
    setsockopt(tty[0], SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
    fflush(stdout);
    pid = fork();
    if (!pid) {
        sigset_t none;

        alarm(20);
        sigemptyset(&none);
        dup2(in[0], STDIN_FILENO);
        dup2(open("/dev/null", O_WRONLY), STDOUT_FILENO);
        _exit(talk(tty[0], true, 0x1d, &none) == LEFT ? 0 : 1);
    }
    memset(block, 'x', sizeof(block));
    for (int i = 0; i < 64; i++)
        CHECK(write(in[1], block, sizeof(block)) == sizeof(block));
    CHECK(write(in[1], "\x1d", 1) == 1);
    CHECK(waitpid(pid, &status, 0) == pid && WIFEXITED(status) && !WEXITSTATUS(status));
    for (int i = 0; i < 2; i++) {
        close(in[i]);
        close(tty[i]);
    }
}

/* All that was typed before Ctrl-] reaches a guest that takes it. */
static void all_arrives(void)
{
    int in[2], tty[2], status = -1;
    char got[64] = "";
    pid_t pid;

    CHECK(!pipe(in) && !socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, tty));
    CHECK(write(in[1], "hello\x1drest", 10) == 10);
    fflush(stdout);
    pid = fork();
    if (!pid) {
        sigset_t none;

        alarm(20);
        sigemptyset(&none);
        dup2(in[0], STDIN_FILENO);
        _exit(talk(tty[0], true, 0x1d, &none) == LEFT ? 0 : 1);
    }
    CHECK(waitpid(pid, &status, 0) == pid && WIFEXITED(status) && !WEXITSTATUS(status));
    CHECK(read(tty[1], got, sizeof(got)) == 5 && !memcmp(got, "hello", 5));
    for (int i = 0; i < 2; i++) {
        close(in[i]);
        close(tty[i]);
    }
}

/* SIGTERM: the terminal that was made raw is as before, and the program ends by the signal. */
static void a_signal(void)
{
    struct termios before, raw, after;
    int master, slave, guest, guest_slave, status = -1;
    pid_t pid;

    CHECK(!openpty(&master, &slave, NULL, NULL, NULL) && !openpty(&guest, &guest_slave, tty_name, NULL, NULL));
    CHECK(!tcgetattr(slave, &before));
    fflush(stdout);
    pid = fork();
    if (!pid) {
        struct console_options opt = CONSOLE_OPTIONS_DEFAULT;

        alarm(20);
        dup2(slave, STDIN_FILENO);
        dup2(open("/dev/null", O_WRONLY), STDOUT_FILENO);
        dup2(STDOUT_FILENO, STDERR_FILENO);
        close(master);
        console_run(NULL, 1, &opt);
        _exit(0);
    }
    do {
        CHECK(!tcgetattr(slave, &raw));
        usleep(1000);
    } while (raw.c_lflag & ICANON && waitpid(pid, &status, WNOHANG) == 0);
    CHECK(!(raw.c_lflag & ICANON));
    kill(pid, SIGTERM);
    CHECK(waitpid(pid, &status, 0) == pid && WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM);
    CHECK(!tcgetattr(slave, &after) && after.c_lflag == before.c_lflag && after.c_oflag == before.c_oflag);
    close(master);
    close(slave);
    close(guest);
    close(guest_slave);
}

int main(void)
{
    TEST(leave_a_silent_guest);
    TEST(all_arrives);
    TEST(a_signal);
    return TEST_RESULT();
}
