libhost_a_SOURCES += \
	host/run/retry.c host/run/retry.h \
	host/run/state.c host/run/state.h
