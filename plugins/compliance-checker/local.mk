# Everything but the agent's entry is a library, so that unit tests can link it.
noinst_LIBRARIES += plugins/compliance-checker/libchecker.a
plugins_compliance_checker_libchecker_a_SOURCES = \
	plugins/compliance-checker/caddyfile.c plugins/compliance-checker/caddyfile.h \
	plugins/compliance-checker/captured.c plugins/compliance-checker/captured.h \
	plugins/compliance-checker/actions.c plugins/compliance-checker/actions.h \
	plugins/compliance-checker/actions-expr.c plugins/compliance-checker/actions-expr.h \
	plugins/compliance-checker/actions-file.c plugins/compliance-checker/actions-file.h \
	plugins/compliance-checker/actions-event.c plugins/compliance-checker/actions-event.h \
	plugins/compliance-checker/actions-form.c plugins/compliance-checker/actions-form.h \
	plugins/compliance-checker/actions-habit.c plugins/compliance-checker/actions-habit.h \
	plugins/compliance-checker/actions-job.c plugins/compliance-checker/actions-job.h \
	plugins/compliance-checker/actions-step.c plugins/compliance-checker/actions-step.h \
	plugins/compliance-checker/actions-taint.c plugins/compliance-checker/actions-taint.h \
	plugins/compliance-checker/check.c plugins/compliance-checker/check.h \
	plugins/compliance-checker/beside.c plugins/compliance-checker/beside.h \
	plugins/compliance-checker/compose.c plugins/compliance-checker/compose.h \
	plugins/compliance-checker/compose-file.c plugins/compliance-checker/compose-file.h \
	plugins/compliance-checker/compose-service.c plugins/compliance-checker/compose-service.h \
	plugins/compliance-checker/compose-value.c plugins/compliance-checker/compose-value.h \
	plugins/compliance-checker/decoded.c plugins/compliance-checker/decoded.h \
	plugins/compliance-checker/docker-answer.c \
	plugins/compliance-checker/docker-args.c \
	plugins/compliance-checker/docker-cache.c \
	plugins/compliance-checker/docker-check.h \
	plugins/compliance-checker/docker-config.c plugins/compliance-checker/docker-config.h \
	plugins/compliance-checker/docker-file.c \
	plugins/compliance-checker/docker-label.c \
	plugins/compliance-checker/docker-package.c plugins/compliance-checker/docker-package.h \
	plugins/compliance-checker/docker-rule.c plugins/compliance-checker/docker-rule.h \
	plugins/compliance-checker/docker-run.c \
	plugins/compliance-checker/docker-secret.c \
	plugins/compliance-checker/docker-series.c \
	plugins/compliance-checker/docker-stage.c \
	plugins/compliance-checker/docker-trust.c \
	plugins/compliance-checker/django.c plugins/compliance-checker/django.h \
	plugins/compliance-checker/dockerfile.c plugins/compliance-checker/dockerfile.h \
	plugins/compliance-checker/env.c plugins/compliance-checker/env.h \
	plugins/compliance-checker/env-file.c plugins/compliance-checker/env-file.h \
	plugins/compliance-checker/express.c plugins/compliance-checker/express.h \
	plugins/compliance-checker/express-name.c plugins/compliance-checker/express-name.h \
	plugins/compliance-checker/express-tree.c plugins/compliance-checker/express-tree.h \
	plugins/compliance-checker/gitleaks.c plugins/compliance-checker/gitleaks.h \
	plugins/compliance-checker/handed.c plugins/compliance-checker/handed.h \
	plugins/compliance-checker/header-csp.c plugins/compliance-checker/header-csp.h \
	plugins/compliance-checker/header-policy.c plugins/compliance-checker/header-policy.h \
	plugins/compliance-checker/feed.c plugins/compliance-checker/feed.h \
	plugins/compliance-checker/headers.c plugins/compliance-checker/headers.h \
	plugins/compliance-checker/httpd.c plugins/compliance-checker/httpd.h \
	plugins/compliance-checker/include.c plugins/compliance-checker/include.h \
	plugins/compliance-checker/history.c plugins/compliance-checker/history.h \
	plugins/compliance-checker/kube.c plugins/compliance-checker/kube.h \
	plugins/compliance-checker/kube-component.c plugins/compliance-checker/kube-component.h \
	plugins/compliance-checker/kube-container.c plugins/compliance-checker/kube-container.h \
	plugins/compliance-checker/kube-env.c plugins/compliance-checker/kube-env.h \
	plugins/compliance-checker/kube-field.c plugins/compliance-checker/kube-field.h \
	plugins/compliance-checker/kube-flag.c plugins/compliance-checker/kube-flag.h \
	plugins/compliance-checker/kube-image.c plugins/compliance-checker/kube-image.h \
	plugins/compliance-checker/kube-kind.c plugins/compliance-checker/kube-kind.h \
	plugins/compliance-checker/kube-link.c plugins/compliance-checker/kube-link.h \
	plugins/compliance-checker/kube-note.c plugins/compliance-checker/kube-note.h \
	plugins/compliance-checker/kube-object.c plugins/compliance-checker/kube-object.h \
	plugins/compliance-checker/kube-pod.c plugins/compliance-checker/kube-pod.h \
	plugins/compliance-checker/kube-port.c plugins/compliance-checker/kube-port.h \
	plugins/compliance-checker/kube-role.c plugins/compliance-checker/kube-role.h \
	plugins/compliance-checker/kube-schema.c plugins/compliance-checker/kube-schema.h \
	plugins/compliance-checker/kube-secret.c plugins/compliance-checker/kube-secret.h \
	plugins/compliance-checker/kube-selector.c plugins/compliance-checker/kube-selector.h \
	plugins/compliance-checker/license-list.c plugins/compliance-checker/license-list.h \
	plugins/compliance-checker/license-parts.c plugins/compliance-checker/license-parts.h \
	plugins/compliance-checker/license-rules.c plugins/compliance-checker/license-rules.h \
	plugins/compliance-checker/license-tree.c \
	plugins/compliance-checker/licenses.c plugins/compliance-checker/licenses.h \
	plugins/compliance-checker/manifest.c plugins/compliance-checker/manifest.h \
	plugins/compliance-checker/name.c plugins/compliance-checker/name.h \
	plugins/compliance-checker/nginx-access.c \
	plugins/compliance-checker/nginx-config.c plugins/compliance-checker/nginx-config.h \
	plugins/compliance-checker/nginx-inject.c \
	plugins/compliance-checker/nginx-match.c \
	plugins/compliance-checker/nginx-policy.c \
	plugins/compliance-checker/nginx-vars.c plugins/compliance-checker/nginx-vars.h \
	plugins/compliance-checker/pack.c plugins/compliance-checker/pack.h \
	plugins/compliance-checker/packages.c plugins/compliance-checker/packages.h \
	plugins/compliance-checker/policy.c plugins/compliance-checker/policy.h \
	plugins/compliance-checker/re2.c plugins/compliance-checker/re2.h \
	plugins/compliance-checker/rules.c plugins/compliance-checker/rules.h \
	plugins/compliance-checker/scanner.c plugins/compliance-checker/scanner.h \
	plugins/compliance-checker/secret-name.c plugins/compliance-checker/secret-name.h \
	plugins/compliance-checker/secrets.c plugins/compliance-checker/secrets.h \
	plugins/compliance-checker/variable.c plugins/compliance-checker/variable.h \
	plugins/compliance-checker/vendored.c plugins/compliance-checker/vendored.h \
	plugins/compliance-checker/spring.c plugins/compliance-checker/spring.h \
	plugins/compliance-checker/syntax.c plugins/compliance-checker/syntax.h \
	plugins/compliance-checker/suppress.c plugins/compliance-checker/suppress.h \
	plugins/compliance-checker/tree.c plugins/compliance-checker/tree.h \
	plugins/compliance-checker/unit.c plugins/compliance-checker/unit.h \
	plugins/compliance-checker/unit-exposure.c plugins/compliance-checker/unit-exposure.h \
	plugins/compliance-checker/unit-file.c plugins/compliance-checker/unit-file.h \
	plugins/compliance-checker/unpack.c plugins/compliance-checker/unpack.h
plugins_compliance_checker_libchecker_a_CPPFLAGS = $(AGENT_CPP_FLAGS)
plugins_compliance_checker_libchecker_a_CFLAGS = $(AGENT_C_FLAGS) $(JANSSON_CFLAGS) $(PCRE2_CFLAGS) \
	$(NETTLE_CFLAGS) $(LIBARCHIVE_CFLAGS) $(LIBGIT2_CFLAGS) $(TREE_SITTER_CFLAGS) \
	-Wa,-I$(srcdir)/plugins/compliance-checker -Wa,-I$(builddir)/plugins/compliance-checker

# What the library needs, for whoever links it.
CHECKER_LIBS = plugins/lib/libdeps.a plugins/lib/libserver.a plugins/lib/liblicense.a plugins/lib/libscan.a \
	plugins/lib/libdocker.a plugins/lib/libyamltree.a plugins/lib/libtoml.a $(SCAN_LIBS) $(YAML_LIBS) $(EXPAT_LIBS) \
	$(LIBARCHIVE_LIBS) $(LIBGIT2_LIBS) plugins/code-reviewer/libgrammars.a $(TREE_SITTER_LIBS)

agent_PROGRAMS += plugins/compliance-checker/compliance-checker.so
plugins_compliance_checker_compliance_checker_so_SOURCES = plugins/compliance-checker/compliance-checker.c
plugins_compliance_checker_compliance_checker_so_CPPFLAGS = $(AGENT_CPP_FLAGS)
plugins_compliance_checker_compliance_checker_so_CFLAGS = $(AGENT_C_FLAGS) $(JANSSON_CFLAGS) \
	$(PCRE2_CFLAGS) $(NETTLE_CFLAGS) -Wa,-I$(srcdir)/plugins/compliance-checker
plugins_compliance_checker_compliance_checker_so_LDFLAGS = $(AGENT_LINK_FLAGS)
plugins_compliance_checker_compliance_checker_so_LDADD = plugins/compliance-checker/libchecker.a \
	$(CHECKER_LIBS)

# The assembler includes these, which automake cannot see.
CHECKER_PACKS = $(srcdir)/plugins/compliance-checker/rules/secrets.json \
	$(srcdir)/plugins/compliance-checker/rules/env.json
$(plugins_compliance_checker_libchecker_a_OBJECTS): $(CHECKER_PACKS) \
	plugins/compliance-checker/secrets.pack plugins/compliance-checker/env.pack

# Every rule is tried on its samples before it is embedded; a rule that fails stops the build.
noinst_PROGRAMS += plugins/compliance-checker/rules-compile
plugins_compliance_checker_rules_compile_SOURCES = plugins/compliance-checker/rules-compile.c
plugins_compliance_checker_rules_compile_CPPFLAGS = $(AGENT_CPP_FLAGS)
plugins_compliance_checker_rules_compile_LDADD = plugins/lib/libscan.a $(SCAN_LIBS)

RULES_COMPILE = plugins/compliance-checker/rules-compile$(EXEEXT)
plugins/compliance-checker/secrets.pack: $(srcdir)/plugins/compliance-checker/rules/secrets.json $(RULES_COMPILE)
	$(AM_V_GEN)$(RULES_COMPILE) $(srcdir)/plugins/compliance-checker/rules/secrets.json $@.new && mv $@.new $@
plugins/compliance-checker/env.pack: $(srcdir)/plugins/compliance-checker/rules/env.json $(RULES_COMPILE)
	$(AM_V_GEN)$(RULES_COMPILE) $(srcdir)/plugins/compliance-checker/rules/env.json $@.new && mv $@.new $@
CLEANFILES += plugins/compliance-checker/secrets.pack plugins/compliance-checker/secrets.pack.new \
	plugins/compliance-checker/env.pack plugins/compliance-checker/env.pack.new
$(plugins_compliance_checker_compliance_checker_so_OBJECTS): \
	$(srcdir)/plugins/compliance-checker/agent.json

EXTRA_DIST += doc/agents/compliance-checker.md doc/agents/compliance-checker plugins/compliance-checker/agent.json $(CHECKER_PACKS)
