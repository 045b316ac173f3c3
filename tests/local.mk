# Every test prints TAP (cmocka does when asked); automake's driver counts each line as a test.
LOG_DRIVER = env AM_TAP_AWK='$(AWK)' $(SHELL) $(srcdir)/build-aux/tap-driver.sh --merge --comments
LOG_COMPILER = $(SHELL) $(srcdir)/tests/tap.sh
EXTRA_DIST += tests/tap.sh tests/hang.sh
TEST_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)/tests -I$(srcdir)/plugins/lib $(CMOCKA_CFLAGS)
TEST_LIBS = $(HOST_LIBS) $(CMOCKA_LIBS)

# The sandbox without any confinement; the program adds what a cell is.
FAKECELL_SOURCES = tests/fakecell.c tests/fakecell.h

# Tests start in this order; the long ones first, so that none is left running alone at the end.
include $(srcdir)/tests/sim/local.mk
include $(srcdir)/tests/battery/local.mk
include $(srcdir)/tests/store/local.mk
include $(srcdir)/tests/e2e/local.mk
include $(srcdir)/tests/cell/local.mk
include $(srcdir)/tests/unit/base.mk
include $(srcdir)/tests/unit/schema.mk
include $(srcdir)/tests/unit/conf.mk
include $(srcdir)/tests/flow/local.mk
include $(srcdir)/tests/unit/change.mk
include $(srcdir)/tests/unit/plug.mk
include $(srcdir)/tests/unit/obs.mk
include $(srcdir)/tests/unit/run.mk
include $(srcdir)/tests/unit/daemon.mk
include $(srcdir)/tests/unit/patcher.mk
include $(srcdir)/tests/unit/checker.mk
include $(srcdir)/tests/unit/reviewer.mk
include $(srcdir)/tests/sdk/local.mk
include $(srcdir)/tests/load/local.mk
include $(srcdir)/tests/fuzz/local.mk

# `all` is a make of its own. What is asked for beside it comes after it, or the libraries would be built twice at
# once, each in the way of the other.
$(if $(filter all,$(MAKECMDGOALS)),.NOTPARALLEL):

# Builds every test without running one. A make of its own, behind `all`: else `make -j all tests-built` would
# build the libraries twice at once.
tests-built: all
	@$(MAKE) $(AM_MAKEFLAGS) $(check_PROGRAMS)
