libhost_a_SOURCES += \
	host/store/care.c host/store/care.h \
	host/store/batch.c host/store/batch.h \
	host/store/control.c host/store/control.h \
	host/store/db.h \
	host/store/id.c host/store/id.h \
	host/store/key.c host/store/key.h \
	host/store/lite.c host/store/lite.h \
	host/store/lite-care.c \
	host/store/lite-log.c \
	host/store/lite-migrations.c \
	host/store/lite-read.c \
	host/store/lite-retain.c \
	host/store/lite-schema.c \
	host/store/lite-wal.c \
	host/store/lite-write.c \
	host/store/lock.c host/store/lock.h \
	host/store/op.h \
	host/store/place.c host/store/place.h \
	host/store/retain.c host/store/retain.h \
	host/store/state.c host/store/state.h \
	host/store/store.c host/store/store.h host/store/store-impl.h \
	host/store/strand.c host/store/strand.h \
	host/store/writer.c host/store/writer.h

libhost_a_SOURCES += \
	host/store/apply.c host/store/apply.h \
	host/store/journal.c host/store/journal.h \
	host/store/plan.c host/store/plan.h \
	host/store/roll.c host/store/roll.h \
	host/store/site.c host/store/site.h \
	host/store/stage.c host/store/stage.h

EXTRA_DIST += doc/store.md
