# TOML as a tree with lines: there is no library for C in Debian.
noinst_LIBRARIES += plugins/lib/libtoml.a
plugins_lib_libtoml_a_SOURCES = \
	plugins/lib/toml/store.c plugins/lib/toml/store.h \
	plugins/lib/toml/string.c \
	plugins/lib/toml/toml.c plugins/lib/toml/toml.h \
	plugins/lib/toml/value.c
plugins_lib_libtoml_a_CPPFLAGS = $(AGENT_CPP_FLAGS)
plugins_lib_libtoml_a_CFLAGS = $(AGENT_C_FLAGS)
