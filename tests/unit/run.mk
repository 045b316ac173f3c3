check_PROGRAMS += tests/unit/test-finding tests/unit/test-retry tests/unit/test-state
TESTS += tests/unit/test-finding tests/unit/test-retry tests/unit/test-state

tests_unit_test_finding_SOURCES = tests/unit/test-finding.c tests/test.h
tests_unit_test_finding_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_finding_LDADD = $(TEST_LIBS)

tests_unit_test_state_SOURCES = tests/unit/test-state.c tests/test.h
tests_unit_test_state_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_state_LDADD = $(TEST_LIBS)

tests_unit_test_retry_SOURCES = tests/unit/test-retry.c tests/test.h
tests_unit_test_retry_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_retry_LDADD = $(TEST_LIBS)

# The engine, over real cells and over forked children that need no sandbox and fail on demand.
check_PROGRAMS += tests/e2e/test-engine tests/e2e/test-engine-fake tests/e2e/agents/tester.so
TESTS += tests/e2e/test-engine tests/e2e/test-engine-fake
ENGINE_BENCH = tests/e2e/bench.c tests/e2e/bench.h tests/e2e/flow-text.h tests/test.h

tests_e2e_test_engine_SOURCES = tests/e2e/test-engine.c $(ENGINE_BENCH)
tests_e2e_test_engine_CPPFLAGS = $(TEST_CPPFLAGS)
tests_e2e_test_engine_LDADD = $(TEST_LIBS)

tests_e2e_test_engine_fake_SOURCES = tests/e2e/test-engine.c $(ENGINE_BENCH) \
	tests/e2e/forkcell.c tests/e2e/forkcell.h $(FAKECELL_SOURCES) $(FAKEHOST_SOURCES)
tests_e2e_test_engine_fake_CPPFLAGS = $(TEST_CPPFLAGS) -DFAKE_CELL
tests_e2e_test_engine_fake_LDADD = $(TEST_LIBS)

# Runs that repeat others.
check_PROGRAMS += tests/e2e/test-again
TESTS += tests/e2e/test-again
tests_e2e_test_again_SOURCES = tests/e2e/test-again.c $(ENGINE_BENCH)
tests_e2e_test_again_CPPFLAGS = $(TEST_CPPFLAGS)
tests_e2e_test_again_LDADD = $(TEST_LIBS)

# Workflows within workflows.
check_PROGRAMS += tests/e2e/test-child
TESTS += tests/e2e/test-child
tests_e2e_test_child_SOURCES = tests/e2e/test-child.c $(ENGINE_BENCH)
tests_e2e_test_child_CPPFLAGS = $(TEST_CPPFLAGS)
tests_e2e_test_child_LDADD = $(TEST_LIBS)

# A run of 100,000 items.
check_PROGRAMS += tests/e2e/test-large
TESTS += tests/e2e/test-large
tests_e2e_test_large_SOURCES = tests/e2e/test-large.c tests/load/noopcell.c $(FAKECELL_SOURCES) $(ENGINE_BENCH)
tests_e2e_test_large_CPPFLAGS = $(TEST_CPPFLAGS)
tests_e2e_test_large_LDADD = $(TEST_LIBS)

# Runs that the store refuses.
check_PROGRAMS += tests/e2e/test-refused
TESTS += tests/e2e/test-refused
tests_e2e_test_refused_SOURCES = tests/e2e/test-refused.c $(ENGINE_BENCH)
tests_e2e_test_refused_CPPFLAGS = $(TEST_CPPFLAGS)
tests_e2e_test_refused_LDADD = $(TEST_LIBS)

# Results from before.
check_PROGRAMS += tests/e2e/test-cache
TESTS += tests/e2e/test-cache
tests_e2e_test_cache_SOURCES = tests/e2e/test-cache.c $(ENGINE_BENCH)
tests_e2e_test_cache_CPPFLAGS = $(TEST_CPPFLAGS)
tests_e2e_test_cache_LDADD = $(TEST_LIBS)

tests_e2e_agents_tester_so_SOURCES = tests/e2e/agents/tester.c
tests_e2e_agents_tester_so_CPPFLAGS = $(AGENT_CPP_FLAGS)
tests_e2e_agents_tester_so_CFLAGS = $(AGENT_C_FLAGS) -Wa,-I$(srcdir)/tests/e2e/agents
tests_e2e_agents_tester_so_LDFLAGS = $(AGENT_LINK_FLAGS)
tests/e2e/agents/tester_so-tester.$(OBJEXT): tests/e2e/agents/tester.json
EXTRA_DIST += tests/e2e/agents/tester.json

dist_check_SCRIPTS += tests/e2e/kill tests/e2e/masking tests/e2e/resume tests/e2e/unreadable
TESTS += tests/e2e/kill tests/e2e/masking tests/e2e/resume tests/e2e/unreadable
dist_check_SCRIPTS += tests/e2e/points tests/e2e/full tests/e2e/crash
TESTS += tests/e2e/points tests/e2e/full
EXTRA_DIST += scripts/crash tests/e2e/campaign.py

# linhay once more, with points at which it dies; it is never installed.
check_PROGRAMS += linhay-crash-test
linhay_crash_test_SOURCES = $(linhay_SOURCES) tests/e2e/crash-points.c
linhay_crash_test_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=lite_begin -Wl,--wrap=lite_commit -Wl,--wrap=blob_sync \
	-Wl,--wrap=store_submit -Wl,--wrap=apply_changeset -Wl,--wrap=journal_begin -Wl,--wrap=journal_commit \
	-Wl,--wrap=journal_end -Wl,--wrap=renameat -Wl,--wrap=renameat2 -Wl,--wrap=cell_start -Wl,--wrap=cell_go
linhay_crash_test_LDADD = $(linhay_LDADD)

check_PROGRAMS += tests/unit/test-syscall-grant
TESTS += tests/unit/test-syscall-grant
tests_unit_test_syscall_grant_SOURCES = tests/unit/test-syscall-grant.c tests/test.h
tests_unit_test_syscall_grant_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_syscall_grant_LDADD = $(TEST_LIBS)

# Secrets: an agent that is given one, and everything that it comes to.
check_PROGRAMS += tests/e2e/agents/keeper.so
tests_e2e_agents_keeper_so_SOURCES = tests/e2e/agents/keeper.c
tests_e2e_agents_keeper_so_CPPFLAGS = $(AGENT_CPP_FLAGS)
tests_e2e_agents_keeper_so_CFLAGS = $(AGENT_C_FLAGS) -Wa,-I$(srcdir)/tests/e2e/agents
tests_e2e_agents_keeper_so_LDFLAGS = $(AGENT_LINK_FLAGS)
tests/e2e/agents/keeper_so-keeper.$(OBJEXT): tests/e2e/agents/keeper.json
EXTRA_DIST += tests/e2e/agents/keeper.json
dist_check_SCRIPTS += tests/e2e/secrets
TESTS += tests/e2e/secrets

# Who begins when.
check_PROGRAMS += tests/unit/test-schedule tests/e2e/test-queue
TESTS += tests/unit/test-schedule tests/e2e/test-queue
tests_unit_test_schedule_SOURCES = tests/unit/test-schedule.c tests/test.h
tests_unit_test_schedule_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_schedule_LDADD = $(TEST_LIBS)
tests_e2e_test_queue_SOURCES = tests/e2e/test-queue.c $(ENGINE_BENCH) \
	tests/e2e/forkcell.c tests/e2e/forkcell.h $(FAKECELL_SOURCES) $(FAKEHOST_SOURCES)
tests_e2e_test_queue_CPPFLAGS = $(TEST_CPPFLAGS) -DFAKE_CELL
tests_e2e_test_queue_LDADD = $(TEST_LIBS)
