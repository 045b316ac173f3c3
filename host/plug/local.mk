libhost_a_SOURCES += \
	host/plug/catalog.c host/plug/catalog.h \
	host/plug/closure.c host/plug/closure.h \
	host/plug/elf.c host/plug/elf.h \
	host/plug/manifest.c host/plug/manifest.h \
	host/plug/scaffold.c host/plug/scaffold.h
