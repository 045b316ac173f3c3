# The grammars: sources from the tarball, or fetched into the build folder by the exact versions in
# package-lock.json. Compiled without our warnings and sanitizers; -O1 and no debug information,
# because they are 40 MB of tables.
noinst_LIBRARIES += plugins/code-reviewer/libgrammars.a
plugins_code_reviewer_libgrammars_a_SOURCES = plugins/code-reviewer/grammars/c.c \
	plugins/code-reviewer/grammars/cpp.c plugins/code-reviewer/grammars/go.c \
	plugins/code-reviewer/grammars/javascript.c plugins/code-reviewer/grammars/python.c \
	plugins/code-reviewer/grammars/tsx.c plugins/code-reviewer/grammars/typescript.c
plugins_code_reviewer_libgrammars_a_CPPFLAGS = -I$(GRAMMARS)
plugins_code_reviewer_libgrammars_a_CFLAGS = -std=gnu11 -fPIC -fvisibility=hidden
$(plugins_code_reviewer_libgrammars_a_OBJECTS): CFLAGS += -O1 -g0 -w

GRAMMARS_STAMP = $(GRAMMARS)/package-lock.json
$(plugins_code_reviewer_libgrammars_a_OBJECTS): $(GRAMMARS_STAMP)

if !GRAMMARS_SHIPPED
$(GRAMMARS_STAMP): $(srcdir)/plugins/code-reviewer/grammars/package-lock.json
	$(AM_V_GEN)$(srcdir)/scripts/fetch-grammars grammars && touch $@

.PHONY: distclean-grammars
distclean-grammars:
	rm -rf grammars
distclean-local: distclean-grammars
endif

.PHONY: dist-grammars
dist-grammars: $(GRAMMARS_STAMP)
	rm -rf '$(distdir)/grammars'
	cp -R $(GRAMMARS) '$(distdir)/grammars'
dist-hook: dist-grammars


EXTRA_DIST += plugins/code-reviewer/grammars/package.json \
	plugins/code-reviewer/grammars/package-lock.json
