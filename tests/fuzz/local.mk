# Fuzz targets: tests/fuzz/fuzz-NAME.c with its seeds in corpus/NAME. Here each replays its corpus as a TAP
# test; configured with --enable-fuzz (scripts/fuzz does that) each is linked with libFuzzer instead.
FUZZ_TARGETS = \
	tests/fuzz/fuzz-apache \
	tests/fuzz/fuzz-bundle \
	tests/fuzz/fuzz-caddy \
	tests/fuzz/fuzz-changeset \
	tests/fuzz/fuzz-collect \
	tests/fuzz/fuzz-config \
	tests/fuzz/fuzz-control \
	tests/fuzz/fuzz-cron \
	tests/fuzz/fuzz-deps \
	tests/fuzz/fuzz-dockerfile \
	tests/fuzz/fuzz-elf \
	tests/fuzz/fuzz-encoded \
	tests/fuzz/fuzz-expr \
	tests/fuzz/fuzz-flow \
	tests/fuzz/fuzz-frame \
	tests/fuzz/fuzz-journal \
	tests/fuzz/fuzz-license \
	tests/fuzz/fuzz-manifest \
	tests/fuzz/fuzz-nginx \
	tests/fuzz/fuzz-options \
	tests/fuzz/fuzz-patch \
	tests/fuzz/fuzz-quantity \
	tests/fuzz/fuzz-redact \
	tests/fuzz/fuzz-regex \
	tests/fuzz/fuzz-response \
	tests/fuzz/fuzz-rules \
	tests/fuzz/fuzz-schema \
	tests/fuzz/fuzz-shell \
	tests/fuzz/fuzz-spdx \
	tests/fuzz/fuzz-speech \
	tests/fuzz/fuzz-toml \
	tests/fuzz/fuzz-yaml
check_PROGRAMS += $(FUZZ_TARGETS)
EXTRA_DIST += tests/fuzz/corpus tests/fuzz/dict tests/fuzz/make-seeds
noinst_HEADERS += tests/fuzz/fuzz.h tests/fuzz/fuzz-changeset.h tests/fuzz/fuzz-file.h \
	tests/fuzz/fuzz-folder.h

if ENABLE_FUZZ
FUZZ_MAIN =
FUZZ_LINK = $(AM_LDFLAGS) -fsanitize=fuzzer
else
FUZZ_MAIN = tests/fuzz/replay.c
FUZZ_LINK = $(AM_LDFLAGS)
TESTS += $(FUZZ_TARGETS)
endif

fuzz-targets: $(FUZZ_TARGETS)
.PHONY: fuzz-targets

tests_fuzz_fuzz_bundle_SOURCES = tests/fuzz/fuzz-bundle.c $(FUZZ_MAIN)
tests_fuzz_fuzz_bundle_LDFLAGS = $(FUZZ_LINK)
tests_fuzz_fuzz_bundle_LDADD = $(HOST_LIBS)

tests_fuzz_fuzz_changeset_SOURCES = tests/fuzz/fuzz-changeset.c $(FUZZ_MAIN)
tests_fuzz_fuzz_changeset_LDFLAGS = $(FUZZ_LINK)
tests_fuzz_fuzz_changeset_LDADD = $(HOST_LIBS)

tests_fuzz_fuzz_collect_SOURCES = tests/fuzz/fuzz-collect.c $(FUZZ_MAIN)
tests_fuzz_fuzz_collect_LDFLAGS = $(FUZZ_LINK)
tests_fuzz_fuzz_collect_LDADD = $(HOST_LIBS)

# The agent's library, without the host's part that takes findings.
tests_fuzz_fuzz_config_SOURCES = tests/fuzz/fuzz-config.c $(FUZZ_MAIN)
tests_fuzz_fuzz_config_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)/plugins/lib -I$(srcdir)/sdk
tests_fuzz_fuzz_config_LDFLAGS = $(FUZZ_LINK)
tests_fuzz_fuzz_config_LDADD = plugins/compliance-checker/libchecker.a $(CHECKER_LIBS) libbase.a

tests_fuzz_fuzz_control_SOURCES = tests/fuzz/fuzz-control.c $(FUZZ_MAIN)
tests_fuzz_fuzz_control_LDFLAGS = $(FUZZ_LINK)
tests_fuzz_fuzz_control_LDADD = $(HOST_LIBS)

tests_fuzz_fuzz_cron_SOURCES = tests/fuzz/fuzz-cron.c $(FUZZ_MAIN)
tests_fuzz_fuzz_cron_LDFLAGS = $(FUZZ_LINK)
tests_fuzz_fuzz_cron_LDADD = $(HOST_LIBS)

tests_fuzz_fuzz_deps_SOURCES = tests/fuzz/fuzz-deps.c $(FUZZ_MAIN)
tests_fuzz_fuzz_deps_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)/plugins/lib
tests_fuzz_fuzz_deps_LDFLAGS = $(FUZZ_LINK)
tests_fuzz_fuzz_deps_LDADD = plugins/lib/libdeps.a $(DEPS_LIBS) libbase.a

tests_fuzz_fuzz_elf_SOURCES = tests/fuzz/fuzz-elf.c $(FUZZ_MAIN)
tests_fuzz_fuzz_elf_LDFLAGS = $(FUZZ_LINK)
tests_fuzz_fuzz_elf_LDADD = $(HOST_LIBS)

tests_fuzz_fuzz_expr_SOURCES = tests/fuzz/fuzz-expr.c $(FUZZ_MAIN)
tests_fuzz_fuzz_expr_LDFLAGS = $(FUZZ_LINK)
tests_fuzz_fuzz_expr_LDADD = $(HOST_LIBS)

tests_fuzz_fuzz_flow_SOURCES = tests/fuzz/fuzz-flow.c $(FUZZ_MAIN)
tests_fuzz_fuzz_flow_LDFLAGS = $(FUZZ_LINK)
tests_fuzz_fuzz_flow_LDADD = $(HOST_LIBS)

tests_fuzz_fuzz_frame_SOURCES = tests/fuzz/fuzz-frame.c $(FUZZ_MAIN)
tests_fuzz_fuzz_frame_LDFLAGS = $(FUZZ_LINK)
tests_fuzz_fuzz_frame_LDADD = $(HOST_LIBS)

tests_fuzz_fuzz_journal_SOURCES = tests/fuzz/fuzz-journal.c $(FUZZ_MAIN)
tests_fuzz_fuzz_journal_LDFLAGS = $(FUZZ_LINK)
tests_fuzz_fuzz_journal_LDADD = $(HOST_LIBS)

tests_fuzz_fuzz_license_SOURCES = tests/fuzz/fuzz-license.c $(FUZZ_MAIN)
tests_fuzz_fuzz_license_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)/plugins/lib
tests_fuzz_fuzz_license_LDFLAGS = $(FUZZ_LINK)
tests_fuzz_fuzz_license_LDADD = plugins/lib/liblicense.a libbase.a $(JANSSON_LIBS)

tests_fuzz_fuzz_manifest_SOURCES = tests/fuzz/fuzz-manifest.c $(FUZZ_MAIN)
tests_fuzz_fuzz_manifest_LDFLAGS = $(FUZZ_LINK)
tests_fuzz_fuzz_manifest_LDADD = $(HOST_LIBS)

tests_fuzz_fuzz_options_SOURCES = tests/fuzz/fuzz-options.c $(FUZZ_MAIN)
tests_fuzz_fuzz_options_LDFLAGS = $(FUZZ_LINK)
tests_fuzz_fuzz_options_LDADD = $(HOST_LIBS)

# Of the patcher, the parts that read strangers' bytes.
tests_fuzz_fuzz_patch_SOURCES = tests/fuzz/fuzz-patch.c $(PATCHER_PARTS) $(FUZZ_MAIN)
tests_fuzz_fuzz_patch_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)/plugins/patcher -I$(srcdir)/plugins/lib
tests_fuzz_fuzz_patch_CFLAGS = $(PATCHER_TEST_CFLAGS)
tests_fuzz_fuzz_patch_LDFLAGS = $(FUZZ_LINK)
tests_fuzz_fuzz_patch_LDADD = $(PATCHER_LIBS) libbase.a $(JANSSON_LIBS)

tests_fuzz_fuzz_quantity_SOURCES = tests/fuzz/fuzz-quantity.c $(FUZZ_MAIN)
tests_fuzz_fuzz_quantity_LDFLAGS = $(FUZZ_LINK)
tests_fuzz_fuzz_quantity_LDADD = $(HOST_LIBS)

tests_fuzz_fuzz_redact_SOURCES = tests/fuzz/fuzz-redact.c $(FUZZ_MAIN)
tests_fuzz_fuzz_redact_LDFLAGS = $(FUZZ_LINK)
tests_fuzz_fuzz_redact_LDADD = $(HOST_LIBS)

# Of compliance-checker, packs of rules and what they are imported from.
tests_fuzz_fuzz_rules_SOURCES = tests/fuzz/fuzz-rules.c $(FUZZ_MAIN)
tests_fuzz_fuzz_rules_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)/plugins/lib
tests_fuzz_fuzz_rules_LDFLAGS = $(FUZZ_LINK)
tests_fuzz_fuzz_rules_LDADD = plugins/compliance-checker/libchecker.a plugins/lib/libscan.a \
	plugins/lib/libtoml.a libbase.a $(SCAN_LIBS)

tests_fuzz_fuzz_schema_SOURCES = tests/fuzz/fuzz-schema.c $(FUZZ_MAIN)
tests_fuzz_fuzz_schema_LDFLAGS = $(FUZZ_LINK)
tests_fuzz_fuzz_schema_LDADD = $(HOST_LIBS)

tests_fuzz_fuzz_spdx_SOURCES = tests/fuzz/fuzz-spdx.c $(FUZZ_MAIN)
tests_fuzz_fuzz_spdx_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)/plugins/lib
tests_fuzz_fuzz_spdx_LDFLAGS = $(FUZZ_LINK)
tests_fuzz_fuzz_spdx_LDADD = plugins/lib/liblicense.a libbase.a $(JANSSON_LIBS)

# Of the cell's own program, the parts that read a program's lines.
tests_fuzz_fuzz_speech_SOURCES = tests/fuzz/fuzz-speech.c host/cell/service.c host/cell/speech.c $(FUZZ_MAIN)
tests_fuzz_fuzz_speech_CPPFLAGS = $(AM_CPPFLAGS)
tests_fuzz_fuzz_speech_LDFLAGS = $(FUZZ_LINK)
tests_fuzz_fuzz_speech_LDADD = $(HOST_LIBS)

tests_fuzz_fuzz_toml_SOURCES = tests/fuzz/fuzz-toml.c $(FUZZ_MAIN)
tests_fuzz_fuzz_toml_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)/plugins/lib
tests_fuzz_fuzz_toml_LDFLAGS = $(FUZZ_LINK)
tests_fuzz_fuzz_toml_LDADD = plugins/lib/libtoml.a libbase.a

tests_fuzz_fuzz_yaml_SOURCES = tests/fuzz/fuzz-yaml.c $(FUZZ_MAIN)
tests_fuzz_fuzz_yaml_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)/plugins/lib
tests_fuzz_fuzz_yaml_LDFLAGS = $(FUZZ_LINK)
tests_fuzz_fuzz_yaml_LDADD = plugins/lib/libyamltree.a libbase.a $(YAML_LIBS)

tests_fuzz_fuzz_dockerfile_SOURCES = tests/fuzz/fuzz-dockerfile.c $(FUZZ_MAIN)
tests_fuzz_fuzz_dockerfile_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)/plugins/lib
tests_fuzz_fuzz_dockerfile_LDFLAGS = $(FUZZ_LINK)
tests_fuzz_fuzz_dockerfile_LDADD = plugins/lib/libdocker.a libbase.a

tests_fuzz_fuzz_shell_SOURCES = tests/fuzz/fuzz-shell.c $(FUZZ_MAIN)
tests_fuzz_fuzz_shell_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)/plugins/lib
tests_fuzz_fuzz_shell_LDFLAGS = $(FUZZ_LINK)
tests_fuzz_fuzz_shell_LDADD = plugins/lib/libdocker.a libbase.a

tests_fuzz_fuzz_apache_SOURCES = tests/fuzz/fuzz-apache.c $(FUZZ_MAIN)
tests_fuzz_fuzz_apache_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)/plugins/lib
tests_fuzz_fuzz_apache_LDFLAGS = $(FUZZ_LINK)
tests_fuzz_fuzz_apache_LDADD = plugins/lib/libserver.a libbase.a

tests_fuzz_fuzz_encoded_SOURCES = tests/fuzz/fuzz-encoded.c $(FUZZ_MAIN)
tests_fuzz_fuzz_encoded_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)/plugins/lib
tests_fuzz_fuzz_encoded_LDFLAGS = $(FUZZ_LINK)
tests_fuzz_fuzz_encoded_LDADD = plugins/lib/libscan.a libbase.a $(SCAN_LIBS)

tests_fuzz_fuzz_caddy_SOURCES = tests/fuzz/fuzz-caddy.c $(FUZZ_MAIN)
tests_fuzz_fuzz_caddy_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)/plugins/lib
tests_fuzz_fuzz_caddy_LDFLAGS = $(FUZZ_LINK)
tests_fuzz_fuzz_caddy_LDADD = plugins/lib/libserver.a libbase.a

tests_fuzz_fuzz_nginx_SOURCES = tests/fuzz/fuzz-nginx.c $(FUZZ_MAIN)
tests_fuzz_fuzz_nginx_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)/plugins/lib
tests_fuzz_fuzz_nginx_LDFLAGS = $(FUZZ_LINK)
tests_fuzz_fuzz_nginx_LDADD = plugins/lib/libserver.a libbase.a

tests_fuzz_fuzz_regex_SOURCES = tests/fuzz/fuzz-regex.c $(FUZZ_MAIN)
tests_fuzz_fuzz_regex_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)/plugins/lib
tests_fuzz_fuzz_regex_LDFLAGS = $(FUZZ_LINK)
tests_fuzz_fuzz_regex_LDADD = plugins/lib/libserver.a libbase.a $(PCRE2_LIBS)

tests_fuzz_fuzz_response_SOURCES = tests/fuzz/fuzz-response.c $(FUZZ_MAIN)
tests_fuzz_fuzz_response_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)/plugins/lib
tests_fuzz_fuzz_response_LDFLAGS = $(FUZZ_LINK)
tests_fuzz_fuzz_response_LDADD = plugins/lib/libserver.a libbase.a
