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

# The service: --with-systemdsystemunitdir and its like move them (distcheck does).
systemdsystemunit_DATA = conf/systemd/linhayd.service
sysusers_DATA = conf/systemd/linhay.conf
tmpfiles_DATA = conf/systemd/tmpfiles/linhay.conf
EXTRA_DIST += conf/systemd/linhayd.service.in conf/systemd/linhay.sysusers conf/systemd/linhay.tmpfiles
CLEANFILES += $(systemdsystemunit_DATA) $(sysusers_DATA) $(tmpfiles_DATA)
conf/systemd/linhayd.service: conf/systemd/linhayd.service.in Makefile
	$(AM_V_GEN)$(MKDIR_P) $(@D) && $(SED) 's|@sbindir[@]|$(sbindir)|g' $(srcdir)/conf/systemd/linhayd.service.in >$@
conf/systemd/linhay.conf: conf/systemd/linhay.sysusers
	$(AM_V_GEN)$(MKDIR_P) $(@D) && cp $(srcdir)/conf/systemd/linhay.sysusers $@
conf/systemd/tmpfiles/linhay.conf: conf/systemd/linhay.tmpfiles
	$(AM_V_GEN)$(MKDIR_P) $(@D) && cp $(srcdir)/conf/systemd/linhay.tmpfiles $@
