PROGS += xenstored
xenstored_SRC := $(notdir $(wildcard $(SRC)/xenstored/*.c))
xenstored_LIBS := libxs libdaemon libhv
xenstored_SBIN := y
