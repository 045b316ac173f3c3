;; rule: security/javascript-eval
;; languages: javascript typescript tsx
;; severity: high
;; cwe: CWE-95
;; tags: security injection
;; keywords: eval(
;; message: eval() runs text that is put together at run time
;; fix: Parse data with JSON.parse(); look functions up in a table.
;; bad: eval(x);
;; good: eval('1 + 1');
((call_expression function: (_) @f arguments: (arguments . (_) @code)) @finding
 (#any-of? @f "eval" "window.eval" "globalThis.eval" "global.eval")
 (#not-literal? @code))

;; rule: security/javascript-new-function
;; languages: javascript typescript tsx
;; severity: high
;; cwe: CWE-95
;; tags: security injection
;; keywords: Function
;; message: new Function() runs text that is put together at run time
;; fix: Parse data with JSON.parse(); look functions up in a table.
;; bad: const f = new Function('a', body);
;; good: const f = new Map(a);
([(new_expression constructor: (_) @f arguments: (arguments) @code)
  (call_expression function: (_) @f arguments: (arguments) @code)] @finding
 (#eq? @f "Function")
 (#not-literal? @code))

;; rule: security/javascript-timer-text
;; languages: javascript typescript tsx
;; severity: medium
;; cwe: CWE-95
;; tags: security injection
;; keywords: setTimeout setInterval
;; message: {f}() runs this text as code
;; fix: Pass a function.
;; bad: setTimeout("go(" + x + ")", 10);
;; good: setTimeout(() => go(x), 10);
((call_expression function: (_) @f arguments: (arguments . [(string) (template_string) (binary_expression)] @code)) @finding
 (#any-of? @f "setTimeout" "setInterval" "window.setTimeout" "window.setInterval")
 (#match? @code "^[\"'`]"))

;; rule: security/javascript-html-assigned
;; languages: javascript typescript tsx
;; severity: medium
;; cwe: CWE-79
;; tags: security injection
;; keywords: innerHTML outerHTML
;; message: what is put into {property} runs as part of the page
;; fix: Use textContent, or clean it with a sanitizer first.
;; bad: el.innerHTML = name;
;; good: el.innerHTML = '<b>x</b>';
;; good: el.textContent = name;
([(assignment_expression left: (member_expression property: (_) @property) right: (_) @value)
  (augmented_assignment_expression left: (member_expression property: (_) @property) right: (_) @value)] @finding
 (#any-of? @property "innerHTML" "outerHTML")
 (#not-literal? @value)
 (#not-match? @value "(?i)(sanitize|purify|escape)\\w*\\s*\\("))

;; rule: security/javascript-html-written
;; languages: javascript typescript tsx
;; severity: medium
;; cwe: CWE-79
;; tags: security injection
;; keywords: document.write insertAdjacentHTML
;; message: what {f}() is given runs as part of the page
;; fix: Make elements and set their textContent.
;; bad: document.write(name);
;; good: document.write('<hr>');
((call_expression function: (member_expression) @f arguments: (arguments) @what) @finding
 (#match? @f "^document\\.write(ln)?$|\\.insertAdjacentHTML$")
 (#not-literal? @what))

;; rule: security/javascript-dangerous-html
;; languages: javascript tsx
;; severity: medium
;; cwe: CWE-79
;; tags: security injection react
;; keywords: dangerouslySetInnerHTML
;; message: dangerouslySetInnerHTML puts text into the page as it is
;; fix: Pass it as a child, or clean it with a sanitizer first.
;; bad: const e = <p dangerouslySetInnerHTML={{ __html: x }} />;
;; good: const e = <p>{x}</p>;
((jsx_attribute (property_identifier) @name (jsx_expression) @value) @finding
 (#eq? @name "dangerouslySetInnerHTML")
 (#not-literal? @value)
 (#not-match? @value "(?i)(sanitize|purify)\\w*\\s*\\("))

;; rule: security/javascript-shell-command
;; languages: javascript typescript tsx
;; severity: high
;; cwe: CWE-78
;; tags: security injection
;; keywords: child_process
;; message: {f}() runs a shell with a command that is put together at run time
;; fix: Use execFile() or spawn() with a list of arguments.
;; bad: require('child_process').exec(cmd);
;; bad: const { exec } = require('child_process'); exec('ls ' + dir);
;; bad: import cp from 'child_process'; cp.execSync(`ls ${dir}`);
;; good: const cp = require('child_process'); cp.exec('ls');
;; good: const cp = require('child_process'); cp.execFile('ls', [dir]);
((call_expression function: (_) @f arguments: (arguments . (_) @command)) @finding
 (#callee? @f "child_process.exec" "child_process.execSync" "child_process.default.exec" "child_process.default.execSync")
 (#not-literal? @command))

;; rule: security/javascript-spawn-shell
;; languages: javascript typescript tsx
;; severity: high
;; cwe: CWE-78
;; tags: security injection
;; keywords: child_process
;; message: `shell: true` hands the arguments of {f}() to a shell
;; fix: Leave the option out and pass a list of arguments.
;; bad: const cp = require('child_process'); cp.spawn(c, [], { shell: true });
;; good: const cp = require('child_process'); cp.spawn(c, []);
((call_expression function: (_) @f arguments: (arguments (object (pair key: (_) @key value: (true))))) @finding
 (#callee? @f "child_process.spawn" "child_process.spawnSync" "child_process.execFile" "child_process.execFileSync")
 (#eq? @key "shell"))

;; rule: security/javascript-old-buffer
;; languages: javascript typescript tsx
;; severity: medium
;; cwe: CWE-665
;; tags: security memory
;; keywords: Buffer
;; message: new Buffer() of a number holds what was in memory before
;; fix: Use Buffer.from() or Buffer.alloc().
;; bad: var b = new Buffer(c);
;; good: var b = Buffer.from(c);
;; good: var b = new Buffer('abc');
((new_expression constructor: (_) @f arguments: (arguments . (_) @what)) @finding
 (#eq? @f "Buffer")
 (#not-literal? @what))

;; rule: security/javascript-pseudo-random-bytes
;; languages: javascript typescript tsx
;; severity: medium
;; cwe: CWE-338
;; tags: security crypto
;; keywords: pseudoRandomBytes
;; message: pseudoRandomBytes() promises no more than that it looks random
;; fix: Use crypto.randomBytes().
;; bad: crypto.pseudoRandomBytes(8);
;; good: crypto.randomBytes(8);
((member_expression property: (property_identifier) @name) @finding
 (#eq? @name "pseudoRandomBytes"))

;; rule: security/javascript-weak-random
;; languages: javascript typescript tsx
;; severity: medium
;; cwe: CWE-338
;; tags: security crypto
;; keywords: Math.random
;; message: Math.random() can be predicted, and this looks like a secret
;; fix: Use crypto.randomBytes() or crypto.getRandomValues().
;; skip: tests
;; bad: const token = Math.random().toString(36);
;; good: const angle = Math.random() * 360;
([(variable_declarator name: (_) @name value: (_) @value)
  (assignment_expression left: (_) @name right: (_) @value)
  (pair key: (_) @name value: (_) @value)] @finding
 (#match? @name "(?i)(token|secret|passw|nonce|salt|session|cookie|otp|csrf|api_?key)")
 (#not-kind? @value "arrow_function" "function_expression" "object")
 (#match? @value "\\bMath\\.random\\("))

;; rule: security/javascript-regexp-from-variable
;; languages: javascript typescript tsx
;; severity: low
;; cwe: CWE-1333 CWE-185
;; tags: security availability
;; keywords: RegExp
;; message: a regular expression made at run time can be made slow on purpose
;; fix: Escape what is put into it, or use a fixed one.
;; skip: tests
;; bad: const r = new RegExp(x);
;; good: const r = new RegExp('^a');
([(new_expression constructor: (identifier) @f arguments: (arguments . (_) @pattern))
  (call_expression function: (identifier) @f arguments: (arguments . (_) @pattern))] @finding
 (#eq? @f "RegExp")
 (#not-kind? @pattern "regex")
 (#not-literal? @pattern)
 (#not-match? @pattern "(?i)escape\\w*\\("))

;; rule: security/javascript-slow-regexp
;; languages: javascript typescript tsx
;; severity: medium
;; cwe: CWE-1333
;; tags: security availability
;; keywords: +) *)
;; message: a repetition inside a repetition takes exponential time on some inputs
;; fix: Make the inner part match in only one way, or limit the length of the input.
;; bad: const r = /(a+)+b/;
;; bad: const r = new RegExp('(x+x+)+y');
;; good: const r = /(ab)+c/;
;; good: const r = /\$\{([^\\}]*(?:\\.[^\\}]*)*)\}/;
;; good: const r = /^\d+(?:\.\d+)*$/;
([(regex pattern: (_) @pattern) @finding
  ((new_expression constructor: (identifier) @f arguments: (arguments . (string) @pattern)) @finding)]
 (#match? @finding "^(/|new\\s+RegExp)")
 (#match? @pattern "\\((\\?:)?(([^()\\[\\]|\\\\*+?]|\\\\.|\\[(\\\\.|[^\\]\\\\])*\\])[+*?])*([^()\\[\\]|\\\\*+?]|\\\\.|\\[(\\\\.|[^\\]\\\\])*\\])[+*]\\)[+*{]"))

;; rule: security/javascript-require-variable
;; languages: javascript
;; severity: low
;; cwe: CWE-706
;; tags: security files
;; keywords: require
;; message: require() of a name from elsewhere loads whatever it names
;; fix: Look the name up in a table of what may be loaded.
;; skip: tests
;; bad: const m = require(name);
;; good: const m = require('fs');
((call_expression function: (identifier) @f arguments: (arguments . (_) @name)) @finding
 (#eq? @f "require")
 (#not-literal? @name))

;; rule: security/javascript-file-from-variable
;; languages: javascript typescript tsx
;; severity: low
;; cwe: CWE-22
;; tags: security files
;; keywords: 'fs "fs :fs /fs fs-extra
;; message: the path that {f}() is given comes from elsewhere
;; fix: Resolve it and check that it stays below the folder that is meant.
;; skip: tests
;; bad: const fs = require('fs'); fs.readFile(name, cb);
;; bad: import { readFileSync } from 'fs'; readFileSync(name);
;; good: const fs = require('fs'); fs.readFile('config.json', cb);
((call_expression function: (_) @f arguments: (arguments . (_) @path)) @finding
 (#callee? @f
  "fs.access*" "fs.appendFile*" "fs.chmod*" "fs.chown*" "fs.copyFile*" "fs.cp*" "fs.createReadStream" "fs.createWriteStream"
  "fs.exists*" "fs.lchmod*" "fs.lchown*" "fs.link*" "fs.lstat*" "fs.mkdir*" "fs.open*" "fs.read*" "fs.realpath*" "fs.rename*"
  "fs.rm*" "fs.stat*" "fs.symlink*" "fs.truncate*" "fs.unlink*" "fs.unwatchFile" "fs.utimes*" "fs.watch*" "fs.writeFile*"
  "fs.promises.*" "fs/promises.*" "fs.default.*" "fs-extra.*")
 (#not-literal? @path)
 (#not-match? @path "^(__dirname|__filename|path\\.(join|resolve)\\((__dirname)(\\s*,\\s*(\"[^\"]*\"|'[^']*'))*\\)|require\\.resolve\\(['\"][^'\"]*['\"]\\))$"))

;; rule: security/javascript-tls-not-verified
;; languages: javascript typescript tsx
;; severity: high
;; cwe: CWE-295
;; tags: security tls
;; keywords: rejectUnauthorized NODE_TLS_REJECT_UNAUTHORIZED strictSSL
;; message: the certificate of the other side is not checked
;; fix: Leave verification on; give a private authority's certificate in `ca`.
;; bad: https.get({ rejectUnauthorized: false });
;; bad: process.env.NODE_TLS_REJECT_UNAUTHORIZED = '0';
;; good: https.get({ rejectUnauthorized: true });
([(pair key: (_) @key value: (_) @value)
  (assignment_expression left: (member_expression property: (_) @key) right: (_) @value)
  (assignment_expression left: (subscript_expression index: (_) @key) right: (_) @value)] @finding
 (#match? @key "^['\"]?(rejectUnauthorized|strictSSL|NODE_TLS_REJECT_UNAUTHORIZED)['\"]?$")
 (#match? @value "^(false|0|['\"]0['\"])$"))

;; rule: security/javascript-weak-hash
;; languages: javascript typescript tsx
;; severity: medium
;; cwe: CWE-327 CWE-328
;; tags: security crypto
;; keywords: createHash createHmac
;; message: {name} is a hash with known collisions
;; fix: Use sha256 where somebody may want to deceive you.
;; bad: const h = crypto.createHash('md5');
;; good: const h = crypto.createHash('sha256');
((call_expression function: (_) @f arguments: (arguments . (string) @name)) @finding
 (#match? @f "\\b(createHash|createHmac)$")
 (#match? @name "(?i)^.(md5|sha-?1|md4|ripemd160)."))

;; rule: security/javascript-weak-cipher
;; languages: javascript typescript tsx
;; severity: medium
;; cwe: CWE-327
;; tags: security crypto
;; keywords: createCipher createDecipher
;; message: this cipher can be broken, or its mode shows patterns
;; fix: Use createCipheriv('aes-256-gcm', …).
;; bad: crypto.createCipheriv('des-ede3-cbc', k, iv);
;; bad: crypto.createCipher('aes192', p);
;; good: crypto.createCipheriv('aes-256-gcm', k, iv);
((call_expression function: (_) @f arguments: (arguments) @arguments) @finding
 (#match? @f "\\bcreate(C|Dec)ipher(iv)?$")
 (#match? @finding "(?i)create(C|Dec)ipher\\s*\\(|\\(\\s*['\"](des|rc2|rc4|bf|blowfish|[a-z0-9-]*-ecb)"))

;; rule: security/javascript-sql-concatenated
;; languages: javascript typescript tsx
;; severity: high
;; cwe: CWE-89
;; tags: security injection
;; keywords: SELECT\x20 select\x20 Select\x20 INSERT\x20I insert\x20i DELETE\x20F delete\x20f UPDATE\x20 update\x20
;; message: a statement of SQL is put together with what comes from elsewhere
;; fix: Use placeholders and pass the values as parameters.
;; bad: db.query("SELECT * FROM t WHERE n = '" + n + "'");
;; bad: db.query(`SELECT * FROM t WHERE n = '${n}'`);
;; good: db.query("SELECT * FROM t WHERE n = ?", [n]);
((call_expression function: (_) @f arguments: (arguments . [(binary_expression) (template_string)] @text)) @finding
 (#match? @f "(query|execute|exec|raw|run|all|get|prepare)$")
 (#match? @text "(?i)^[\"'`]\\s*(SELECT\\s.*\\sFROM|DELETE\\s+FROM|INSERT\\s+INTO|UPDATE\\s.*\\sSET)\\s")
 (#not-literal? @text))

;; rule: security/javascript-timing-comparison
;; languages: javascript typescript tsx
;; severity: low
;; cwe: CWE-208
;; tags: security crypto
;; keywords: passw secret api token auth pass hash Passw Secret Token PASS SECRET TOKEN
;; message: how long this comparison takes tells how much of a secret is right
;; fix: Use crypto.timingSafeEqual().
;; bad: function f(a, password) { if (a === password) { g(); } }
;; good: function f(a, name) { if (a === name) { g(); } }
;; good: function f(firstToken, token) { if (token === firstToken) { g(); } }
((if_statement condition: (parenthesized_expression (binary_expression
   left: (_) @left operator: ["===" "==" "!==" "!="] right: (_) @right) @finding))
 (#match? @finding "(?i)^(password|passwd|secret|api|apikey|api_key|token|auth|pass|hash)\\s*[!=]==?|[!=]==?\\s*(password|passwd|secret|api|apikey|api_key|token|auth|pass|hash)$")
 (#not-literal? @left)
 (#not-literal? @right)
; a lexer's tokens are no secrets
 (#not-match? @finding "(?i)(typeof|null|undefined|length|(first|last|next|prev|previous|open|opening|close|closing|other|current|comma|brace|paren)_?token)"))

;; rule: security/javascript-template-unescaped
;; languages: javascript typescript tsx
;; severity: medium
;; cwe: CWE-79
;; tags: security injection
;; keywords: escapeMarkup noEscape
;; message: values are put into the page without escaping
;; fix: Leave escaping on.
;; bad: template.escapeMarkup = false;
;; good: template.escapeMarkup = true;
([(assignment_expression left: (member_expression property: (_) @key) right: (_) @value)
  (pair key: (_) @key value: (_) @value)] @finding
 (#match? @finding "^(.*\\.)?(escapeMarkup\\s*[=:]\\s*false|noEscape\\s*[=:]\\s*true)$"))

;; rule: security/javascript-message-to-any
;; languages: javascript typescript tsx
;; severity: medium
;; cwe: CWE-346
;; tags: security information
;; keywords: postMessage
;; message: any page that took the window's place can read this message
;; fix: Name the origin that is meant.
;; bad: w.postMessage(secret, '*');
;; good: w.postMessage(secret, 'https://example.org');
((call_expression function: (member_expression property: (_) @f) arguments: (arguments . (_) . (string) @origin)) @finding
 (#eq? @f "postMessage")
 (#match? @origin "^.\\*.$"))

;; rule: security/javascript-open-cookie
;; languages: javascript typescript tsx
;; severity: low
;; cwe: CWE-1004 CWE-614
;; tags: security cookies
;; keywords: httpOnly
;; message: a script on the page can read this cookie
;; fix: Set httpOnly to true.
;; bad: res.cookie('a', b, { httpOnly: false });
;; good: res.cookie('a', b, { httpOnly: true });
((pair key: (_) @key value: (false)) @finding (#match? @key "^['\"]?httpOnly['\"]?$"))

;; rule: security/javascript-csrf-order
;; languages: javascript typescript tsx
;; severity: medium
;; cwe: CWE-352
;; tags: security web
;; keywords: methodOverride
;; message: a method that is overridden after the CSRF check was not checked
;; fix: Use methodOverride() before csrf().
;; bad: express.csrf(); express.methodOverride();
;; good: express.methodOverride(); express.csrf();
((program (expression_statement (call_expression function: (member_expression property: (_) @a)))
          (expression_statement (call_expression function: (member_expression property: (_) @b))) @finding)
 (#eq? @a "csrf")
 (#eq? @b "methodOverride"))

;; rule: security/javascript-hidden-direction
;; keywords: \xe2\x80\xaa \xe2\x80\xab \xe2\x80\xac \xe2\x80\xad \xe2\x80\xae \xe2\x81\xa6 \xe2\x81\xa7 \xe2\x81\xa8 \xe2\x81\xa9
;; languages: javascript typescript tsx
;; severity: high
;; cwe: CWE-1007
;; tags: security trojan-source
;; message: characters here change the writing direction: the code is not what it looks like
;; fix: Remove the invisible characters, or write them as escapes.
([(string) (template_string)] @finding
 (#match? @finding "\\xe2(\\x80[\\xaa-\\xae]|\\x81[\\xa6-\\xa9])"))

;; rule: bugs/javascript-assignment-in-condition
;; languages: javascript typescript tsx
;; severity: medium
;; cwe: CWE-481
;; tags: bug
;; message: `=` in a condition assigns; `===` compares
;; fix: Write `===`, or put the assignment in a second pair of parentheses when it is meant.
;; bad: if (a = b) { g(); }
;; good: if (a === b) { g(); }
;; good: if ((a = b)) { g(); }
((if_statement condition: (parenthesized_expression . (assignment_expression) @finding .)))

;; rule: bugs/javascript-coercing-comparison
;; languages: javascript typescript tsx
;; severity: low
;; cwe: CWE-597
;; tags: bug
;; message: == turns both sides into numbers first: '' == 0 is true
;; fix: Use === or !==.
;; bad: if (x == 0) { g(); }
;; bad: if (x != '') { g(); }
;; good: if (x === 0) { g(); }
;; good: if (x == null) { g(); }
((binary_expression operator: ["==" "!="] right: [(number) (string) (true) (false)] @right) @finding
 (#match? @right "^(0|''|\"\"|true|false)$"))

;; rule: bugs/javascript-compares-nan
;; languages: javascript typescript tsx
;; severity: medium
;; cwe: CWE-570
;; tags: bug
;; keywords: NaN
;; message: nothing equals NaN, not even NaN
;; fix: Use Number.isNaN().
;; bad: if (x === NaN) { g(); }
;; good: if (Number.isNaN(x)) { g(); }
((binary_expression operator: ["==" "===" "!=" "!=="] right: (_) @right) @finding
 (#any-of? @right "NaN" "Number.NaN"))

;; rule: bugs/javascript-async-executor
;; languages: javascript typescript tsx
;; severity: medium
;; cwe: CWE-755
;; tags: bug
;; keywords: Promise
;; message: what an async executor throws is lost: the promise never settles
;; fix: Leave out `async` and the promise around it, or catch and reject.
;; bad: new Promise(async (a, b) => { await g(); });
;; good: new Promise((a, b) => { g(a); });
((new_expression constructor: (_) @f arguments: (arguments . [(arrow_function "async") (function_expression "async")])) @finding
 (#eq? @f "Promise"))

;; rule: bugs/javascript-debugger
;; languages: javascript typescript tsx
;; severity: low
;; cwe: CWE-489
;; tags: bug
;; keywords: debugger
;; message: a `debugger` statement was left in
;; fix: Remove it.
;; bad: function f() { debugger; }
;; good: function f() { g(); }
((debugger_statement) @finding)
