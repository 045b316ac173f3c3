REVIEWER_TESTS = tests/unit/test-reviewer-agent tests/unit/test-reviewer-metrics \
	tests/unit/test-reviewer-rules
check_PROGRAMS += $(REVIEWER_TESTS)
TESTS += $(REVIEWER_TESTS)
REVIEWER_TEST_CPPFLAGS = $(TEST_CPPFLAGS) -I$(srcdir)/plugins/code-reviewer $(TREE_SITTER_CFLAGS)
REVIEWER_TEST_LIBS = $(REVIEWER_LIBS) $(TEST_LIBS)

tests_unit_test_reviewer_agent_SOURCES = tests/unit/test-reviewer-agent.c $(FAKEHOST_SOURCES)
tests_unit_test_reviewer_agent_CPPFLAGS = $(REVIEWER_TEST_CPPFLAGS)
tests_unit_test_reviewer_agent_LDADD = $(TEST_LIBS)

tests_unit_test_reviewer_metrics_SOURCES = tests/unit/test-reviewer-metrics.c
tests_unit_test_reviewer_metrics_CPPFLAGS = $(REVIEWER_TEST_CPPFLAGS)
tests_unit_test_reviewer_metrics_LDADD = $(REVIEWER_TEST_LIBS)

tests_unit_test_reviewer_rules_SOURCES = tests/unit/test-reviewer-rules.c
tests_unit_test_reviewer_rules_CPPFLAGS = $(REVIEWER_TEST_CPPFLAGS)
tests_unit_test_reviewer_rules_LDADD = $(REVIEWER_TEST_LIBS)
