libhost_a_SOURCES += \
	host/obs/bom.c host/obs/bom.h \
	host/obs/control.c host/obs/control.h \
	host/obs/focus.c host/obs/focus.h \
	host/obs/gaps.c host/obs/gaps.h \
	host/obs/mask.c host/obs/mask.h \
	host/obs/package.c host/obs/package.h \
	host/obs/page.c host/obs/page.h \
	host/obs/report.c host/obs/report.h \
	host/obs/report-cyclonedx.c \
	host/obs/report-html.c \
	host/obs/report-markdown.c \
	host/obs/report-sarif.c \
	host/obs/report-spdx.c \
	host/obs/report-text.c \
	host/obs/secret.c host/obs/secret.h \
	host/obs/standard.c host/obs/standard.h \
	host/obs/tally.c host/obs/tally.h \
	host/obs/view.c host/obs/view.h
