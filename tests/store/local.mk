STORE_HELPER = tests/store/helper.c tests/store/helper.h tests/test.h
STORE_TESTS = \
	tests/store/test-care \
	tests/store/test-control \
	tests/store/test-crash \
	tests/store/test-group \
	tests/store/test-migrate \
	tests/store/test-open \
	tests/store/test-place \
	tests/store/test-plan \
	tests/store/test-retain \
	tests/store/test-state \
	tests/store/test-store \
	tests/store/test-verbs

check_PROGRAMS += $(STORE_TESTS) tests/store/bench-store
TESTS += $(STORE_TESTS)

tests_store_test_care_SOURCES = tests/store/test-care.c $(STORE_HELPER)
tests_store_test_care_CPPFLAGS = $(TEST_CPPFLAGS)
tests_store_test_care_LDADD = $(TEST_LIBS)

tests_store_test_control_SOURCES = tests/store/test-control.c $(STORE_HELPER)
tests_store_test_control_CPPFLAGS = $(TEST_CPPFLAGS)
tests_store_test_control_LDADD = $(TEST_LIBS)

tests_store_test_crash_SOURCES = tests/store/test-crash.c $(STORE_HELPER)
tests_store_test_crash_CPPFLAGS = $(TEST_CPPFLAGS)
tests_store_test_crash_LDADD = $(TEST_LIBS)

tests_store_test_group_SOURCES = tests/store/test-group.c $(STORE_HELPER)
tests_store_test_group_CPPFLAGS = $(TEST_CPPFLAGS)
tests_store_test_group_LDADD = $(TEST_LIBS)

tests_store_test_migrate_SOURCES = tests/store/test-migrate.c $(STORE_HELPER)
tests_store_test_migrate_CPPFLAGS = $(TEST_CPPFLAGS)
tests_store_test_migrate_LDADD = $(TEST_LIBS)

tests_store_test_open_SOURCES = tests/store/test-open.c $(STORE_HELPER)
tests_store_test_open_CPPFLAGS = $(TEST_CPPFLAGS)
tests_store_test_open_LDADD = $(TEST_LIBS)

tests_store_test_place_SOURCES = tests/store/test-place.c $(STORE_HELPER)
tests_store_test_place_CPPFLAGS = $(TEST_CPPFLAGS)
tests_store_test_place_LDADD = $(TEST_LIBS)

tests_store_test_plan_SOURCES = tests/store/test-plan.c $(STORE_HELPER)
tests_store_test_plan_CPPFLAGS = $(TEST_CPPFLAGS)
tests_store_test_plan_LDADD = $(TEST_LIBS)

tests_store_test_retain_SOURCES = tests/store/test-retain.c $(STORE_HELPER)
tests_store_test_retain_CPPFLAGS = $(TEST_CPPFLAGS)
tests_store_test_retain_LDADD = $(TEST_LIBS)

tests_store_test_state_SOURCES = tests/store/test-state.c $(STORE_HELPER)
tests_store_test_state_CPPFLAGS = $(TEST_CPPFLAGS)
tests_store_test_state_LDADD = $(TEST_LIBS)

tests_store_test_store_SOURCES = tests/store/test-store.c $(STORE_HELPER)
tests_store_test_store_CPPFLAGS = $(TEST_CPPFLAGS)
tests_store_test_store_LDADD = $(TEST_LIBS)

tests_store_test_verbs_SOURCES = tests/store/test-verbs.c $(STORE_HELPER)
tests_store_test_verbs_CPPFLAGS = $(TEST_CPPFLAGS)
tests_store_test_verbs_LDADD = $(TEST_LIBS)

# Not a test: commits per second, for scripts/bench.
tests_store_bench_store_SOURCES = tests/store/bench-store.c
tests_store_bench_store_LDADD = $(HOST_LIBS)
