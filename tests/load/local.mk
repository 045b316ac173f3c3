# Programs of scripts/bench; built with the tests, run by none of them.
check_PROGRAMS += tests/load/time-peer
tests_load_time_peer_SOURCES = tests/load/time-peer.c
tests_load_time_peer_LDADD = libbase.a
