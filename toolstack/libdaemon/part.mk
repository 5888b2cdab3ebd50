LIBS += libdaemon
libdaemon_SRC := oom.c
