# Agents that the cell's tests load; each a plain shared object, honest or not.
check_PROGRAMS += tests/cell/agent-noop.so
tests_cell_agent_noop_so_SOURCES = tests/cell/agent-noop.c
tests_cell_agent_noop_so_CPPFLAGS = $(AGENT_CPP_FLAGS)
tests_cell_agent_noop_so_CFLAGS = $(AGENT_C_FLAGS)
tests_cell_agent_noop_so_LDFLAGS = $(AGENT_LINK_FLAGS)

check_PROGRAMS += tests/cell/bench-step
tests_cell_bench_step_SOURCES = tests/cell/bench-step.c
tests_cell_bench_step_LDADD = $(HOST_LIBS)
