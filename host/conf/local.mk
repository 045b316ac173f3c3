libhost_a_SOURCES += \
	host/conf/suggest.c host/conf/suggest.h
