# The guide is run as it is read.
dist_check_SCRIPTS += tests/sdk/guide
TESTS += tests/sdk/guide
