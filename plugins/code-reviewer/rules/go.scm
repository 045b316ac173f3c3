;; rule: security/go-tls-not-verified
;; languages: go
;; severity: high
;; cwe: CWE-295
;; tags: security tls
;; keywords: InsecureSkipVerify
;; message: the certificate of the other side is not checked
;; fix: Leave InsecureSkipVerify out; give a private authority's certificate in RootCAs.
;; bad: package p; var c = &tls.Config{InsecureSkipVerify: true}
;; good: package p; var c = &tls.Config{InsecureSkipVerify: false}
([(keyed_element (literal_element (identifier) @key) (literal_element (_) @value))
  (assignment_statement left: (expression_list (selector_expression field: (field_identifier) @key)) right: (expression_list (_) @value))] @finding
 (#eq? @key "InsecureSkipVerify")
 (#not-any-of? @value "false" "!true"))

;; rule: security/go-tls-old-version
;; languages: go
;; severity: medium
;; cwe: CWE-327
;; tags: security tls
;; keywords: MinVersion MaxVersion
;; message: {value} is a version of TLS with known attacks
;; fix: Set MinVersion to tls.VersionTLS12 or leave it out.
;; bad: package p; import "crypto/tls"; var c = &tls.Config{MinVersion: tls.VersionTLS10}
;; good: package p; import "crypto/tls"; var c = &tls.Config{MinVersion: tls.VersionTLS13}
;; good: package p; import "crypto/tls"; var c = &tls.Config{MinVersion: 0}
((keyed_element (literal_element (identifier) @key) (literal_element (_) @value)) @finding
 (#any-of? @key "MinVersion" "MaxVersion")
 (#match? @value "VersionTLS1[01]$|VersionSSL30$|^0x030[0-2]$"))

;; rule: security/go-tls-weak-cipher
;; languages: go
;; severity: medium
;; cwe: CWE-327
;; tags: security tls
;; keywords: TLS_RSA_ _RC4_ _3DES_ _CBC_
;; message: {finding} has known weaknesses, or keeps no secret once the key is lost
;; fix: Leave CipherSuites out: the defaults are good.
;; bad: package p; import "crypto/tls"; var c = &tls.Config{CipherSuites: []uint16{tls.TLS_RSA_WITH_AES_128_GCM_SHA256}}
;; good: package p; import "crypto/tls"; var c = &tls.Config{CipherSuites: []uint16{tls.TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384}}
((selector_expression) @finding
 (#callee? @finding "crypto/tls.TLS_*")
 (#match? @finding "\\.TLS_(RSA_\\w+|\\w+_(RC4|3DES)_\\w+|\\w+_CBC_SHA(256)?)$"))

;; rule: security/go-weak-random
;; languages: go
;; severity: low
;; cwe: CWE-338
;; tags: security crypto
;; keywords: math/rand
;; message: {f}() can be predicted
;; fix: Use crypto/rand for anything that somebody must not guess.
;; skip: tests
;; bad: package p; import "math/rand"; func f() int { return rand.Intn(10) }
;; good: package p; import "crypto/rand"; func f() { rand.Read(nil) }
((call_expression function: (_) @f) @finding
 (#callee? @f "math/rand.*" "math/rand/v2.*")
 (#not-callee? @f "math/rand.NewSource" "math/rand.Seed" "math/rand.NewZipf" "math/rand/v2.NewPCG"))

;; rule: security/go-shell-command
;; languages: go
;; severity: medium
;; cwe: CWE-78
;; tags: security injection
;; keywords: os/exec syscall
;; message: {f}() runs a program whose name or arguments are put together at run time
;; fix: Check them against a list of what is allowed; never hand them to a shell.
;; skip: tests
;; bad: package p; import "os/exec"; func f(c string) { exec.Command("sh", "-c", c).Run() }
;; good: package p; import "os/exec"; func f() { exec.Command("ls", "-l").Run() }
((call_expression function: (_) @f arguments: (argument_list) @arguments) @finding
 (#callee? @f "os/exec.Command" "os/exec.CommandContext" "syscall.Exec" "syscall.ForkExec" "syscall.StartProcess" "os.StartProcess")
 (#not-match? @arguments "^\\((\\s*(context\\.\\w+\\(\\)|ctx)\\s*,)?(\\s*(\"[^\"]*\"|`[^`]*`)\\s*,?)*\\)$")
 (#not-literal? @arguments))

;; rule: security/go-weak-hash
;; languages: go
;; severity: medium
;; cwe: CWE-327 CWE-328
;; tags: security crypto
;; keywords: crypto/md5 crypto/sha1 md4 ripemd160
;; message: {f}() is a hash with known collisions
;; fix: Use crypto/sha256 where somebody may want to deceive you.
;; bad: package p; import "crypto/md5"; var h = md5.New()
;; good: package p; import "crypto/sha256"; var h = sha256.New()
((call_expression function: (_) @f) @finding
 (#callee? @f "crypto/md5.*" "crypto/sha1.*" "golang.org/x/crypto/md4.*" "golang.org/x/crypto/ripemd160.*"))

;; rule: security/go-weak-cipher
;; languages: go
;; severity: high
;; cwe: CWE-327
;; tags: security crypto
;; keywords: crypto/des crypto/rc4 blowfish
;; message: {f}() is a cipher that can be broken
;; fix: Use AES-GCM or ChaCha20-Poly1305.
;; bad: package p; import "crypto/rc4"; var c, _ = rc4.NewCipher(nil)
;; good: package p; import "crypto/aes"; var c, _ = aes.NewCipher(nil)
((call_expression function: (_) @f) @finding
 (#callee? @f "crypto/des.*" "crypto/rc4.*" "golang.org/x/crypto/blowfish.New*"))

;; rule: security/go-weak-import
;; languages: go
;; severity: low
;; cwe: CWE-327
;; tags: security crypto
;; keywords: crypto/md5 crypto/sha1 crypto/des crypto/rc4 md4 ripemd160 net/http/cgi
;; message: {finding} should not be used for anything new
;; fix: Take a package of today: crypto/sha256, crypto/aes.
;; skip: tests
;; bad: package p; import "crypto/des"
;; good: package p; import "crypto/aes"
((import_spec path: (_) @finding)
 (#match? @finding "^\"(crypto/(md5|sha1|des|rc4)|golang.org/x/crypto/(md4|ripemd160)|net/http/cgi)\"$"))

;; rule: security/go-weak-key
;; languages: go
;; severity: medium
;; cwe: CWE-326
;; tags: security crypto
;; keywords: GenerateKey GenerateMultiPrimeKey
;; message: an RSA key of {bits} bits can be broken
;; fix: Use at least 2048 bits, or an elliptic curve.
;; bad: package p; import "crypto/rsa"; var k, _ = rsa.GenerateKey(r, 1024)
;; good: package p; import "crypto/rsa"; var k, _ = rsa.GenerateKey(r, 2048)
((call_expression function: (_) @f arguments: (argument_list (int_literal) @bits .)) @finding
 (#callee? @f "crypto/rsa.GenerateKey")
 (#match? @bits "^([0-9]{1,3}|1[0-9]{3}|20[0-3][0-9]|204[0-7])$"))

;; rule: security/go-sql-formatted
;; languages: go
;; severity: high
;; cwe: CWE-89
;; tags: security injection
;; keywords: SELECT\x20 select\x20 Select\x20 INSERT\x20I insert\x20i DELETE\x20F delete\x20f UPDATE\x20 update\x20 FROM from WHERE where
;; message: a statement of SQL is put together with {f}()
;; fix: Use placeholders and pass the values as arguments.
;; bad: package p; import "fmt"; func f(n string) string { return fmt.Sprintf("SELECT * FROM t WHERE n = '%s'", n) }
;; good: package p; import "fmt"; func f(n string) string { return fmt.Sprintf("hello %s", n) }
((call_expression function: (_) @f arguments: (argument_list . [(interpreted_string_literal) (raw_string_literal)] @text . (_) @value)) @finding
 (#callee? @f "fmt.Sprintf" "fmt.Sprint" "fmt.Sprintln")
 (#not-literal? @value)
 (#not-match? @value "\\bQuote(Identifier|Literal)\\(")
 (#match? @text "(?i)^.\\s*(SELECT|DELETE|INSERT|UPDATE|INTO|FROM|WHERE)\\s.*(%[^bdoxXUeEfFgGtTqp]|\\s.$)"))

;; rule: security/go-sql-concatenated
;; languages: go
;; severity: high
;; cwe: CWE-89
;; tags: security injection
;; keywords: SELECT\x20 select\x20 Select\x20 INSERT\x20I insert\x20i DELETE\x20F delete\x20f UPDATE\x20 update\x20
;; message: a statement of SQL is put together with `+`
;; fix: Use placeholders and pass the values as arguments.
;; bad: package p; func f(n string) string { return "SELECT * FROM t WHERE n = '" + n }
;; good: package p; func f(n string) string { return "select one, " + n }
((binary_expression left: (_) @text operator: "+" right: (_) @value) @finding
 (#match? @text "(?i)^[\"`]\\s*(SELECT\\s.*\\sFROM|DELETE\\s+FROM|INSERT\\s+INTO|UPDATE\\s.*\\sSET)\\s")
 (#not-literal? @value))

;; rule: security/go-server-no-timeout
;; languages: go
;; severity: medium
;; cwe: CWE-400
;; tags: security availability
;; keywords: net/http
;; message: a server started by {f}() waits for slow clients for ever
;; fix: Use an http.Server with ReadHeaderTimeout set.
;; skip: tests
;; bad: package p; import "net/http"; func f() { http.ListenAndServe(":80", nil) }
;; good: package p; import "net/http"; func f(s *http.Server) { s.ListenAndServe() }
((call_expression function: (_) @f) @finding
 (#callee? @f "net/http.ListenAndServe" "net/http.ListenAndServeTLS" "net/http.Serve" "net/http.ServeTLS"))

;; rule: security/go-server-slow-headers
;; languages: go
;; severity: low
;; cwe: CWE-400
;; tags: security availability
;; keywords: http.Server
;; message: this server waits for slow headers for ever
;; fix: Set ReadHeaderTimeout.
;; skip: tests
;; bad: package p; import "net/http"; var s = http.Server{Addr: ":80"}
;; good: package p; import "net/http"; var s = http.Server{ReadHeaderTimeout: 5}
((composite_literal type: (qualified_type) @type body: (literal_value) @body) @finding
 (#eq? @type "http.Server")
 (#not-match? @body "\\b(ReadHeaderTimeout|ReadTimeout)\\s*:"))

;; rule: security/go-bind-all
;; languages: go
;; severity: low
;; cwe: CWE-1327
;; tags: security network
;; keywords: Listen
;; message: this listens on every network that the machine has
;; fix: Name the address that is meant: "127.0.0.1:8080".
;; skip: tests
;; bad: package p; import "net"; func f() { net.Listen("tcp", "0.0.0.0:2000") }
;; good: package p; import "net"; func f() { net.Listen("tcp", "127.0.0.1:2000") }
((call_expression function: (_) @f arguments: (argument_list . (_) . (_) @address)) @finding
 (#callee? @f "net.Listen" "net.ListenPacket" "crypto/tls.Listen")
 (#match? @address "^[\"`](0\\.0\\.0\\.0|\\[?::\\]?)?:[^\"`]*[\"`]$"))

;; rule: security/go-unsafe
;; languages: go
;; severity: low
;; cwe: CWE-242
;; tags: security memory
;; keywords: unsafe
;; message: {f}() is outside the promises of the language
;; fix: Keep it in one small file, and say why it is right.
;; bad: package p; import "unsafe"; func f(i int) { _ = unsafe.Pointer(&i) }
;; good: package p; func f(i int) { _ = &i }
((call_expression function: (_) @f) @finding
 (#callee? @f "unsafe.Pointer" "unsafe.String" "unsafe.StringData" "unsafe.Slice" "unsafe.SliceData" "unsafe.Add"))

;; rule: security/go-ssh-any-host
;; languages: go
;; severity: high
;; cwe: CWE-322
;; tags: security ssh
;; keywords: InsecureIgnoreHostKey
;; message: the key of the other host is not checked
;; fix: Use knownhosts.New() or ssh.FixedHostKey().
;; bad: package p; import "golang.org/x/crypto/ssh"; var c = ssh.InsecureIgnoreHostKey()
;; good: package p; import "golang.org/x/crypto/ssh"; var c = ssh.FixedHostKey(k)
((call_expression function: (_) @f) @finding
 (#callee? @f "golang.org/x/crypto/ssh.InsecureIgnoreHostKey"))

;; rule: security/go-url-from-variable
;; languages: go
;; severity: low
;; cwe: CWE-918
;; tags: security network
;; keywords: net/http
;; message: the address of this request comes from elsewhere: it may name an internal service
;; fix: Check the host against a list of what is allowed.
;; skip: tests
;; bad: package p; import "net/http"; func f(u string) { http.Get(u) }
;; good: package p; import "net/http"; func f() { http.Get("https://example.org/") }
((call_expression function: (_) @f arguments: (argument_list . (_) @url)) @finding
 (#callee? @f "net/http.Get" "net/http.Head" "net/http.Post" "net/http.PostForm")
 (#not-literal? @url))

;; rule: security/go-pprof
;; languages: go
;; severity: high
;; cwe: CWE-200
;; tags: security information
;; keywords: net/http/pprof
;; message: importing net/http/pprof opens the profiler on the default server
;; fix: Register it on a server of its own that listens on localhost.
;; bad: package p; import _ "net/http/pprof"
;; good: package p; import "net/http"
((import_spec path: (_) @finding) (#eq? @finding "\"net/http/pprof\""))

;; rule: security/go-serves-root
;; languages: go
;; severity: medium
;; cwe: CWE-22
;; tags: security files
;; keywords: http.Dir
;; message: this serves the whole file system
;; fix: Name the folder that is meant.
;; bad: package p; import "net/http"; var h = http.FileServer(http.Dir("/"))
;; good: package p; import "net/http"; var h = http.FileServer(http.Dir("/srv/www"))
((call_expression function: (_) @f arguments: (argument_list . (_) @path .)) @finding
 (#callee? @f "net/http.Dir")
 (#match? @path "^[\"`]/[\"`]$"))

;; rule: security/go-template-unescaped
;; languages: go
;; severity: medium
;; cwe: CWE-79
;; tags: security injection
;; keywords: html/template
;; message: {f}() hands text to the page without escaping it
;; fix: Pass the plain string and let the template escape it.
;; bad: package p; import "html/template"; func f(s string) any { return template.HTML(s) }
;; good: package p; import "html/template"; func f() any { return template.HTML("<b>x</b>") }
((call_expression function: (_) @f arguments: (argument_list . (_) @text .)) @finding
 (#callee? @f "html/template.HTML" "html/template.HTMLAttr" "html/template.JS" "html/template.JSStr" "html/template.URL" "html/template.CSS" "html/template.Srcset")
 (#not-literal? @text))

;; rule: security/go-open-mode
;; languages: go
;; severity: medium
;; cwe: CWE-732
;; tags: security files
;; keywords: Mkdir Chmod OpenFile WriteFile
;; message: {f}() with {mode} lets others write or read what may be private
;; fix: Use 0750 for folders and 0600 for files, unless all may read them.
;; skip: tests
;; bad: package p; import "os"; func f() { os.Mkdir("x", 0777) }
;; bad: package p; import "os"; func f() { os.Chmod("x", 0o666) }
;; good: package p; import "os"; func f() { os.Mkdir("x", 0750) }
;; good: package p; import "os"; func f() { os.WriteFile("x", nil, 0644) }
((call_expression function: (_) @f arguments: (argument_list (int_literal) @mode .)) @finding
 (#callee? @f "os.Mkdir" "os.MkdirAll" "os.Chmod" "os.OpenFile" "os.WriteFile" "io/ioutil.WriteFile")
 (#match? @mode "^0o?[0-7]*([2367][0-7]|[0-7][2367])$"))

;; rule: security/go-temporary-name
;; languages: go
;; severity: medium
;; cwe: CWE-377
;; tags: security files
;; keywords: /tmp
;; message: everybody can guess this name in a folder that everybody may write to
;; fix: Use os.CreateTemp() or os.MkdirTemp().
;; skip: tests
;; bad: package p; import "os"; func f() { os.Create("/tmp/x") }
;; good: package p; import "os"; func f() { os.Create("/srv/x") }
((call_expression function: (_) @f arguments: (argument_list . (_) @path)) @finding
 (#callee? @f "os.Create" "os.WriteFile" "io/ioutil.WriteFile" "os.OpenFile")
 (#match? @path "^[\"`](/tmp|/var/tmp|/usr/tmp)(/|[\"`])"))

;; rule: bugs/go-defer-in-loop
;; languages: go
;; severity: medium
;; cwe: CWE-772
;; tags: bug
;; keywords: defer
;; message: what is deferred in a loop runs only when the whole function ends
;; fix: Move the body of the loop into a function of its own.
;; bad: package p; func f() { for { defer g() } }
;; good: package p; func f() { for { func() { defer g() }() } }
((defer_statement) @finding (#within? @finding "for_statement"))

;; rule: bugs/go-ignored-error
;; languages: go
;; severity: low
;; cwe: CWE-252
;; tags: bug
;; keywords: ,\x20_
;; message: the error of {f}() is thrown away
;; fix: Look at it, or say why it cannot matter.
;; skip: tests
;; bad: package p; import "strconv"; func f(s string) int { n, _ := strconv.Atoi(s); return n }
;; good: package p; import "strconv"; func f(s string) (int, error) { n, err := strconv.Atoi(s); return n, err }
([(short_var_declaration left: (expression_list (identifier) @blank .) right: (expression_list . (call_expression function: (_) @f) .))
  (assignment_statement left: (expression_list (identifier) @blank .) right: (expression_list . (call_expression function: (_) @f) .))] @finding
 (#eq? @blank "_")
 (#callee? @f "strconv.Atoi" "strconv.Parse*" "os.Open*" "os.Create*" "os.ReadFile" "os.WriteFile" "os.Stat" "os.Mkdir*" "os.Remove*" "os.Rename" "io.ReadAll" "io.Copy" "io/ioutil.*" "encoding/json.Marshal*" "encoding/json.Unmarshal" "net/url.Parse*" "net/http.Get" "net/http.Post*" "net/http.NewRequest*" "net.Dial*" "net.Listen*" "time.Parse" "crypto/rand.Read" "database/sql.Open"))
