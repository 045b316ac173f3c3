nobase_include_HEADERS +=
sdkincludedir = $(includedir)/linhay
sdkinclude_HEADERS = sdk/linhay/agent.h sdk/linhay/walk.h
pkgconfig_DATA += sdk/linhay.pc

# What `linhay agent new` writes.
templatedir = $(pkgdatadir)/template
dist_template_DATA = sdk/template/agent.c sdk/template/agent.json sdk/template/Makefile \
	sdk/template/README.md sdk/template/gitignore

# The same with --exec: an agent that is a program.
templatepythondir = $(templatedir)/python
dist_templatepython_DATA = sdk/template/python/agent.py sdk/template/python/agent.json \
	sdk/template/python/linhay.py sdk/template/python/README.md
templateshelldir = $(templatedir)/shell
dist_templateshell_DATA = sdk/template/shell/agent.sh sdk/template/shell/agent.json \
	sdk/template/shell/linhay.sh sdk/template/shell/README.md

# Exec agents to use and to learn from.
todocounterdir = $(pkgdatadir)/examples/exec/todo-counter
dist_todocounter_DATA = examples/exec/todo-counter/agent.json examples/exec/todo-counter/agent.py \
	examples/exec/todo-counter/linhay.py
linelengthsdir = $(pkgdatadir)/examples/exec/line-lengths
dist_linelengths_DATA = examples/exec/line-lengths/agent.json examples/exec/line-lengths/agent.sh \
	examples/exec/line-lengths/linhay.sh

# linhay finds the template and the headers beside itself while it stands in its build folder.
SDK_LINKS = share/template share/include/linhay
noinst_DATA = $(SDK_LINKS)
CLEANFILES += $(SDK_LINKS)
share/template:
	$(AM_V_GEN)$(MKDIR_P) share && rm -f $@ && $(LN_S) $(abs_top_srcdir)/sdk/template $@
share/include/linhay:
	$(AM_V_GEN)$(MKDIR_P) share/include && rm -f $@ && $(LN_S) $(abs_top_srcdir)/sdk/linhay $@
