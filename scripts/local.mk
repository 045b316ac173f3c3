EXTRA_DIST += scripts/score scripts/scores/common.py scripts/scores/config.py scripts/scores/licenses.py \
	scripts/scores/secrets.py
EXTRA_DIST += scripts/packages scripts/lib.sh scripts/build scripts/test scripts/check-layers scripts/check-style \
	scripts/check-claims \
	scripts/fresh-machine scripts/battery
EXTRA_DIST += scripts/fetch-licenses
EXTRA_DIST += scripts/demo scripts/bench scripts/corpus scripts/sabotage scripts/sabotages
EXTRA_DIST += scripts/fuzz scripts/soak
