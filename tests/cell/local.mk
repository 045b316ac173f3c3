# Agents that the cell's tests load; each a plain shared object, honest or not.
CELL_AGENTS = tests/cell/agent-noop.so tests/cell/agent-probe.so
check_PROGRAMS += $(CELL_AGENTS)
EXTRA_DIST += tests/cell/agent-noop.json

tests_cell_agent_noop_so_SOURCES = tests/cell/agent-noop.c
tests_cell_agent_noop_so_CPPFLAGS = $(AGENT_CPP_FLAGS)
tests_cell_agent_noop_so_CFLAGS = $(AGENT_C_FLAGS) -Wa,-I$(srcdir)/tests/cell
tests_cell_agent_noop_so_LDFLAGS = $(AGENT_LINK_FLAGS)
tests/cell/agent_noop_so-agent-noop.$(OBJEXT): tests/cell/agent-noop.json

tests_cell_agent_probe_so_SOURCES = tests/cell/agent-probe.c
tests_cell_agent_probe_so_CPPFLAGS = $(AGENT_CPP_FLAGS)
tests_cell_agent_probe_so_CFLAGS = $(AGENT_C_FLAGS)
tests_cell_agent_probe_so_LDFLAGS = $(AGENT_LINK_FLAGS)

# As whoever runs the tests, as a user who owns nothing, and in cells that were prepared ahead.
check_PROGRAMS += tests/cell/test-cell tests/cell/test-cell-user tests/cell/test-cell-warm
TESTS += tests/cell/test-cell tests/cell/test-cell-user tests/cell/test-cell-warm
tests_cell_test_cell_SOURCES = tests/cell/test-cell.c tests/cell/drive.c tests/cell/drive.h
tests_cell_test_cell_CPPFLAGS = $(TEST_CPPFLAGS)
tests_cell_test_cell_LDADD = $(TEST_LIBS)
tests_cell_test_cell_user_SOURCES = $(tests_cell_test_cell_SOURCES)
tests_cell_test_cell_user_CPPFLAGS = $(TEST_CPPFLAGS) -DAS_USER
tests_cell_test_cell_user_LDADD = $(TEST_LIBS)
tests_cell_test_cell_warm_SOURCES = $(tests_cell_test_cell_SOURCES)
tests_cell_test_cell_warm_CPPFLAGS = $(TEST_CPPFLAGS) -DPREPARED_AHEAD
tests_cell_test_cell_warm_LDADD = $(TEST_LIBS)

check_PROGRAMS += tests/cell/bench-step
tests_cell_bench_step_SOURCES = tests/cell/bench-step.c
tests_cell_bench_step_LDADD = $(HOST_LIBS)
# Its measure of a cold start needs a program that makes nothing ahead.
EXTRA_tests_cell_bench_step_DEPENDENCIES = linhay-cell-without-ahead
linhay-cell-without-ahead: linhay-cell-test$(EXEEXT)
	$(AM_V_GEN)cp -f linhay-cell-test$(EXEEXT) $@
CLEANFILES += linhay-cell-without-ahead

check_PROGRAMS += tests/cell/bench-cell
tests_cell_bench_cell_SOURCES = tests/cell/bench-cell.c
tests_cell_bench_cell_LDADD = $(HOST_LIBS)

check_PROGRAMS += tests/cell/test-tiers
TESTS += tests/cell/test-tiers
tests_cell_test_tiers_SOURCES = tests/cell/test-tiers.c tests/cell/drive.c tests/cell/drive.h
tests_cell_test_tiers_CPPFLAGS = $(TEST_CPPFLAGS)
tests_cell_test_tiers_LDADD = $(TEST_LIBS)
EXTRA_tests_cell_test_tiers_DEPENDENCIES = linhay-cell-test$(EXEEXT)

check_PROGRAMS += tests/cell/test-release
TESTS += tests/cell/test-release
tests_cell_test_release_SOURCES = tests/cell/test-release.c tests/cell/drive.c tests/cell/drive.h
tests_cell_test_release_CPPFLAGS = $(TEST_CPPFLAGS)
tests_cell_test_release_LDADD = $(TEST_LIBS)
EXTRA_tests_cell_test_release_DEPENDENCIES = linhay-cell-test$(EXEEXT)

check_PROGRAMS += tests/cell/test-trace
TESTS += tests/cell/test-trace
tests_cell_test_trace_SOURCES = tests/cell/test-trace.c tests/cell/drive.c tests/cell/drive.h
tests_cell_test_trace_CPPFLAGS = $(TEST_CPPFLAGS)
tests_cell_test_trace_LDADD = $(TEST_LIBS)

check_PROGRAMS += tests/cell/test-policy
TESTS += tests/cell/test-policy
tests_cell_test_policy_SOURCES = tests/cell/test-policy.c
tests_cell_test_policy_CPPFLAGS = $(TEST_CPPFLAGS)
tests_cell_test_policy_LDADD = $(TEST_LIBS)

check_PROGRAMS += tests/cell/test-reply
TESTS += tests/cell/test-reply
tests_cell_test_reply_SOURCES = tests/cell/test-reply.c
tests_cell_test_reply_CPPFLAGS = $(TEST_CPPFLAGS)
tests_cell_test_reply_LDADD = $(TEST_LIBS)

CELL_TEST_SOURCES = tests/cell/drive.c tests/cell/drive.h tests/cell/look.c tests/cell/look.h

check_PROGRAMS += tests/cell/test-blank
TESTS += tests/cell/test-blank
tests_cell_test_blank_SOURCES = tests/cell/test-blank.c $(CELL_TEST_SOURCES)
tests_cell_test_blank_CPPFLAGS = $(TEST_CPPFLAGS)
tests_cell_test_blank_LDADD = $(TEST_LIBS)
EXTRA_tests_cell_test_blank_DEPENDENCIES = linhay-cell-test$(EXEEXT)

check_PROGRAMS += tests/cell/test-pool tests/cell/test-pool-user
TESTS += tests/cell/test-pool tests/cell/test-pool-user
tests_cell_test_pool_SOURCES = tests/cell/test-pool.c $(CELL_TEST_SOURCES)
tests_cell_test_pool_CPPFLAGS = $(TEST_CPPFLAGS)
tests_cell_test_pool_LDADD = $(TEST_LIBS)
tests_cell_test_pool_user_SOURCES = $(tests_cell_test_pool_SOURCES)
tests_cell_test_pool_user_CPPFLAGS = $(TEST_CPPFLAGS) -DAS_USER
tests_cell_test_pool_user_LDADD = $(TEST_LIBS)

# In control groups; and the groups by themselves.
check_PROGRAMS += tests/cell/test-cgroup tests/cell/test-group
TESTS += tests/cell/test-cgroup tests/cell/test-group
tests_cell_test_cgroup_SOURCES = tests/cell/test-cgroup.c $(CELL_TEST_SOURCES)
tests_cell_test_cgroup_CPPFLAGS = $(TEST_CPPFLAGS)
tests_cell_test_cgroup_LDADD = $(TEST_LIBS)
EXTRA_tests_cell_test_cgroup_DEPENDENCIES = linhay-cell-test$(EXEEXT)
tests_cell_test_group_SOURCES = tests/cell/test-group.c host/cell/group.c host/cell/group.h \
	host/cell/cgroup.c host/cell/cgroup.h tests/cell/look.c tests/cell/look.h
tests_cell_test_group_CPPFLAGS = $(TEST_CPPFLAGS)
tests_cell_test_group_LDADD = $(TEST_LIBS)

check_PROGRAMS += tests/cell/test-kill tests/cell/test-soak
TESTS += tests/cell/test-kill tests/cell/test-soak
tests_cell_test_kill_SOURCES = tests/cell/test-kill.c $(CELL_TEST_SOURCES)
tests_cell_test_kill_CPPFLAGS = $(TEST_CPPFLAGS)
tests_cell_test_kill_LDADD = $(TEST_LIBS)
tests_cell_test_soak_SOURCES = tests/cell/test-soak.c $(CELL_TEST_SOURCES)
tests_cell_test_soak_CPPFLAGS = $(TEST_CPPFLAGS)
tests_cell_test_soak_LDADD = $(TEST_LIBS)

# A zygote that is killed while a process waits for it; that program is never installed.
check_PROGRAMS += linhay-cell-dies tests/cell/test-zygote
TESTS += tests/cell/test-zygote
linhay_cell_dies_SOURCES = $(linhay_cell_test_SOURCES) tests/cell/dies.c
linhay_cell_dies_CPPFLAGS = $(linhay_cell_test_CPPFLAGS)
linhay_cell_dies_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=maps_write
linhay_cell_dies_LDADD = $(linhay_cell_LDADD)
tests_cell_test_zygote_SOURCES = tests/cell/test-zygote.c tests/cell/drive.c tests/cell/drive.h
tests_cell_test_zygote_CPPFLAGS = $(TEST_CPPFLAGS)
tests_cell_test_zygote_LDADD = $(TEST_LIBS)
EXTRA_tests_cell_test_zygote_DEPENDENCIES = linhay-cell-dies$(EXEEXT)
