bin_PROGRAMS += linhay
linhay_SOURCES = host/linhay.c
linhay_LDADD = $(HOST_LIBS)

libhost_a_SOURCES += \
	host/cli/agent.c host/cli/agent.h \
	host/cli/agent-closure.c \
	host/cli/agent-new.c \
	host/cli/agent-run.c \
	host/cli/approvals.c \
	host/cli/ask.c host/cli/ask.h \
	host/cli/changes.c host/cli/changes.h \
	host/cli/cli.c host/cli/cli.h \
	host/cli/column.c host/cli/column.h \
	host/cli/daemon-store.c host/cli/daemon-store.h \
	host/cli/decide.c \
	host/cli/diff-view.c host/cli/diff-view.h \
	host/cli/diff.c \
	host/cli/doctor.c \
	host/cli/flow-catalog.c host/cli/flow-catalog.h \
	host/cli/flow.c \
	host/cli/identity.c host/cli/identity.h \
	host/cli/input.c host/cli/input.h \
	host/cli/inside.c host/cli/inside.h \
	host/cli/interrupt.c host/cli/interrupt.h \
	host/cli/logs.c \
	host/cli/masked.c host/cli/masked.h \
	host/cli/policy-view.c host/cli/policy-view.h \
	host/cli/progress.c host/cli/progress.h \
	host/cli/record.c host/cli/record.h \
	host/cli/repeat.c host/cli/repeat.h \
	host/cli/report-print.c host/cli/report-print.h \
	host/cli/report.c \
	host/cli/rollback.c \
	host/cli/rules.c host/cli/rules.h \
	host/cli/rules-view.c \
	host/cli/run.c \
	host/cli/runs.c \
	host/cli/scratch.c host/cli/scratch.h \
	host/cli/session.c host/cli/session.h \
	host/cli/show.c \
	host/cli/stopped.c host/cli/stopped.h \
	host/cli/store.c \
	host/cli/stores.c host/cli/stores.h \
	host/cli/submit.c \
	host/cli/term.c host/cli/term.h \
	host/cli/trace-view.c host/cli/trace-view.h \
	host/cli/trigger.c \
	host/cli/waits.c host/cli/waits.h
