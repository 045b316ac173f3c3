# Agents are plain shared objects: programs to automake, linked with -shared. They see the SDK and plugins/lib.
AGENT_CPP_FLAGS = -D_GNU_SOURCE -D_FILE_OFFSET_BITS=64 -I$(srcdir)/sdk -I$(srcdir)/plugins/lib -I$(builddir)
AGENT_C_FLAGS = -std=gnu11 -fPIC -fvisibility=hidden $(WARN_CFLAGS) $(HARDEN_CFLAGS) $(INSTRUMENT_FLAGS)
AGENT_LINK_FLAGS = -shared -Wl,--as-needed -Wl,-z,defs $(HARDEN_LDFLAGS)
if ENABLE_SANITIZE
# An instrumented agent finds the sanitizer's symbols in linhay-cell, which is instrumented as well.
AGENT_LINK_FLAGS += -Wl,-z,undefs $(INSTRUMENT_FLAGS)
endif

include $(srcdir)/plugins/lib/local.mk
include $(srcdir)/plugins/lib/toml/local.mk
include $(srcdir)/plugins/lib/server/local.mk
include $(srcdir)/plugins/lib/license/local.mk
include $(srcdir)/plugins/lib/docker/local.mk
include $(srcdir)/plugins/lib/yaml/local.mk
include $(srcdir)/plugins/lib/deps/local.mk
include $(srcdir)/plugins/patcher/local.mk
include $(srcdir)/plugins/compliance-checker/local.mk
include $(srcdir)/plugins/code-reviewer/local.mk
