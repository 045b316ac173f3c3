;; rule: security/c-gets
;; languages: c cpp
;; severity: critical
;; cwe: CWE-242 CWE-120
;; tags: security memory
;; keywords: gets( gets\x20( _getws
;; message: gets() cannot be told the size of its buffer
;; fix: Use fgets() with the size of the buffer.
;; bad: void f(char *b) { gets(b); }
;; good: void f(char *b, FILE *s) { fgets(b, 10, s); }
((call_expression function: (identifier) @f) @finding
 (#any-of? @f "gets" "_getws"))

;; rule: security/c-unbounded-copy
;; languages: c cpp
;; severity: medium
;; cwe: CWE-120 CWE-787
;; tags: security memory
;; keywords: strcpy strcat stpcpy wcscpy wcscat
;; message: {f}() copies until a NUL, whatever the size of the target
;; fix: Use snprintf() or memcpy() with a checked length.
;; bad: void f(char *d, const char *s) { strcpy(d, s); }
;; bad: void f(char *d, const char *s) { strcat(d, s); }
;; good: void f(char *d, const char *s) { snprintf(d, 10, "%s", s); }
;; good: void f(char *d) { strcpy(d, "x"); }
((call_expression function: (identifier) @f
   arguments: (argument_list . (_) . (_) @from)) @finding
 (#any-of? @f "strcpy" "strcat" "stpcpy" "wcscpy" "wcscat" "lstrcpy" "_tcscpy")
 (#not-kind? @from "string_literal" "comment"))

;; rule: security/c-sprintf
;; languages: c cpp
;; severity: medium
;; cwe: CWE-120 CWE-787
;; tags: security memory
;; keywords: sprintf swprintf
;; message: {f}() with a %s writes as much as it is given
;; fix: Use snprintf() and look at what it returns.
;; bad: void f(char *d, const char *s) { sprintf(d, "%s", s); }
;; good: void f(char *d, int n) { sprintf(d, "%d", n); }
;; good: void f(char *d, const char *s) { sprintf(d, "%.4s", s); }
((call_expression function: (identifier) @f
   arguments: (argument_list . (_) . (_) @format)) @finding
 (#any-of? @f "sprintf" "vsprintf" "wsprintf")
 (#match? @format "%[-#0 +]*[0-9]*s"))

;; rule: security/c-scanf-string
;; languages: c cpp
;; severity: high
;; cwe: CWE-120
;; tags: security memory
;; keywords: scanf
;; message: {f}() with a %s without a width overruns its buffer
;; fix: Give the width, one less than the buffer: "%31s".
;; bad: void f(char *b) { scanf("%s", b); }
;; good: void f(char *b) { scanf("%9s", b); }
((call_expression function: (identifier) @f arguments: (argument_list (string_literal) @format)) @finding
 (#any-of? @f "scanf" "fscanf" "sscanf" "vscanf" "vsscanf" "vfscanf")
 (#match? @format "%l?[s\\[]"))

;; rule: security/c-shell-command
;; languages: c cpp
;; severity: high
;; cwe: CWE-78
;; tags: security injection
;; keywords: system popen
;; message: {f}() runs a shell with a command that is put together at run time
;; fix: Use posix_spawn() or execve() with a list of arguments: no shell, nothing to quote.
;; skip: tests
;; bad: int f(const char *c) { return system(c); }
;; good: int f(void) { return system("ls"); }
((call_expression function: (_) @f arguments: (argument_list . (_) @command)) @finding
 (#any-of? @f "system" "popen" "_popen" "_wsystem" "std::system")
 (#not-literal? @command))

;; rule: security/c-format-string
;; languages: c cpp
;; severity: high
;; cwe: CWE-134
;; tags: security format
;; keywords: printf
;; message: the format of {f}() is not a literal: whoever writes it can read and write memory
;; fix: Print it with "%s".
;; bad: void f(const char *s) { printf(s); }
;; good: void f(const char *s) { printf("%s", s); }
;; good: void f(int a) { printf(a ? "x" : "y"); }
((call_expression function: (identifier) @f arguments: (argument_list . (_) @format .)) @finding
 (#any-of? @f "printf" "wprintf" "printk")
 (#not-literal? @format)
 (#not-kind? @format "conditional_expression")
 (#not-match? @format "^(_|N_|gettext|ngettext|dgettext|tr)\\s*\\("))

;; rule: security/c-format-string-to
;; languages: c cpp
;; severity: high
;; cwe: CWE-134
;; tags: security format
;; keywords: printf syslog
;; message: the format of {f}() is not a literal: whoever writes it can read and write memory
;; fix: Print it with "%s".
;; bad: void f(FILE *o, const char *s) { fprintf(o, s); }
;; good: void f(FILE *o, const char *s) { fprintf(o, "%s", s); }
((call_expression function: (identifier) @f arguments: (argument_list . (_) . (_) @format .)) @finding
 (#any-of? @f "fprintf" "dprintf" "sprintf" "syslog" "asprintf" "fwprintf")
 (#not-literal? @format)
 (#not-kind? @format "conditional_expression")
 (#not-match? @format "^(_|N_|gettext|ngettext|dgettext|tr)\\s*\\("))

;; rule: security/c-format-string-sized
;; languages: c cpp
;; severity: high
;; cwe: CWE-134
;; tags: security format
;; keywords: snprintf
;; message: the format of {f}() is not a literal: whoever writes it can read and write memory
;; fix: Print it with "%s".
;; bad: void f(char *b, const char *s) { snprintf(b, 10, s); }
;; good: void f(char *b, const char *s) { snprintf(b, 10, "%s", s); }
((call_expression function: (identifier) @f arguments: (argument_list . (_) . (_) . (_) @format .)) @finding
 (#any-of? @f "snprintf" "swprintf")
 (#not-literal? @format)
 (#not-kind? @format "conditional_expression")
 (#not-match? @format "^(_|N_|gettext|ngettext|dgettext|tr)\\s*\\("))

;; rule: security/c-alloca
;; languages: c cpp
;; severity: low
;; cwe: CWE-770
;; tags: security memory
;; keywords: alloca
;; message: alloca() of a size from elsewhere can overrun the stack, and cannot fail
;; fix: Use malloc(), or an array with a fixed limit.
;; bad: void f(int n) { char *p = alloca(n); }
;; good: void f(void) { char *p = alloca(16); }
((call_expression function: (identifier) @f arguments: (argument_list . (_) @size .)) @finding
 (#any-of? @f "alloca" "_alloca" "__builtin_alloca")
 (#not-literal? @size))

;; rule: security/c-temporary-name
;; languages: c cpp
;; severity: medium
;; cwe: CWE-377
;; tags: security files
;; keywords: tmpnam tempnam mktemp
;; message: between {f}() and the open() somebody else may take the name
;; fix: Use mkstemp() or tmpfile().
;; bad: void f(char *t) { mktemp(t); }
;; good: int f(char *t) { return mkstemp(t); }
((call_expression function: (identifier) @f) @finding
 (#any-of? @f "tmpnam" "tempnam" "mktemp" "tmpnam_r" "_mktemp"))

;; rule: security/c-weak-random
;; languages: c cpp
;; severity: medium
;; cwe: CWE-338
;; tags: security crypto
;; keywords: rand( random( rand48( rand_r( rand\x20(
;; message: {value} can be predicted, and this looks like a secret
;; fix: Use getrandom() or the library's generator.
;; bad: void f(void) { int token = rand(); }
;; good: void f(void) { int dice = rand(); }
([(init_declarator declarator: (_) @name value: (_) @value)
  (assignment_expression left: (_) @name right: (_) @value)] @finding
 (#match? @name "(?i)(token|secret|passw|nonce|salt|session|cookie|otp|crypt|_key|key$|_iv)")
 (#match? @value "\\b(s?rand|random|drand48|lrand48|rand_r)\\s*\\("))

;; rule: security/c-weak-hash
;; languages: c cpp
;; severity: low
;; cwe: CWE-327 CWE-328
;; tags: security crypto
;; keywords: MD5 md5 SHA1 sha1 MD4 md4
;; message: {f}() is a hash with known collisions
;; fix: Use SHA-256 or BLAKE2 where somebody may want to deceive you.
;; bad: void f(void) { x = EVP_md5(); }
;; good: void f(void) { x = EVP_sha256(); }
((call_expression function: (identifier) @f) @finding
 (#any-of? @f "EVP_md5" "EVP_sha1" "EVP_md4" "MD5" "MD5_Init" "MD5Init" "SHA1" "SHA1_Init" "MD4" "MD4_Init"
  "gnutls_hash_fast_md5" "CC_MD5" "CC_SHA1"))

;; rule: security/c-weak-cipher
;; languages: c cpp
;; severity: medium
;; cwe: CWE-327
;; tags: security crypto
;; keywords: DES_ EVP_des EVP_rc RC4 EVP_bf _ecb
;; message: {f}() is a cipher that can be broken, or a mode that shows patterns
;; fix: Use AES-GCM or ChaCha20-Poly1305.
;; bad: void f(void) { x = EVP_des_cbc(); }
;; good: void f(void) { x = EVP_aes_256_gcm(); }
((call_expression function: (identifier) @f) @finding
 (#match? @f "^(EVP_(des_|rc2_|rc4|bf_|aes_[0-9]+_ecb)|DES_(ecb|ncbc|cbc|set_key)|RC4(_set_key)?$)"))

;; rule: security/c-tls-not-verified
;; languages: c cpp
;; severity: high
;; cwe: CWE-295
;; tags: security tls
;; keywords: CURLOPT_SSL_VERIFY SSL_VERIFY_NONE
;; message: the certificate of the other side is not checked
;; fix: Leave verification on; give a private authority's certificate where there is one.
;; bad: void f(CURL *c) { curl_easy_setopt(c, CURLOPT_SSL_VERIFYPEER, 0L); }
;; bad: void f(SSL_CTX *c) { SSL_CTX_set_verify(c, SSL_VERIFY_NONE, 0); }
;; good: void f(CURL *c) { curl_easy_setopt(c, CURLOPT_SSL_VERIFYPEER, 1L); }
((call_expression function: (identifier) @f arguments: (argument_list . (_) . (_) @option . (_) @value)) @finding
 (#match? @finding "^(curl_easy_setopt\\s*\\([^,]*,\\s*CURLOPT_SSL_VERIFY(PEER|HOST)\\s*,\\s*(0|0L|false|FALSE)\\s*\\)|SSL_(CTX_)?set_verify\\s*\\([^,]*,\\s*SSL_VERIFY_NONE)"))

;; rule: security/c-open-mode
;; languages: c cpp
;; severity: medium
;; cwe: CWE-732
;; tags: security files
;; keywords: chmod umask mkdir open( creat( mkfifo open\x20(
;; message: {f}() lets everybody write
;; fix: Take away the write permission of others: 0755 for folders, 0644 for files.
;; bad: void f(void) { chmod("x", 0777); }
;; bad: void f(void) { umask(0); }
;; good: void f(void) { chmod("x", 0644); }
;; good: void f(void) { mode_t m = umask(0); umask(m); }
((call_expression function: (identifier) @f arguments: (argument_list (number_literal) @mode .)) @finding
 (#any-of? @f "chmod" "fchmod" "fchmodat" "mkdir" "mkdirat" "open" "openat" "creat" "mkfifo")
 (#match? @finding "^[a-z]+\\s*\\(.*\\b0[0-7]?[0-7][0-7][2367]\\s*\\)$"))
((call_expression function: (identifier) @f arguments: (argument_list (number_literal) @mode .)) @finding
 (#eq? @f "umask")
 (#match? @mode "^0+$")
 (#not-within? @finding "assignment_expression")
 (#not-within? @finding "init_declarator"))

;; rule: security/c-check-then-use
;; languages: c cpp
;; severity: low
;; cwe: CWE-367
;; tags: security files race
;; keywords: access( access\x20(
;; message: what access() says may have changed by the time the file is used
;; fix: Open the file and look at what open() says, or use fstat() on the descriptor.
;; bad: void f(const char *p) { if (access(p, R_OK) == 0) { open(p, 0); } }
;; good: void f(const char *p) { int fd = open(p, 0); }
((if_statement condition: (_ [(binary_expression left: (call_expression function: (identifier) @f))
                              (unary_expression argument: (call_expression function: (identifier) @f))
                              (call_expression function: (identifier) @f)] @finding)
   consequence: (_) @then)
 (#eq? @f "access")
 (#match? @then "\\b(f?open|openat|unlink|rename|chmod|chown|remove)\\s*\\("))

;; rule: bugs/c-assignment-in-condition
;; languages: c
;; severity: medium
;; cwe: CWE-481
;; tags: bug
;; message: `=` in a condition assigns; `==` compares
;; fix: Write `==`, or put the assignment in a second pair of parentheses when it is meant.
;; bad: void f(int a, int b) { if (a = b) g(); }
;; good: void f(int a, int b) { if (a == b) g(); }
;; good: void f(int a, int b) { if ((a = b)) g(); }
((if_statement condition: (parenthesized_expression . (assignment_expression "=") @finding .)))

;; rule: bugs/cpp-assignment-in-condition
;; languages: cpp
;; severity: medium
;; cwe: CWE-481
;; tags: bug
;; message: `=` in a condition assigns; `==` compares
;; fix: Write `==`, or put the assignment in a second pair of parentheses when it is meant.
;; bad: void f(int a, int b) { if (a = b) g(); }
;; good: void f(int a, int b) { if (a == b) g(); }
;; good: void f(int a, int b) { if ((a = b)) g(); }
((if_statement condition: (condition_clause . value: (assignment_expression "=") @finding .)))

;; rule: bugs/c-empty-if
;; languages: c cpp
;; severity: medium
;; cwe: CWE-484
;; tags: bug
;; message: this `if` ends at its semicolon and decides nothing
;; fix: Remove the semicolon.
;; bad: void f(int a) { if (a); g(); }
;; good: void f(int a) { if (a) g(); }
;; good: void f(int a) { if (a == 0) ; else g(); }
;; good: void f(int a) {
;;|   if (a)
;;|     ; /* nothing to do */
;;| }
((if_statement !alternative consequence: (expression_statement) @body) @finding
 (#eq? @body ";")
 (#not-match? @finding "\n[ \t]*;$"))

;; rule: bugs/c-memset-no-length
;; languages: c cpp
;; severity: high
;; cwe: CWE-687
;; tags: bug memory
;; keywords: memset
;; message: the length of this memset() is 0: its second and third argument are swapped
;; fix: memset(place, value, length).
;; bad: void f(char *p) { memset(p, sizeof(*p), 0); }
;; good: void f(char *p) { memset(p, 0, sizeof(*p)); }
((call_expression function: (identifier) @f arguments: (argument_list . (_) . (_) @value . (number_literal) @length .)) @finding
 (#any-of? @f "memset" "wmemset")
 (#eq? @length "0")
 (#not-eq? @value "0"))

;; rule: bugs/c-sizeof-pointer
;; languages: c cpp
;; severity: high
;; cwe: CWE-467
;; tags: bug memory
;; keywords: memset memcpy memmove memcmp bzero snprintf strncpy
;; message: sizeof({p}) is the size of the pointer, not of what it points to
;; fix: Give the length of the object: sizeof(*{p}), or the number of bytes it holds.
;; bad: void f(struct s *p) { memset(p, 0, sizeof(p)); }
;; good: void f(struct s *p) { memset(p, 0, sizeof(*p)); }
;; good: void f(void) { char p[8]; memset(p, 0, sizeof(p)); }
((call_expression function: (identifier) @f
   arguments: (argument_list . (identifier) @p
     (sizeof_expression value: (parenthesized_expression (identifier) @q)))) @finding
 (#any-of? @f "memset" "memcpy" "memmove" "memcmp" "bzero" "snprintf" "strncpy" "strncat")
 (#eq? @p @q)
 (#declared? @p "pointer_declarator")
 (#not-declared? @p "array_declarator"))

;; rule: bugs/c-malloc-strlen
;; languages: c cpp
;; severity: high
;; cwe: CWE-131
;; tags: bug memory
;; keywords: strlen
;; message: there is no room for the NUL behind the text
;; fix: Allocate strlen() + 1, or use strdup().
;; bad: void f(char *s) { char *p = malloc(strlen(s)); }
;; good: void f(char *s) { char *p = malloc(strlen(s) + 1); }
((call_expression function: (identifier) @f
   arguments: (argument_list . (call_expression function: (identifier) @g) .)) @finding
 (#any-of? @f "malloc" "xmalloc" "alloca" "g_malloc")
 (#eq? @g "strlen"))

;; rule: bugs/c-realloc-lost
;; languages: c cpp
;; severity: low
;; cwe: CWE-401
;; tags: bug memory
;; keywords: realloc
;; message: when realloc() fails, {p} becomes NULL and its memory is lost
;; fix: Keep the result in another variable until it was checked.
;; bad: void f(char *p) { p = realloc(p, 10); }
;; good: void f(char *p) { char *q = realloc(p, 10); }
((assignment_expression left: (_) @p right: (call_expression function: (identifier) @f
   arguments: (argument_list . (_) @q))) @finding
 (#eq? @f "realloc")
 (#eq? @p @q))

;; rule: bugs/c-strncpy
;; languages: c cpp
;; severity: low
;; cwe: CWE-170
;; tags: bug memory
;; keywords: strncpy
;; message: strncpy() leaves no NUL where the text does not fit
;; fix: Use snprintf(), strlcpy(), or set the last byte yourself and say so.
;; bad: void f(char *d, const char *s) { strncpy(d, s, 10); }
;; good: void f(char *d, const char *s) { memcpy(d, s, 10); }
((call_expression function: (identifier) @f) @finding
 (#any-of? @f "strncpy" "wcsncpy"))

;; rule: bugs/cpp-swallowed-exception
;; languages: cpp
;; severity: low
;; cwe: CWE-391
;; tags: bug
;; keywords: catch
;; message: this handler catches everything and does nothing
;; fix: Catch what you expect, or record what happened.
;; bad: void f() { try { g(); } catch (...) { } }
;; good: void f() { try { g(); } catch (const X& x) { log(x); } }
((catch_clause parameters: (parameter_list) @what body: (compound_statement) @body) @finding
 (#match? @what "^\\(\\s*\\.\\.\\.\\s*\\)$")
 (#match? @body "^\\{\\s*\\}$"))

;; rule: bugs/cpp-caught-by-value
;; languages: cpp
;; severity: low
;; tags: bug
;; keywords: catch
;; message: an exception caught by value loses what its own class adds
;; fix: Catch by const reference.
;; bad: void f() { try { g(); } catch (std::exception e) { h(e); } }
;; good: void f() { try { g(); } catch (const std::exception& e) { h(e); } }
((catch_clause parameters: (parameter_list (parameter_declaration type: (_) @type declarator: (identifier))) @finding)
 (#not-kind? @type "primitive_type" "sized_type_specifier"))
