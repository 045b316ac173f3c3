EXTRA_DIST += scripts/packages
dist_noinst_SCRIPTS += scripts/fetch-grammars
