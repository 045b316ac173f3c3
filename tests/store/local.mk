STORE_HELPER = tests/store/helper.c tests/store/helper.h tests/test.h

check_PROGRAMS += tests/store/test-store
TESTS += tests/store/test-store
tests_store_test_store_SOURCES = tests/store/test-store.c $(STORE_HELPER)
tests_store_test_store_CPPFLAGS = $(TEST_CPPFLAGS)
tests_store_test_store_LDADD = $(TEST_LIBS)
