PROGS += xenstore
xenstore_SRC := main.c commands.c list.c
xenstore_LIBS := libxs
xenstore_ALIAS := xenstore-ls xenstore-read xenstore-write xenstore-list xenstore-rm xenstore-exists \
    xenstore-chmod xenstore-watch xenstore-control
