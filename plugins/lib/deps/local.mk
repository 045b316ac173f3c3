# What a project is made of: manifests and lockfiles of eight systems.
noinst_LIBRARIES += plugins/lib/libdeps.a
plugins_lib_libdeps_a_SOURCES = \
	plugins/lib/deps/cargo.c \
	plugins/lib/deps/composer.c \
	plugins/lib/deps/deps.c plugins/lib/deps/deps.h \
	plugins/lib/deps/lines.c \
	plugins/lib/deps/maven.c \
	plugins/lib/deps/needs.c plugins/lib/deps/npm.c plugins/lib/deps/yarn.c \
	plugins/lib/deps/purl.c \
	plugins/lib/deps/python.c \
	plugins/lib/deps/reader.h
plugins_lib_libdeps_a_CPPFLAGS = $(AGENT_CPP_FLAGS)
plugins_lib_libdeps_a_CFLAGS = $(AGENT_C_FLAGS) $(JANSSON_CFLAGS) $(EXPAT_CFLAGS)
DEPS_LIBS = plugins/lib/libtoml.a plugins/lib/libyamltree.a $(JANSSON_LIBS) $(YAML_LIBS) $(EXPAT_LIBS)
