# A test of an agent adds these to its SOURCES, and $(JANSSON_LIBS) comes with $(TEST_LIBS).
FAKEHOST_SOURCES = tests/fakehost.c tests/fakehost.h

check_PROGRAMS += tests/unit/test-fakehost
TESTS += tests/unit/test-fakehost
tests_unit_test_fakehost_SOURCES = tests/unit/test-fakehost.c tests/test.h $(FAKEHOST_SOURCES)
tests_unit_test_fakehost_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_fakehost_LDADD = $(TEST_LIBS)
