;; rule: security/hidden-direction
;; keywords: \xe2\x80\xaa \xe2\x80\xab \xe2\x80\xac \xe2\x80\xad \xe2\x80\xae \xe2\x81\xa6 \xe2\x81\xa7 \xe2\x81\xa8 \xe2\x81\xa9
;; languages: c cpp go javascript typescript tsx python
;; severity: high
;; cwe: CWE-1007
;; tags: security trojan-source
;; message: characters here change the writing direction: the code is not what it looks like
;; fix: Remove the invisible characters, or write them as escapes.
;; skip: tests
((comment) @finding (#match? @finding "\\xe2(\\x80[\\xaa-\\xae]|\\x81[\\xa6-\\xa9])"))
