libhost_a_SOURCES += \
	host/run/attempt.c host/run/attempt.h \
	host/run/file-input.c host/run/file-input.h \
	host/run/finding.c host/run/finding.h \
	host/run/retry.c host/run/retry.h
