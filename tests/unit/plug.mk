# A whole agent in few bytes, for the tests that read objects.
check_PROGRAMS += tests/unit/tiny/tiny.so
EXTRA_DIST += tests/unit/tiny/tiny.json
tests_unit_tiny_tiny_so_SOURCES = tests/unit/tiny/tiny.c
tests_unit_tiny_tiny_so_CPPFLAGS = $(AGENT_CPP_FLAGS)
tests_unit_tiny_tiny_so_CFLAGS = $(AGENT_C_FLAGS) -Wa,-I$(srcdir)/tests/unit/tiny
tests_unit_tiny_tiny_so_LDFLAGS = $(AGENT_LINK_FLAGS)
tests_unit_tiny_tiny_so_LDADD =

check_PROGRAMS += tests/unit/test-elf
TESTS += tests/unit/test-elf
tests_unit_test_elf_SOURCES = tests/unit/test-elf.c tests/test.h
tests_unit_test_elf_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_elf_LDADD = $(TEST_LIBS)

check_PROGRAMS += tests/unit/test-manifest
TESTS += tests/unit/test-manifest
tests_unit_test_manifest_SOURCES = tests/unit/test-manifest.c tests/test.h
tests_unit_test_manifest_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_manifest_LDADD = $(TEST_LIBS)

check_PROGRAMS += tests/unit/test-scaffold
TESTS += tests/unit/test-scaffold
tests_unit_test_scaffold_SOURCES = tests/unit/test-scaffold.c $(TREE_SOURCES)
tests_unit_test_scaffold_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_scaffold_LDADD = $(TEST_LIBS)

check_PROGRAMS += tests/unit/test-bundle
TESTS += tests/unit/test-bundle
tests_unit_test_bundle_SOURCES = tests/unit/test-bundle.c $(TREE_SOURCES)
tests_unit_test_bundle_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_bundle_LDADD = $(TEST_LIBS)
