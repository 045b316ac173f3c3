check_PROGRAMS += tests/unit/test-walk
TESTS += tests/unit/test-walk
tests_unit_test_walk_SOURCES = tests/unit/test-walk.c tests/test.h
tests_unit_test_walk_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_walk_LDADD = $(TEST_LIBS)

check_PROGRAMS += tests/agent-run
tests_agent_run_SOURCES = tests/agent-run.c tests/test.h $(FAKEHOST_SOURCES)
tests_agent_run_CPPFLAGS = $(TEST_CPPFLAGS)
tests_agent_run_LDADD = $(TEST_LIBS)

check_PROGRAMS += tests/unit/test-dockerfile
TESTS += tests/unit/test-dockerfile
tests_unit_test_dockerfile_SOURCES = tests/unit/test-dockerfile.c tests/test.h $(FAKEHOST_SOURCES)
tests_unit_test_dockerfile_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_dockerfile_LDADD = plugins/lib/libdocker.a $(TEST_LIBS)

check_PROGRAMS += tests/unit/test-scan
TESTS += tests/unit/test-scan
tests_unit_test_scan_SOURCES = tests/unit/test-scan.c tests/test.h
tests_unit_test_scan_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_scan_LDADD = plugins/lib/libscan.a $(TEST_LIBS) $(SCAN_LIBS)

check_PROGRAMS += tests/unit/test-checker
TESTS += tests/unit/test-checker
tests_unit_test_checker_SOURCES = tests/unit/test-checker.c tests/test.h $(FAKEHOST_SOURCES)
tests_unit_test_checker_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_checker_LDADD = plugins/compliance-checker/libchecker.a $(TEST_LIBS) $(CHECKER_LIBS)

check_PROGRAMS += tests/unit/test-yaml
TESTS += tests/unit/test-yaml
tests_unit_test_yaml_SOURCES = tests/unit/test-yaml.c tests/test.h
tests_unit_test_yaml_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_yaml_LDADD = plugins/lib/libyamltree.a $(TEST_LIBS) $(YAML_LIBS)

check_PROGRAMS += tests/unit/test-packfile
TESTS += tests/unit/test-packfile
tests_unit_test_packfile_SOURCES = tests/unit/test-packfile.c tests/test.h
tests_unit_test_packfile_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_packfile_LDADD = plugins/lib/libscan.a $(TEST_LIBS) $(SCAN_LIBS)

check_PROGRAMS += tests/unit/test-toml tests/unit/toml-dump
TESTS += tests/unit/test-toml tests/unit/toml
EXTRA_DIST += tests/unit/toml
tests_unit_test_toml_SOURCES = tests/unit/test-toml.c tests/test.h
tests_unit_test_toml_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_toml_LDADD = plugins/lib/libtoml.a $(TEST_LIBS)
tests_unit_toml_dump_SOURCES = tests/unit/toml-dump.c tests/test.h
tests_unit_toml_dump_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_toml_dump_LDADD = plugins/lib/libtoml.a $(TEST_LIBS)

check_PROGRAMS += tests/unit/test-server
TESTS += tests/unit/test-server
tests_unit_test_server_SOURCES = tests/unit/test-server.c tests/test.h
tests_unit_test_server_CPPFLAGS = $(TEST_CPPFLAGS) -I$(srcdir)/plugins/lib
tests_unit_test_server_LDADD = plugins/lib/libserver.a $(TEST_LIBS)

check_PROGRAMS += tests/unit/test-headers
TESTS += tests/unit/test-headers
tests_unit_test_headers_SOURCES = tests/unit/test-headers.c $(TREE_SOURCES) \
	$(FAKEHOST_SOURCES)
tests_unit_test_headers_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_headers_LDADD = $(TEST_LIBS)

check_PROGRAMS += tests/unit/test-config
TESTS += tests/unit/test-config
tests_unit_test_config_SOURCES = tests/unit/test-config.c tests/test.h $(FAKEHOST_SOURCES)
tests_unit_test_config_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_config_LDADD = plugins/compliance-checker/libchecker.a $(TEST_LIBS)
EXTRA_DIST += tests/unit/cases

check_PROGRAMS += tests/unit/test-peers
TESTS += tests/unit/test-peers
tests_unit_test_peers_SOURCES = tests/unit/test-peers.c tests/test.h $(FAKEHOST_SOURCES)
tests_unit_test_peers_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_peers_LDADD = $(TEST_LIBS)

check_PROGRAMS += tests/unit/test-gitleaks
TESTS += tests/unit/test-gitleaks
tests_unit_test_gitleaks_SOURCES = tests/unit/test-gitleaks.c tests/test.h
tests_unit_test_gitleaks_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_gitleaks_LDADD = plugins/compliance-checker/libchecker.a plugins/lib/libscan.a \
	plugins/lib/libtoml.a $(TEST_LIBS) $(CHECKER_LIBS)

check_PROGRAMS += tests/unit/test-held-out
TESTS += tests/unit/test-held-out
tests_unit_test_held_out_SOURCES = tests/unit/test-held-out.c tests/test.h
tests_unit_test_held_out_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_held_out_LDADD = plugins/compliance-checker/libchecker.a plugins/lib/libscan.a \
	$(TEST_LIBS) $(CHECKER_LIBS)

check_PROGRAMS += tests/unit/test-deps
TESTS += tests/unit/test-deps
tests_unit_test_deps_SOURCES = tests/unit/test-deps.c tests/test.h
tests_unit_test_deps_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_deps_LDADD = plugins/lib/libdeps.a $(DEPS_LIBS) $(TEST_LIBS)
check_PROGRAMS += tests/unit/test-license
TESTS += tests/unit/test-license
tests_unit_test_license_SOURCES = tests/unit/test-license.c tests/test.h
tests_unit_test_license_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_license_LDADD = plugins/lib/liblicense.a $(TEST_LIBS)

check_PROGRAMS += tests/unit/test-gates
TESTS += tests/unit/test-gates
tests_unit_test_gates_SOURCES = tests/unit/test-gates.c tests/test.h
tests_unit_test_gates_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_gates_LDADD = plugins/lib/libscan.a $(TEST_LIBS) $(SCAN_LIBS)

check_PROGRAMS += tests/unit/test-compose
TESTS += tests/unit/test-compose
tests_unit_test_compose_SOURCES = tests/unit/test-compose.c $(TREE_SOURCES) $(FAKEHOST_SOURCES)
tests_unit_test_compose_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_compose_LDADD = plugins/compliance-checker/libchecker.a $(TEST_LIBS)
