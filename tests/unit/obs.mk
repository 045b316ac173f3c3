check_PROGRAMS += tests/unit/test-report
TESTS += tests/unit/test-report
tests_unit_test_report_SOURCES = tests/unit/test-report.c tests/test.h
tests_unit_test_report_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_report_LDADD = $(TEST_LIBS)
