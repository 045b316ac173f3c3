agent_PROGRAMS += plugins/patcher/patcher.so
PATCHER_PARTS = \
	plugins/lib/def.h \
	plugins/patcher/apply.c plugins/patcher/apply.h \
	plugins/patcher/binary.c plugins/patcher/binary.h \
	plugins/patcher/header.c plugins/patcher/header.h \
	plugins/patcher/image.c plugins/patcher/image.h \
	plugins/patcher/name.c plugins/patcher/name.h \
	plugins/patcher/patch.c plugins/patcher/patch.h \
	plugins/patcher/path.c plugins/patcher/path.h \
	plugins/patcher/refusal.c plugins/patcher/refusal.h \
	plugins/patcher/text.h \
	plugins/patcher/tree.c plugins/patcher/tree.h \
	plugins/patcher/words.c plugins/patcher/words.h
PATCHER_LIBS = $(JANSSON_LIBS) $(NETTLE_LIBS) $(ZLIB_LIBS)

plugins_patcher_patcher_so_SOURCES = plugins/patcher/patcher.c $(PATCHER_PARTS)
plugins_patcher_patcher_so_CPPFLAGS = $(AGENT_CPP_FLAGS)
plugins_patcher_patcher_so_CFLAGS = $(AGENT_C_FLAGS) $(JANSSON_CFLAGS) $(NETTLE_CFLAGS) $(ZLIB_CFLAGS) \
	-Wa,-I$(srcdir)/plugins/patcher
plugins_patcher_patcher_so_LDFLAGS = $(AGENT_LINK_FLAGS)
plugins_patcher_patcher_so_LDADD = $(PATCHER_LIBS)
plugins/patcher/patcher_so-patcher.$(OBJEXT): plugins/patcher/agent.json
EXTRA_DIST += plugins/patcher/agent.json
EXTRA_DIST += doc/agents/patcher.md
