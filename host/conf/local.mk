libhost_a_SOURCES += \
	host/conf/lexer.c host/conf/lexer.h \
	host/conf/options.c host/conf/options.h \
	host/conf/suggest.c host/conf/suggest.h \
	host/conf/tree.c host/conf/tree.h \
	host/conf/tree-write.c
