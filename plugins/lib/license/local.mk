# Licences. The texts come from npm's spdx-license-list: from the tarball, or fetched into the build folder by the
# exact version in package-lock.json. The index of them is made when linhay is built, and embedded.
noinst_LIBRARIES += plugins/lib/liblicense.a
plugins_lib_liblicense_a_SOURCES = \
	plugins/lib/license/align.c plugins/lib/license/align.h \
	plugins/lib/license/built-in.c \
	plugins/lib/license/compat.c plugins/lib/license/compat.h \
	plugins/lib/license/file.c plugins/lib/license/file.h \
	plugins/lib/license/gate.c plugins/lib/license/gate.h \
	plugins/lib/license/index.c plugins/lib/license/index.h \
	plugins/lib/license/mention.c plugins/lib/license/mention.h \
	plugins/lib/license/policy.c plugins/lib/license/policy.h \
	plugins/lib/license/spdx.c plugins/lib/license/spdx.h \
	plugins/lib/license/tag.c plugins/lib/license/tag.h \
	plugins/lib/license/text.c plugins/lib/license/text.h \
	plugins/lib/license/told.c plugins/lib/license/told.h \
	plugins/lib/license/version.c plugins/lib/license/version.h \
	plugins/lib/license/walk.c plugins/lib/license/walk.h \
	plugins/lib/license/with.c plugins/lib/license/with.h \
	plugins/lib/license/words.c plugins/lib/license/words.h
plugins_lib_liblicense_a_CPPFLAGS = $(AGENT_CPP_FLAGS)
plugins_lib_liblicense_a_CFLAGS = $(AGENT_C_FLAGS) $(JANSSON_CFLAGS) -Wa,-I$(builddir)/plugins/lib/license
$(plugins_lib_liblicense_a_OBJECTS): plugins/lib/license/licenses.index

noinst_PROGRAMS += plugins/lib/license/index-compile
plugins_lib_license_index_compile_SOURCES = plugins/lib/license/index-compile.c \
	plugins/lib/license/index.c plugins/lib/license/words.c
plugins_lib_license_index_compile_CPPFLAGS = $(AGENT_CPP_FLAGS)
plugins_lib_license_index_compile_LDADD = $(JANSSON_LIBS)

LICENSE_LISTS = $(srcdir)/plugins/lib/license/spdx.txt $(srcdir)/plugins/lib/license/names.txt \
	$(srcdir)/plugins/lib/license/extra.txt
LICENSE_TEXTS_STAMP = $(LICENSE_TEXTS)/package-lock.json
plugins/lib/license/licenses.index: $(LICENSE_TEXTS_STAMP) $(LICENSE_LISTS) plugins/lib/license/index-compile$(EXEEXT)
	$(AM_V_GEN)plugins/lib/license/index-compile$(EXEEXT) $(LICENSE_TEXTS)/spdx-full.json $(LICENSE_LISTS) $@.new && mv $@.new $@
CLEANFILES += plugins/lib/license/licenses.index plugins/lib/license/licenses.index.new

if !LICENSE_TEXTS_SHIPPED
$(LICENSE_TEXTS_STAMP): $(srcdir)/plugins/lib/license/npm/package-lock.json
	$(AM_V_GEN)$(srcdir)/scripts/fetch-licenses license-texts && touch $@

DISTCLEAN_FOLDERS += license-texts
endif

.PHONY: dist-license-texts
dist-license-texts: $(LICENSE_TEXTS_STAMP)
	rm -rf '$(distdir)/license-texts'
	cp -R $(LICENSE_TEXTS) '$(distdir)/license-texts'
dist-hook: dist-license-texts

EXTRA_DIST += doc/agents/compliance-checker/licenses.md $(LICENSE_LISTS) plugins/lib/license/npm/package.json plugins/lib/license/npm/package-lock.json
