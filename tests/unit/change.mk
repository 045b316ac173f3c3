TREE_SOURCES = tests/unit/tree.c tests/unit/tree.h tests/test.h

check_PROGRAMS += tests/unit/test-apply
TESTS += tests/unit/test-apply
tests_unit_test_apply_SOURCES = tests/unit/test-apply.c $(TREE_SOURCES)
tests_unit_test_apply_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_apply_LDADD = $(TEST_LIBS)

check_PROGRAMS += tests/unit/test-durable
TESTS += tests/unit/test-durable
tests_unit_test_durable_SOURCES = tests/unit/test-durable.c $(TREE_SOURCES)
tests_unit_test_durable_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_durable_LDADD = $(TEST_LIBS)

check_PROGRAMS += tests/unit/test-changeset
TESTS += tests/unit/test-changeset
tests_unit_test_changeset_SOURCES = tests/unit/test-changeset.c $(TREE_SOURCES)
tests_unit_test_changeset_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_changeset_LDADD = $(TEST_LIBS)

check_PROGRAMS += tests/unit/test-collect
TESTS += tests/unit/test-collect
tests_unit_test_collect_SOURCES = tests/unit/test-collect.c $(TREE_SOURCES)
tests_unit_test_collect_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_collect_LDADD = $(TEST_LIBS)
