LIBS += libxs
libxs_SRC := wire.c xs.c requests.c
