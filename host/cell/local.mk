libhost_a_SOURCES += \
	host/cell/base64.c host/cell/base64.h \
	host/cell/call.c host/cell/call.h \
	host/cell/cause.c host/cell/cause.h \
	host/cell/cell.c host/cell/cell.h host/cell/cell-impl.h \
	host/cell/cell-start.c host/cell/cell-talk.c \
	host/cell/collect.c host/cell/collect.h \
	host/cell/denial.c host/cell/denial.h \
	host/cell/end.c host/cell/end.h \
	host/cell/filter.c host/cell/filter.h \
	host/cell/finding.c host/cell/finding.h \
	host/cell/frame.c host/cell/frame.h \
	host/cell/memfd.c host/cell/memfd.h \
	host/cell/pool.c host/cell/pool.h \
	host/cell/program.c host/cell/program.h \
	host/cell/policy.c host/cell/policy.h \
	host/cell/proto.c host/cell/proto.h \
	host/cell/reply.c host/cell/reply.h \
	host/cell/sandbox.c host/cell/sandbox.h \
	host/cell/spawn.h \
	host/cell/spec.c host/cell/spec.h \
	host/cell/tail.c host/cell/tail.h \
	host/cell/tier.c host/cell/tier.h \
	host/cell/opened.c host/cell/opened.h \
	host/cell/trace.c host/cell/trace.h

# The program in which agents live: small, for its memory is copied into every cell.
cellexec_PROGRAMS += linhay-cell
linhay_cell_SOURCES = host/cell-main.c \
	host/cell/attic.c host/cell/attic.h \
	host/cell/blank.c host/cell/blank.h \
	host/cell/cgroup.c host/cell/cgroup.h \
	host/cell/child.c host/cell/child.h \
	host/cell/confine.c host/cell/confine.h \
	host/cell/exec.c host/cell/exec.h \
	host/cell/fault.c host/cell/fault.h \
	host/cell/group.c host/cell/group.h \
	host/cell/idmap.c host/cell/idmap.h \
	host/cell/inspect.c host/cell/inspect.h \
	host/cell/landlock.c host/cell/landlock.h \
	host/cell/late.c host/cell/late.h \
	host/cell/layer.h \
	host/cell/leftover.c host/cell/leftover.h \
	host/cell/maps.c host/cell/maps.h \
	host/cell/overlay.c host/cell/overlay.h \
	host/cell/pages.c host/cell/pages.h \
	host/cell/root.c host/cell/root.h \
	host/cell/runtime.c host/cell/runtime.h \
	host/cell/selftest.c host/cell/selftest.h \
	host/cell/service.c host/cell/service.h \
	host/cell/speech.c host/cell/speech.h \
	host/cell/stage.c host/cell/stage.h \
	host/cell/tmpfs.c host/cell/tmpfs.h \
	host/cell/tree.c host/cell/tree.h \
	host/cell/ward.c host/cell/ward.h \
	host/cell/witness.c \
	host/cell/zygote.c host/cell/zygote.h
linhay_cell_LDADD = libhost.a libbase.a $(JANSSON_LIBS)
