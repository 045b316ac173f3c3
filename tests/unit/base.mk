check_PROGRAMS += tests/unit/test-base
TESTS += tests/unit/test-base
tests_unit_test_base_SOURCES = tests/unit/test-base.c tests/test.h
tests_unit_test_base_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_base_LDADD = $(TEST_LIBS)

check_PROGRAMS += tests/unit/test-redact
TESTS += tests/unit/test-redact
tests_unit_test_redact_SOURCES = tests/unit/test-redact.c tests/test.h
tests_unit_test_redact_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_redact_LDADD = $(TEST_LIBS)

check_PROGRAMS += tests/unit/test-timers
TESTS += tests/unit/test-timers
tests_unit_test_timers_SOURCES = tests/unit/test-timers.c tests/test.h
tests_unit_test_timers_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_timers_LDADD = $(TEST_LIBS)
