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

DISTCLEAN_FOLDERS += grammars
endif

.PHONY: dist-grammars
dist-grammars: $(GRAMMARS_STAMP)
	rm -rf '$(distdir)/grammars'
	cp -R $(GRAMMARS) '$(distdir)/grammars'
dist-hook: dist-grammars


EXTRA_DIST += plugins/code-reviewer/grammars/package.json \
	plugins/code-reviewer/grammars/package-lock.json

# The agent without its main file, so that the tests can link it. What it embeds (rule files, manifest) is
# read by the assembler, so the objects depend on it.
REVIEWER_RULES = plugins/code-reviewer/rules/any.scm plugins/code-reviewer/rules/c.scm \
	plugins/code-reviewer/rules/go.scm plugins/code-reviewer/rules/javascript.scm \
	plugins/code-reviewer/rules/python.scm
REVIEWER_CPPFLAGS = $(AGENT_CPP_FLAGS) $(TREE_SITTER_CFLAGS) $(PCRE2_CFLAGS) $(JANSSON_CFLAGS)
REVIEWER_CFLAGS = $(AGENT_C_FLAGS) -Wa,-I$(srcdir)/plugins/code-reviewer
REVIEWER_LIBS = plugins/code-reviewer/libreviewer.a plugins/code-reviewer/libgrammars.a \
	plugins/lib/libscan.a -lm \
	$(TREE_SITTER_LIBS) $(PCRE2_LIBS) $(JANSSON_LIBS)

noinst_LIBRARIES += plugins/code-reviewer/libreviewer.a
plugins_code_reviewer_libreviewer_a_SOURCES = \
	plugins/code-reviewer/arena.c plugins/code-reviewer/arena.h \
	plugins/code-reviewer/cognitive.c plugins/code-reviewer/cognitive.h \
	plugins/code-reviewer/common.h \
	plugins/code-reviewer/constants.c plugins/code-reviewer/constants.h \
	plugins/code-reviewer/cyclomatic.c plugins/code-reviewer/cyclomatic.h \
	plugins/code-reviewer/imports.c plugins/code-reviewer/imports.h \
	plugins/code-reviewer/language.c plugins/code-reviewer/language.h \
	plugins/code-reviewer/metrics.c plugins/code-reviewer/metrics.h \
	plugins/code-reviewer/name.c plugins/code-reviewer/name.h \
	plugins/code-reviewer/predicate.c plugins/code-reviewer/predicate.h \
	plugins/code-reviewer/review.c plugins/code-reviewer/review.h \
	plugins/code-reviewer/rule.c plugins/code-reviewer/rule.h \
	plugins/code-reviewer/source.c plugins/code-reviewer/source.h \
	plugins/code-reviewer/survey.c plugins/code-reviewer/survey.h
plugins_code_reviewer_libreviewer_a_CPPFLAGS = $(REVIEWER_CPPFLAGS)
plugins_code_reviewer_libreviewer_a_CFLAGS = $(REVIEWER_CFLAGS)
$(plugins_code_reviewer_libreviewer_a_OBJECTS): $(REVIEWER_RULES)

agent_PROGRAMS += plugins/code-reviewer/code-reviewer.so
plugins_code_reviewer_code_reviewer_so_SOURCES = plugins/code-reviewer/code-reviewer.c
plugins_code_reviewer_code_reviewer_so_CPPFLAGS = $(REVIEWER_CPPFLAGS)
plugins_code_reviewer_code_reviewer_so_CFLAGS = $(REVIEWER_CFLAGS)
plugins_code_reviewer_code_reviewer_so_LDFLAGS = $(AGENT_LINK_FLAGS) -Wl,--exclude-libs,ALL
plugins_code_reviewer_code_reviewer_so_LDADD = $(REVIEWER_LIBS)
$(plugins_code_reviewer_code_reviewer_so_OBJECTS): plugins/code-reviewer/agent.json

EXTRA_DIST += doc/agents/code-reviewer.md plugins/code-reviewer/agent.json plugins/code-reviewer/rules/README.md $(REVIEWER_RULES)
