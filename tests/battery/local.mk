# The attack battery. linhay-cell-test is linhay-cell with layers that can be left out; it is never installed.
check_PROGRAMS += linhay-cell-test
linhay_cell_test_SOURCES = $(linhay_cell_SOURCES) tests/battery/layer.c
linhay_cell_test_CPPFLAGS = $(AM_CPPFLAGS) -DLINHAY_CELL_TEST
linhay_cell_test_LDADD = $(linhay_cell_LDADD)

# One file a group of probes; both the hostile agent and the driver hold them all.
BATTERY_PROBES = tests/battery/probe.c tests/battery/probe.h \
	tests/battery/fs.c \
	tests/battery/net.c \
	tests/battery/process.c \
	tests/battery/privilege.c \
	tests/battery/kernel.c \
	tests/battery/memory.c \
	tests/battery/resource.c \
	tests/battery/inherit.c \
	tests/battery/wire.c \
	tests/battery/secret.c \
	tests/battery/echo.c \
	tests/battery/exec.c \
	tests/battery/workspace.c \
	tests/battery/loader.c

check_PROGRAMS += tests/battery/agent.so
tests_battery_agent_so_SOURCES = tests/battery/agent.c $(BATTERY_PROBES)
tests_battery_agent_so_CPPFLAGS = $(AGENT_CPP_FLAGS) -I$(srcdir)/host
tests_battery_agent_so_CFLAGS = $(AGENT_C_FLAGS) -Wa,-I$(srcdir)/tests/battery
tests_battery_agent_so_LDFLAGS = $(AGENT_LINK_FLAGS)
EXTRA_DIST += tests/battery/agent.json
tests/battery/agent_so-agent.$(OBJEXT): tests/battery/agent.json

check_PROGRAMS += tests/battery/battery tests/battery/battery-user
TESTS += tests/battery/battery tests/battery/battery-user
tests_battery_battery_SOURCES = tests/battery/battery.c tests/battery/die.h \
	tests/battery/record.c tests/battery/record.h tests/battery/scene.c tests/battery/scene.h \
	tests/battery/script.c tests/battery/script.h tests/battery/told.c tests/battery/told.h \
	tests/battery/tree.c tests/battery/tree.h $(BATTERY_PROBES)
tests_battery_battery_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)/tests/battery
tests_battery_battery_LDADD = $(HOST_LIBS)
tests_battery_battery_user_SOURCES = $(tests_battery_battery_SOURCES)
tests_battery_battery_user_CPPFLAGS = $(tests_battery_battery_CPPFLAGS) -DAS_USER
tests_battery_battery_user_LDADD = $(HOST_LIBS)

# The page of results names all probes.
dist_check_SCRIPTS += tests/battery/page
TESTS += tests/battery/page
