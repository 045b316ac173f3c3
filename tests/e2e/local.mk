# End-to-end tests drive the built programs from outside; each prints TAP.
EXTRA_DIST += tests/e2e/harness.py \
	tests/e2e/bom/package.json tests/e2e/bom/package-lock.json tests/e2e/bom/validate.mjs \
	tests/e2e/sarif/package.json tests/e2e/sarif/package-lock.json tests/e2e/sarif/validate.mjs
dist_check_SCRIPTS += tests/e2e/badinput tests/e2e/interface tests/e2e/machine-code tests/e2e/memory tests/e2e/report \
	tests/e2e/rules
TESTS += tests/e2e/badinput tests/e2e/interface tests/e2e/machine-code tests/e2e/memory tests/e2e/report \
	tests/e2e/rules

# Agents that are programs, as whoever runs the tests and as a user who owns nothing.
dist_check_SCRIPTS += tests/e2e/exec tests/e2e/exec-user
TESTS += tests/e2e/exec tests/e2e/exec-user

# The man pages against the program's own words.
dist_check_SCRIPTS += tests/e2e/man
TESTS += tests/e2e/man

# The AppArmor profile, where there is a parser for it.
dist_check_SCRIPTS += tests/e2e/apparmor
TESTS += tests/e2e/apparmor

# What the tests fetch from npm, once.
DISTCLEAN_FOLDERS += bom-modules sarif-modules

# Canary secrets in every hiding place that the checker knows.
dist_check_SCRIPTS += tests/e2e/canary
TESTS += tests/e2e/canary
