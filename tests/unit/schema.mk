check_PROGRAMS += tests/unit/test-schema
TESTS += tests/unit/test-schema
tests_unit_test_schema_SOURCES = tests/unit/test-schema.c tests/test.h
tests_unit_test_schema_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_schema_LDADD = $(TEST_LIBS)
