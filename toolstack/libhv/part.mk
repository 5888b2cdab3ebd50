LIBS += libhv
libhv_SRC := $(notdir $(wildcard $(SRC)/libhv/*.c))
