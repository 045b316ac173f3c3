check_PROGRAMS += tests/flow/test-expr tests/flow/test-flow
TESTS += tests/flow/test-expr tests/flow/test-flow
tests_flow_test_expr_SOURCES = tests/flow/test-expr.c tests/test.h
tests_flow_test_expr_CPPFLAGS = $(TEST_CPPFLAGS)
tests_flow_test_expr_LDADD = $(TEST_LIBS)
tests_flow_test_flow_SOURCES = tests/flow/test-flow.c tests/json-random.h tests/test.h
tests_flow_test_flow_CPPFLAGS = $(TEST_CPPFLAGS)
tests_flow_test_flow_LDADD = $(TEST_LIBS)
