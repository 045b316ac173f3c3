bin_PROGRAMS += linhay
linhay_SOURCES = host/linhay.c
linhay_LDADD = $(HOST_LIBS)

libhost_a_SOURCES += \
	host/cli/cli.c host/cli/cli.h \
	host/cli/term.c host/cli/term.h
