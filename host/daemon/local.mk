sbin_PROGRAMS += linhayd
linhayd_SOURCES = host/linhayd.c
linhayd_LDADD = $(HOST_LIBS)

libhost_a_SOURCES += \
	host/daemon/daemon.c host/daemon/daemon.h \
	host/daemon/intake.c host/daemon/intake.h \
	host/daemon/notify.c host/daemon/notify.h \
	host/daemon/registry.c host/daemon/registry.h \
	host/daemon/say.c host/daemon/say.h
