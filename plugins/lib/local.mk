# The scanning library: linked into the agents that use it, so its objects are position-independent.
noinst_LIBRARIES += plugins/lib/libscan.a
plugins_lib_libscan_a_SOURCES = \
	plugins/lib/scan/assign.c plugins/lib/scan/assign.h \
	plugins/lib/scan/block.h \
	plugins/lib/scan/compile.c plugins/lib/scan/compile.h \
	plugins/lib/scan/context.c plugins/lib/scan/context.h \
	plugins/lib/scan/def.h \
	plugins/lib/scan/digest.c plugins/lib/scan/digest.h \
	plugins/lib/scan/encoded.c plugins/lib/scan/encoded.h \
	plugins/lib/scan/entropy.c plugins/lib/scan/entropy.h \
	plugins/lib/scan/fingerprint.c plugins/lib/scan/fingerprint.h \
	plugins/lib/scan/gate-ac.c plugins/lib/scan/gate-hs.c plugins/lib/scan/gate.h \
	plugins/lib/scan/hide.c plugins/lib/scan/hide.h \
	plugins/lib/scan/idset.c plugins/lib/scan/idset.h \
	plugins/lib/scan/mask.c plugins/lib/scan/mask.h \
	plugins/lib/scan/match.c plugins/lib/scan/match.h \
	plugins/lib/scan/packfile.c plugins/lib/scan/packfile.h \
	plugins/lib/scan/proof.c plugins/lib/scan/proof.h \
	plugins/lib/scan/rule.c plugins/lib/scan/rule.h \
	plugins/lib/scan/sample.c plugins/lib/scan/sample.h \
	plugins/lib/scan/text.c plugins/lib/scan/text.h \
	plugins/lib/scan/uuid.c plugins/lib/scan/uuid.h \
	plugins/lib/scan/value.c plugins/lib/scan/value.h \
	plugins/lib/scan/vector.c plugins/lib/scan/vector.h \
	plugins/lib/scan/waiver.c plugins/lib/scan/waiver.h \
	plugins/lib/scan/words.c plugins/lib/scan/words.h
plugins_lib_libscan_a_CPPFLAGS = $(AGENT_CPP_FLAGS)
plugins_lib_libscan_a_CFLAGS = $(AGENT_C_FLAGS) $(JANSSON_CFLAGS) $(PCRE2_CFLAGS) $(NETTLE_CFLAGS) \
	$(HYPERSCAN_CFLAGS)
SCAN_LIBS = $(JANSSON_LIBS) $(PCRE2_LIBS) $(NETTLE_LIBS) $(HYPERSCAN_LIBS) -lm
