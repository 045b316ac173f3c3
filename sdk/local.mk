nobase_include_HEADERS +=
sdkincludedir = $(includedir)/linhay
sdkinclude_HEADERS = sdk/linhay/agent.h sdk/linhay/walk.h
pkgconfig_DATA += sdk/linhay.pc
