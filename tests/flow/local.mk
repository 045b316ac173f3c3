check_PROGRAMS += tests/flow/test-expr tests/flow/test-flow tests/flow/test-grammar tests/flow/test-hostile
TESTS += tests/flow/test-expr tests/flow/test-flow tests/flow/test-grammar tests/flow/test-hostile
tests_flow_test_expr_SOURCES = tests/flow/test-expr.c tests/test.h
tests_flow_test_expr_CPPFLAGS = $(TEST_CPPFLAGS)
tests_flow_test_expr_LDADD = $(TEST_LIBS)
tests_flow_test_flow_SOURCES = tests/flow/test-flow.c tests/json-random.h tests/test.h
tests_flow_test_flow_CPPFLAGS = $(TEST_CPPFLAGS)
tests_flow_test_flow_LDADD = $(TEST_LIBS)
tests_flow_test_hostile_SOURCES = tests/flow/test-hostile.c tests/json-random.h tests/test.h
tests_flow_test_hostile_CPPFLAGS = $(TEST_CPPFLAGS)
tests_flow_test_hostile_LDADD = $(TEST_LIBS)
tests_flow_test_grammar_SOURCES = tests/flow/test-grammar.c tests/flow/ebnf.c tests/flow/ebnf.h tests/flow/oracle.c \
	tests/flow/oracle.h tests/json-random.h tests/test.h
tests_flow_test_grammar_CPPFLAGS = $(TEST_CPPFLAGS) -I$(srcdir)/tests/flow
tests_flow_test_grammar_LDADD = $(TEST_LIBS) -lm
