libhost_a_SOURCES += \
	host/cell/cell.h \
	host/cell/collect.c host/cell/collect.h
