nobase_include_HEADERS +=
sdkincludedir = $(includedir)/linhay
sdkinclude_HEADERS = sdk/linhay/agent.h sdk/linhay/walk.h
pkgconfig_DATA += sdk/linhay.pc

# What `linhay agent new` writes.
templatedir = $(pkgdatadir)/template
dist_template_DATA = sdk/template/agent.c sdk/template/agent.json sdk/template/Makefile \
	sdk/template/README.md sdk/template/gitignore

# linhay finds the template and the headers beside itself while it stands in its build folder.
SDK_LINKS = share/template share/include/linhay
noinst_DATA = $(SDK_LINKS)
CLEANFILES += $(SDK_LINKS)
share/template:
	$(AM_V_GEN)$(MKDIR_P) share && rm -f $@ && $(LN_S) $(abs_top_srcdir)/sdk/template $@
share/include/linhay:
	$(AM_V_GEN)$(MKDIR_P) share/include && rm -f $@ && $(LN_S) $(abs_top_srcdir)/sdk/linhay $@
