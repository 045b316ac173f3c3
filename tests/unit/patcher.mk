# A test of an agent adds these to its SOURCES, and $(JANSSON_LIBS) comes with $(TEST_LIBS).
FAKEHOST_SOURCES = tests/fakehost.c tests/fakehost.h

check_PROGRAMS += tests/unit/test-fakehost
TESTS += tests/unit/test-fakehost
tests_unit_test_fakehost_SOURCES = tests/unit/test-fakehost.c tests/test.h $(FAKEHOST_SOURCES)
tests_unit_test_fakehost_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_fakehost_LDADD = $(TEST_LIBS)

# The patcher linked into a test, with what it needs of the libraries.
PATCHER_TEST_SOURCES = plugins/patcher/patcher.c $(PATCHER_PARTS) $(FAKEHOST_SOURCES) tests/test.h
PATCHER_TEST_CPPFLAGS = $(TEST_CPPFLAGS) -I$(srcdir)/plugins/patcher
PATCHER_TEST_CFLAGS = $(AM_CFLAGS) $(ZLIB_CFLAGS) -Wa,-I$(srcdir)/plugins/patcher
PATCHER_TEST_LIBS = $(TEST_LIBS) $(PATCHER_LIBS)

check_PROGRAMS += tests/unit/patch-run
tests_unit_patch_run_SOURCES = tests/unit/patch-run.c $(PATCHER_TEST_SOURCES)
tests_unit_patch_run_CPPFLAGS = $(PATCHER_TEST_CPPFLAGS)
tests_unit_patch_run_CFLAGS = $(PATCHER_TEST_CFLAGS)
tests_unit_patch_run_LDADD = $(PATCHER_TEST_LIBS)

# Labelled cases of the shared data (skipped where there are none).
dist_check_SCRIPTS += tests/sdk/patch-cases
TESTS += tests/sdk/patch-cases

# Random patches against git; LINHAY_PATCH_CASES=20000 for a long run.
dist_check_SCRIPTS += tests/sdk/patch-git
TESTS += tests/sdk/patch-git

check_PROGRAMS += tests/unit/test-patch
TESTS += tests/unit/test-patch
tests_unit_test_patch_SOURCES = tests/unit/test-patch.c $(PATCHER_TEST_SOURCES)
tests_unit_test_patch_CPPFLAGS = $(PATCHER_TEST_CPPFLAGS)
tests_unit_test_patch_CFLAGS = $(PATCHER_TEST_CFLAGS)
tests_unit_test_patch_LDADD = $(PATCHER_TEST_LIBS)

check_PROGRAMS += tests/unit/test-patch-parts
TESTS += tests/unit/test-patch-parts
tests_unit_test_patch_parts_SOURCES = tests/unit/test-patch-parts.c tests/test.h $(PATCHER_PARTS)
tests_unit_test_patch_parts_CPPFLAGS = -D_GNU_SOURCE -I$(srcdir)/sdk -I$(srcdir)/plugins/lib \
	-I$(srcdir)/plugins/patcher -I$(srcdir)/tests $(CMOCKA_CFLAGS)
tests_unit_test_patch_parts_CFLAGS = $(PATCHER_TEST_CFLAGS)
tests_unit_test_patch_parts_LDADD = $(PATCHER_LIBS) $(CMOCKA_LIBS)
