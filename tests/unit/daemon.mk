# The daemon and what starts runs by itself.
check_PROGRAMS += tests/unit/test-cron
TESTS += tests/unit/test-cron
tests_unit_test_cron_SOURCES = tests/unit/test-cron.c tests/test.h
tests_unit_test_cron_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_cron_LDADD = $(TEST_LIBS)

dist_check_SCRIPTS += tests/e2e/daemon
TESTS += tests/e2e/daemon
