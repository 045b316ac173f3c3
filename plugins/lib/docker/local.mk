# Dockerfiles, shell scripts and the names of images.
noinst_LIBRARIES += plugins/lib/libdocker.a
plugins_lib_libdocker_a_SOURCES = \
	plugins/lib/docker/dockerfile.c plugins/lib/docker/dockerfile.h \
	plugins/lib/docker/image.c plugins/lib/docker/image.h \
	plugins/lib/docker/reader.c plugins/lib/docker/reader.h \
	plugins/lib/docker/shell-lex.c plugins/lib/docker/shell-lex.h \
	plugins/lib/docker/shell-name.c plugins/lib/docker/shell-name.h \
	plugins/lib/docker/shell.c plugins/lib/docker/shell.h \
	plugins/lib/docker/stage.c \
	plugins/lib/docker/word.c plugins/lib/docker/word.h
plugins_lib_libdocker_a_CPPFLAGS = $(AGENT_CPP_FLAGS)
plugins_lib_libdocker_a_CFLAGS = $(AGENT_C_FLAGS)
