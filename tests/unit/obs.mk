check_PROGRAMS += tests/unit/test-mask tests/unit/test-report
TESTS += tests/unit/test-mask tests/unit/test-report
tests_unit_test_mask_SOURCES = tests/unit/test-mask.c tests/test.h
tests_unit_test_mask_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_mask_LDADD = $(TEST_LIBS)
tests_unit_test_report_SOURCES = tests/unit/test-report.c tests/test.h
tests_unit_test_report_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_report_LDADD = $(TEST_LIBS)
