# Programs of scripts/bench; built with the tests, run by none of them.
check_PROGRAMS += tests/load/time-peer
tests_load_time_peer_SOURCES = tests/load/time-peer.c
tests_load_time_peer_LDADD = libbase.a

# The job queue that the engine is held against; fetched from npm by scripts/bench engine alone.
EXTRA_DIST += tests/load/graphile/package.json tests/load/graphile/package-lock.json tests/load/graphile/peer.mjs
dist_check_SCRIPTS += tests/load/postgres

# The engine: with the real sandbox, and with one whose cells end at once.
check_PROGRAMS += tests/load/bench-engine tests/load/bench-engine-noop
tests_load_bench_engine_SOURCES = tests/load/bench-engine.c
tests_load_bench_engine_LDADD = $(HOST_LIBS)
tests_load_bench_engine_noop_SOURCES = tests/load/bench-engine.c tests/load/noopcell.c $(FAKECELL_SOURCES)
tests_load_bench_engine_noop_CPPFLAGS = $(TEST_CPPFLAGS)
tests_load_bench_engine_noop_LDADD = $(HOST_LIBS)
