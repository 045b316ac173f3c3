# The engine and the store, simulated: a clock, cells and a disk that the test holds in its hands.
check_PROGRAMS += tests/sim/sim
TESTS += tests/sim/sim
tests_sim_sim_SOURCES = tests/sim/sim.c tests/sim/random.h $(FAKECELL_SOURCES) \
	tests/sim/cells.c tests/sim/cells.h \
	tests/sim/clock.c tests/sim/clock.h \
	tests/sim/disk.c tests/sim/disk.h \
	tests/sim/sketch.c tests/sim/sketch.h \
	tests/sim/turns.c tests/sim/turns.h \
	tests/sim/world.c tests/sim/world.h
tests_sim_sim_CPPFLAGS = $(TEST_CPPFLAGS)
tests_sim_sim_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=syscall -Wl,--wrap=getrandom -Wl,--wrap=apply_changeset -Wl,--wrap=roll_forward \
	-Wl,--wrap=pthread_create -Wl,--wrap=pthread_join -Wl,--wrap=pthread_cond_wait \
	-Wl,--wrap=pthread_cond_timedwait -Wl,--wrap=pthread_cond_signal -Wl,--wrap=pthread_cond_broadcast
tests_sim_sim_LDADD = $(HOST_LIBS)
EXTRA_tests_sim_sim_DEPENDENCIES = tests/e2e/agents/tester.so
