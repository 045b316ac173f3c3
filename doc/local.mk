# The manual. Pages are read by tests, so the tarball carries them.
EXTRA_DIST += \
	doc/architecture.md \
	doc/architecture.svg \
	doc/benchmarks.md \
	doc/cell.md \
	doc/cli.md \
	doc/config.md \
	doc/decisions.md \
	doc/engine.md \
	doc/exec-protocol.md \
	doc/flow-format.md \
	doc/guide-daemon.md \
	doc/guide-first-agent.md \
	doc/security/battery.md \
	doc/security/threat-model.md \
	doc/store.md \
	doc/testing.md
