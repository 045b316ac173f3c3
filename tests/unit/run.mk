check_PROGRAMS += tests/unit/test-retry tests/unit/test-state
TESTS += tests/unit/test-retry tests/unit/test-state

tests_unit_test_retry_SOURCES = tests/unit/test-retry.c tests/test.h
tests_unit_test_retry_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_retry_LDADD = $(TEST_LIBS)

tests_unit_test_state_SOURCES = tests/unit/test-state.c tests/test.h
tests_unit_test_state_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_state_LDADD = $(TEST_LIBS)
