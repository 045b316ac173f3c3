dist_man_MANS = man/linhay.1 man/linhay-cell.8 man/linhay-flow.5 man/linhayd.8
