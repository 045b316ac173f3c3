check_PROGRAMS += tests/unit/test-walk
TESTS += tests/unit/test-walk
tests_unit_test_walk_SOURCES = tests/unit/test-walk.c tests/test.h
tests_unit_test_walk_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_walk_LDADD = $(TEST_LIBS)
