# libhost.a holds every layer above base; only the mains join layers into programs.
noinst_LIBRARIES += libhost.a
libhost_a_SOURCES =
HOST_LIBS = libhost.a libbase.a $(CONFIG_LIBS) $(JANSSON_LIBS) $(SECCOMP_LIBS) $(SQLITE_LIBS) $(ZLIB_LIBS) \
	$(PCRE2_LIBS) $(LIBGIT2_LIBS) $(NETTLE_LIBS) -lm

include $(srcdir)/host/conf/local.mk
include $(srcdir)/host/flow/local.mk
include $(srcdir)/host/store/local.mk
include $(srcdir)/host/plug/local.mk
include $(srcdir)/host/cell/local.mk
include $(srcdir)/host/obs/local.mk
include $(srcdir)/host/run/local.mk
include $(srcdir)/host/cli/local.mk
include $(srcdir)/host/daemon/local.mk
