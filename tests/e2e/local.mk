# End-to-end tests drive the built programs from outside; each prints TAP.
EXTRA_DIST += tests/e2e/harness.py
dist_check_SCRIPTS += tests/e2e/interface
