# What is installed below $(pkgdatadir): workflows to use and to learn from.
workflowdir = $(pkgdatadir)/workflows
dist_workflow_DATA = conf/workflows/review.flow

# For systems that restrict user namespaces; where it belongs is the administrator's to say (doc/cell.md).
apparmordir = $(docdir)/apparmor
dist_apparmor_DATA = conf/apparmor/linhay-cell

# Found by name while linhay stands in its build folder.
noinst_DATA += share/workflows
CLEANFILES += share/workflows
share/workflows:
	$(AM_V_GEN)$(MKDIR_P) share && rm -f $@ && $(LN_S) $(abs_top_srcdir)/conf/workflows $@
