# Server configuration and HTTP headers: parsers without any of the agents' state.
noinst_LIBRARIES += plugins/lib/libserver.a
plugins_lib_libserver_a_SOURCES = \
	plugins/lib/server/apache.c plugins/lib/server/apache.h \
	plugins/lib/server/caddy.c plugins/lib/server/caddy.h \
	plugins/lib/server/conf.c plugins/lib/server/conf.h \
	plugins/lib/server/csp.c plugins/lib/server/csp.h \
	plugins/lib/server/html.c plugins/lib/server/html.h \
	plugins/lib/server/http-value.c plugins/lib/server/http-value.h \
	plugins/lib/server/nginx.c plugins/lib/server/nginx.h \
	plugins/lib/server/observatory-csp.c plugins/lib/server/observatory-csp.h \
	plugins/lib/server/observatory.c plugins/lib/server/observatory.h \
	plugins/lib/server/regex-ask.c plugins/lib/server/regex-set.h \
	plugins/lib/server/regex-site.c \
	plugins/lib/server/regex.c plugins/lib/server/regex.h \
	plugins/lib/server/response.c plugins/lib/server/response.h \
	plugins/lib/server/span.h
plugins_lib_libserver_a_CPPFLAGS = $(AGENT_CPP_FLAGS)
plugins_lib_libserver_a_CFLAGS = $(AGENT_C_FLAGS)
