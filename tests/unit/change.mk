TREE_SOURCES = tests/unit/tree.c tests/unit/tree.h tests/test.h

check_PROGRAMS += tests/unit/test-apply
TESTS += tests/unit/test-apply
tests_unit_test_apply_SOURCES = tests/unit/test-apply.c $(TREE_SOURCES)
tests_unit_test_apply_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_apply_LDADD = $(TEST_LIBS)
