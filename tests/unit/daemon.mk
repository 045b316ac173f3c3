# The daemon and what starts runs by itself.
check_PROGRAMS += tests/unit/test-cron
TESTS += tests/unit/test-cron
tests_unit_test_cron_SOURCES = tests/unit/test-cron.c tests/test.h
tests_unit_test_cron_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_cron_LDADD = $(TEST_LIBS)

dist_check_SCRIPTS += tests/e2e/daemon
TESTS += tests/e2e/daemon

check_PROGRAMS += tests/unit/test-due
TESTS += tests/unit/test-due
tests_unit_test_due_SOURCES = tests/unit/test-due.c tests/test.h
tests_unit_test_due_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_due_LDADD = $(TEST_LIBS)

check_PROGRAMS += tests/unit/test-watch
TESTS += tests/unit/test-watch
tests_unit_test_watch_SOURCES = tests/unit/test-watch.c tests/test.h
tests_unit_test_watch_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_watch_LDADD = $(TEST_LIBS)
