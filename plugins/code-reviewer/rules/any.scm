;; rule: security/hidden-direction
;; languages: c cpp go javascript typescript tsx python
;; severity: high
;; cwe: CWE-1007
;; tags: security trojan-source
;; message: characters here change the writing direction: the code is not what it looks like
;; fix: Remove the invisible characters, or write them as escapes.
;; skip: tests
((comment) @finding (#match? @finding "\\xe2(\\x80[\\xaa-\\xae]|\\x81[\\xa6-\\xa9])"))
