bin_PROGRAMS += linhay
linhay_SOURCES = host/linhay.c
linhay_LDADD = $(HOST_LIBS)
