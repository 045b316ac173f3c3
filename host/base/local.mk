noinst_LIBRARIES += libbase.a
libbase_a_SOURCES = \
	host/base/blob.c host/base/blob.h \
	host/base/buf.c host/base/buf.h \
	host/base/bundle.c host/base/bundle.h \
	host/base/changeset.c host/base/changeset.h \
	host/base/changeset-diff.c \
	host/base/def.h \
	host/base/trouble.h \
	host/base/err.c host/base/err.h \
	host/base/io.c host/base/io.h \
	host/base/json.c host/base/json.h \
	host/base/json-check.c host/base/json-check.h \
	host/base/kernel.h \
	host/base/limit.c host/base/limit.h \
	host/base/listing.c host/base/listing.h \
	host/base/loop.c host/base/loop.h \
	host/base/number.c host/base/number.h \
	host/base/pattern.c host/base/pattern.h \
	host/base/redact.c host/base/redact.h \
	host/base/schema.c host/base/schema.h host/base/schema-impl.h \
	host/base/schema-assert.c \
	host/base/schema-check.c \
	host/base/schema-compile.c \
	host/base/schema-meta.c \
	host/base/schema-ref.c \
	host/base/sha256.c host/base/sha256.h \
	host/base/timers.c host/base/timers.h \
	host/base/unit.c host/base/unit.h \
	host/base/uri.c host/base/uri.h \
	host/base/utf8.c host/base/utf8.h \
	host/base/verdict.c host/base/verdict.h \
	host/base/zone.c host/base/zone.h
