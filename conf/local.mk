# What is installed below $(pkgdatadir): workflows to use and to learn from.
workflowdir = $(pkgdatadir)/workflows
dist_workflow_DATA = conf/workflows/review.flow

# Found by name while linhay stands in its build folder.
noinst_DATA += share/workflows
CLEANFILES += share/workflows
share/workflows:
	$(AM_V_GEN)$(MKDIR_P) share && rm -f $@ && $(LN_S) $(abs_top_srcdir)/conf/workflows $@
