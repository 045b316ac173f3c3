libhost_a_SOURCES += \
	host/run/again.c \
	host/run/armed.c host/run/armed.h \
	host/run/artifact.c host/run/artifact.h \
	host/run/attempt.c host/run/attempt.h \
	host/run/broken.c \
	host/run/cache.c \
	host/run/change.c \
	host/run/child.c \
	host/run/commit.c host/run/commit.h \
	host/run/cron.c host/run/cron.h \
	host/run/due.c host/run/due.h \
	host/run/each.c \
	host/run/engine.c host/run/engine.h \
	host/run/event.c \
	host/run/exec-grant.c host/run/exec-grant.h \
	host/run/syscall-grant.c host/run/syscall-grant.h \
	host/run/file-input.c host/run/file-input.h \
	host/run/finding.c host/run/finding.h \
	host/run/firing.c host/run/firing.h \
	host/run/grant.c host/run/grant.h \
	host/run/outcome.c \
	host/run/queue.c \
	host/run/remote.c host/run/remote.h \
	host/run/resume.c \
	host/run/retry.c host/run/retry.h \
	host/run/rollback.c host/run/rollback.h \
	host/run/run.c host/run/run.h \
	host/run/schedule.c host/run/schedule.h \
	host/run/secret-grant.c host/run/secret-grant.h \
	host/run/share.c host/run/share.h \
	host/run/slot.c \
	host/run/step.c \
	host/run/submit.c \
	host/run/tree-hash.c host/run/tree-hash.h \
	host/run/walk.c \
	host/run/watch.c host/run/watch.h
EXTRA_DIST += doc/engine.md
