check_PROGRAMS += tests/unit/test-retry
TESTS += tests/unit/test-retry

tests_unit_test_retry_SOURCES = tests/unit/test-retry.c tests/test.h
tests_unit_test_retry_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_retry_LDADD = $(TEST_LIBS)
