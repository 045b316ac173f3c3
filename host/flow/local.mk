libhost_a_SOURCES += \
	host/flow/check.h \
	host/flow/expr.h \
	host/flow/fault.h \
	host/flow/flow.h \
	host/flow/graph.h \
	host/flow/order.h \
	host/flow/template.h
