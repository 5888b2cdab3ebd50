PROGS += xenstored
xenstored_SRC := $(notdir $(wildcard $(SRC)/xenstored/*.c))
xenstored_LIBS := libxs libhv
xenstored_SBIN := y
