libhost_a_SOURCES += \
	host/store/batch.h \
	host/store/control.h \
	host/store/id.h \
	host/store/place.h \
	host/store/state.h \
	host/store/store.h
