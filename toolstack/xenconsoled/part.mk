LIBS += libconsole
libconsole_DIR := xenconsoled
libconsole_SRC := client.c

PROGS += xenconsoled xenconsole
xenconsoled_SRC := main.c console.c guest.c guests.c log.c pty.c hvlog.c
xenconsoled_LIBS := libxs libdaemon libhv
xenconsoled_SBIN := y
xenconsole_DIR := xenconsoled
xenconsole_SRC := xenconsole.c
xenconsole_LIBS := libconsole libxs
