# The guide is run as it is read.
dist_check_SCRIPTS += tests/sdk/guide
TESTS += tests/sdk/guide

# The figures of scripts/score on the labelled data (skipped where there is none).
dist_check_SCRIPTS += tests/sdk/score
TESTS += tests/sdk/score
