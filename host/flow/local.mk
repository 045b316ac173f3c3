libhost_a_SOURCES += \
	host/flow/check.c host/flow/check.h \
	host/flow/expr.c host/flow/expr.h host/flow/expr-impl.h \
	host/flow/expr-eval.c \
	host/flow/fault.c host/flow/fault.h \
	host/flow/flow.c host/flow/flow.h host/flow/flow-read.h \
	host/flow/graph.c host/flow/graph.h host/flow/graph-impl.h \
	host/flow/graph-svg.c \
	host/flow/order.c host/flow/order.h \
	host/flow/reader.c host/flow/reader.h \
	host/flow/subflow.c host/flow/subflow.h \
	host/flow/template.c host/flow/template.h \
	host/flow/trigger.c host/flow/trigger.h
