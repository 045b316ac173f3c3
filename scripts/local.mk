EXTRA_DIST += scripts/packages
