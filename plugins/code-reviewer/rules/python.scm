;; rule: security/python-eval
;; languages: python
;; severity: medium
;; cwe: CWE-95
;; tags: security injection
;; keywords: eval( exec(
;; message: {f}() runs text as code
;; fix: Parse data with ast.literal_eval() or json.loads(); look functions up in a table.
;; skip: tests
;; bad: eval(x)
;; bad: exec("do evil")
;; good: ast.literal_eval(x)
((call function: (identifier) @f) @finding
 (#any-of? @f "eval" "exec"))

;; rule: security/python-subprocess-shell
;; languages: python
;; severity: high
;; cwe: CWE-78
;; tags: security injection
;; keywords: shell= shell\x20=
;; message: {f}() with shell=True runs a shell with a command that is put together at run time
;; fix: Pass a list of arguments and leave shell=True out.
;; bad: import subprocess; subprocess.run("ls " + d, shell=True)
;; good: import subprocess; subprocess.run(["ls", d])
;; good: import subprocess; subprocess.run("ls", shell=True)
((call function: (_) @f arguments: (argument_list . (_) @command
   (keyword_argument name: (identifier) @key value: (_) @value))) @finding
 (#callee? @f "subprocess.*" "asyncio.create_subprocess_shell" "Popen")
 (#eq? @key "shell")
 (#not-any-of? @value "False" "0" "None" "[]" "{}" "()" "''" "\"\"")
 (#not-literal? @command))

;; rule: security/python-subprocess-shell-literal
;; languages: python
;; severity: low
;; cwe: CWE-78
;; tags: security injection
;; keywords: shell= shell\x20=
;; message: {f}() with shell=True runs a shell that is not needed
;; fix: Pass a list of arguments and leave shell=True out.
;; bad: import subprocess; subprocess.run("ls", shell=True)
;; good: import subprocess; subprocess.run("ls", shell=False)
((call function: (_) @f arguments: (argument_list . (_) @command
   (keyword_argument name: (identifier) @key value: (_) @value))) @finding
 (#callee? @f "subprocess.*")
 (#eq? @key "shell")
 (#not-any-of? @value "False" "0" "None" "[]" "{}" "()" "''" "\"\"")
 (#literal? @command))

;; rule: security/python-shell-command
;; languages: python
;; severity: high
;; cwe: CWE-78
;; tags: security injection
;; keywords: system popen getoutput getstatusoutput create_subprocess_shell
;; message: {f}() runs a shell with a command that is put together at run time
;; fix: Use subprocess.run() with a list of arguments.
;; bad: import os; os.system("ls " + d)
;; bad: from os import popen; popen(c)
;; good: import os; os.listdir(d)
((call function: (_) @f arguments: (argument_list . (_) @command)) @finding
 (#callee? @f "os.system" "os.popen*" "popen2.*" "commands.getoutput" "commands.getstatusoutput"
  "subprocess.getoutput" "subprocess.getstatusoutput" "asyncio.create_subprocess_shell")
 (#not-literal? @command))

;; rule: security/python-shell-literal
;; languages: python
;; severity: low
;; cwe: CWE-78
;; tags: security injection
;; keywords: system popen getoutput getstatusoutput
;; message: {f}() runs a shell that is not needed
;; fix: Use subprocess.run() with a list of arguments.
;; bad: import os; os.system("ls")
;; good: import os; os.listdir("x")
((call function: (_) @f arguments: (argument_list . (_) @command)) @finding
 (#callee? @f "os.system" "os.popen*" "popen2.*" "commands.getoutput" "commands.getstatusoutput")
 (#literal? @command))

;; rule: security/python-process-from-variable
;; languages: python
;; severity: low
;; cwe: CWE-78
;; tags: security injection
;; keywords: execl execv spawnl spawnv startfile
;; message: {f}() starts a program that is named at run time
;; fix: Check the name against a list of what is allowed.
;; bad: import os; os.execl(path, path)
;; good: import os; os.getpid()
((call function: (_) @f) @finding
 (#callee? @f "os.execl*" "os.execv*" "os.spawnl*" "os.spawnv*" "os.startfile"))

;; rule: security/python-pickle
;; languages: python
;; severity: medium
;; cwe: CWE-502
;; tags: security deserialization
;; keywords: pickle dill shelve marshal joblib
;; message: {f}() runs code that its data brings along
;; fix: Use JSON for data from outside, or sign what you store.
;; skip: tests
;; bad: import pickle; pickle.loads(x)
;; bad: from pickle import load as l; l(f)
;; good: import json; json.loads(x)
((call function: (_) @f) @finding
 (#callee? @f "pickle.load" "pickle.loads" "pickle.Unpickler" "cPickle.load" "cPickle.loads" "cPickle.Unpickler"
  "_pickle.load*" "dill.load" "dill.loads" "dill.Unpickler" "shelve.open" "shelve.DbfilenameShelf" "jsonpickle.decode"
  "jsonpickle.unpickler.*" "pandas.read_pickle" "marshal.load" "marshal.loads" "joblib.load" "cloudpickle.load*"))

;; rule: security/python-torch-load
;; languages: python
;; severity: medium
;; cwe: CWE-502
;; tags: security deserialization
;; keywords: torch
;; message: torch.load() runs code that the file brings along
;; fix: Use weights_only=True or safetensors.
;; bad: import torch; torch.load("x")
;; good: import torch; torch.load("x", weights_only=True)
((call function: (_) @f arguments: (argument_list) @arguments) @finding
 (#callee? @f "torch.load")
 (#not-match? @arguments "weights_only\\s*=\\s*True"))

;; rule: security/python-yaml-load
;; languages: python
;; severity: medium
;; cwe: CWE-502
;; tags: security deserialization
;; keywords: yaml
;; message: {f}() builds any object that the text names
;; fix: Use yaml.safe_load().
;; bad: import yaml; yaml.load(x)
;; bad: import yaml; yaml.load(x, Loader=yaml.Loader)
;; good: import yaml; yaml.safe_load(x)
;; good: import yaml; yaml.load(x, Loader=yaml.SafeLoader)
;; good: import yaml; yaml.load(x, yaml.CSafeLoader)
((call function: (_) @f arguments: (argument_list) @arguments) @finding
 (#callee? @f "yaml.load" "yaml.load_all" "yaml.unsafe_load*" "yaml.full_load*")
 (#not-match? @arguments "\\bC?(Safe|Base)Loader\\b"))

;; rule: security/python-weak-hash
;; languages: python
;; severity: medium
;; cwe: CWE-327 CWE-328
;; tags: security crypto
;; keywords: md5 sha1 MD2 MD4 MD5 SHA
;; message: {f}() is a hash with known collisions
;; fix: Use hashlib.sha256(), or say usedforsecurity=False.
;; bad: import hashlib; hashlib.md5(x)
;; bad: from Crypto.Hash import MD5; MD5.new(x)
;; bad: import hashlib; hashlib.new("sha1", x)
;; good: import hashlib; hashlib.sha256(x)
;; good: import hashlib; hashlib.md5(x, usedforsecurity=False)
((call function: (_) @f arguments: (argument_list) @arguments) @finding
 (#callee? @f "hashlib.md5" "hashlib.sha1" "hashlib.md4" "hashlib.sha" "Crypto.Hash.MD2.new" "Crypto.Hash.MD4.new"
  "Crypto.Hash.MD5.new" "Crypto.Hash.SHA.new" "Crypto.Hash.SHA1.new" "Cryptodome.Hash.MD2.new" "Cryptodome.Hash.MD4.new"
  "Cryptodome.Hash.MD5.new" "Cryptodome.Hash.SHA.new" "Cryptodome.Hash.SHA1.new"
  "cryptography.hazmat.primitives.hashes.MD5" "cryptography.hazmat.primitives.hashes.SHA1" "hashlib.new")
 (#not-match? @arguments "usedforsecurity\\s*=\\s*False")
 (#not-match? @finding "^[\\w.]*new\\s*\\(\\s*(name\\s*=\\s*)?['\"](?i)(sha(-?(2|3|5)|224|384)|blake|shake|sm3|ripemd)")
 (#not-match? @finding "^(hashlib\\.)?new\\s*\\(\\s*[a-z_]*\\s*[,)]"))

;; rule: security/python-weak-cipher
;; languages: python
;; severity: high
;; cwe: CWE-327
;; tags: security crypto
;; keywords: Cipher ciphers
;; message: {f}() is a cipher that can be broken, or a mode that shows patterns
;; fix: Use AES-GCM or ChaCha20-Poly1305.
;; bad: from Crypto.Cipher import ARC4; ARC4.new(k)
;; bad: from cryptography.hazmat.primitives.ciphers import algorithms; algorithms.Blowfish(k)
;; good: from Crypto.Cipher import AES; AES.new(k, AES.MODE_GCM)
((call function: (_) @f) @finding
 (#callee? @f "Crypto.Cipher.ARC2.new" "Crypto.Cipher.ARC4.new" "Crypto.Cipher.Blowfish.new" "Crypto.Cipher.DES.new"
  "Crypto.Cipher.XOR.new" "Crypto.Cipher.DES3.new" "Crypto.Cipher.CAST.new" "Cryptodome.Cipher.ARC2.new"
  "Cryptodome.Cipher.ARC4.new" "Cryptodome.Cipher.Blowfish.new" "Cryptodome.Cipher.DES.new" "Cryptodome.Cipher.XOR.new"
  "Cryptodome.Cipher.DES3.new" "Cryptodome.Cipher.CAST.new"
  "cryptography.hazmat.primitives.ciphers.algorithms.ARC4" "cryptography.hazmat.primitives.ciphers.algorithms.Blowfish"
  "cryptography.hazmat.primitives.ciphers.algorithms.IDEA" "cryptography.hazmat.primitives.ciphers.algorithms.CAST5"
  "cryptography.hazmat.primitives.ciphers.algorithms.SEED" "cryptography.hazmat.primitives.ciphers.algorithms.TripleDES"
  "cryptography.hazmat.primitives.ciphers.modes.ECB"))

;; rule: security/python-pycrypto
;; languages: python
;; severity: low
;; cwe: CWE-1104
;; tags: security crypto
;; keywords: Crypto
;; message: PyCrypto is no longer maintained and has known faults
;; fix: Use the package `cryptography`, or pycryptodomex as its drop-in.
;; skip: tests
;; bad: from Crypto.Cipher import AES
;; good: from Cryptodome.Cipher import AES
([(import_from_statement module_name: (dotted_name) @name)
  (import_statement name: (dotted_name) @name)] @finding
 (#match? @name "^Crypto(\\.|$)"))

;; rule: security/python-weak-key
;; languages: python
;; severity: medium
;; cwe: CWE-326
;; tags: security crypto
;; keywords: generate
;; message: a key of {bits} bits can be broken
;; fix: Use at least 2048 bits, or an elliptic curve.
;; bad: from Crypto.PublicKey import RSA; RSA.generate(1024)
;; good: from Crypto.PublicKey import RSA; RSA.generate(2048)
((call function: (_) @f arguments: (argument_list [(integer) @bits (keyword_argument value: (integer) @bits)])) @finding
 (#callee? @f "Crypto.PublicKey.*" "Cryptodome.PublicKey.*" "cryptography.hazmat.primitives.asymmetric.rsa.generate_private_key"
  "cryptography.hazmat.primitives.asymmetric.dsa.generate_private_key")
 (#match? @bits "^(512|768|1[0-9]{3}|20[0-3][0-9]|204[0-7])$"))

;; rule: security/python-weak-random
;; languages: python
;; severity: medium
;; cwe: CWE-338
;; tags: security crypto
;; keywords: random
;; message: the module `random` can be predicted, and this looks like a secret
;; fix: Use the module `secrets`.
;; skip: tests
;; bad: import random; token = random.randint(0, 9)
;; good: import random; dice = random.randint(1, 6)
([(assignment left: (_) @name right: (_) @value)
  (keyword_argument name: (_) @name value: (_) @value)] @finding
 (#match? @name "(?i)(token|secret|passw|nonce|salt|session|cookie|otp|csrf|api_?key)")
 (#match? @value "\\brandom\\.(random|randint|randrange|choice|choices|uniform|sample|getrandbits|randbytes|triangular)\\("))

;; rule: security/python-random
;; languages: python
;; severity: info
;; cwe: CWE-330
;; tags: security crypto
;; keywords: random
;; message: {f}() can be predicted: good for simulations, not for secrets
;; fix: Use the module `secrets` for anything that somebody must not guess.
;; skip: tests
;; bad: import random; random.choice(x)
;; good: import secrets; secrets.choice(x)
((call function: (_) @f) @finding
 (#callee? @f "random.Random" "random.random" "random.randrange" "random.randint" "random.choice" "random.choices"
  "random.uniform" "random.triangular" "random.sample" "random.randbytes" "random.getrandbits"))

;; rule: security/python-temporary-name
;; languages: python
;; severity: medium
;; cwe: CWE-377
;; tags: security files
;; keywords: mktemp tempnam tmpnam
;; message: between {f}() and the open() somebody else may take the name
;; fix: Use tempfile.mkstemp() or NamedTemporaryFile().
;; bad: import tempfile; tempfile.mktemp()
;; good: import tempfile; tempfile.mkstemp()
((call function: (_) @f) @finding
 (#callee? @f "tempfile.mktemp" "os.tempnam" "os.tmpnam"))

;; rule: security/python-temporary-path
;; languages: python
;; severity: low
;; cwe: CWE-377
;; tags: security files
;; keywords: /tmp /var/tmp /dev/shm
;; message: everybody can guess this name in a folder that everybody may write to
;; fix: Use tempfile.mkstemp() or TemporaryDirectory().
;; skip: tests
;; bad: open('/tmp/abc', 'w')
;; good: open('/srv/abc', 'w')
((string) @finding (#match? @finding "^[a-zA-Z]?['\"](/tmp|/var/tmp|/dev/shm)(/|['\"]$)"))

;; rule: security/python-tls-not-verified
;; languages: python
;; severity: high
;; cwe: CWE-295
;; tags: security tls
;; keywords: verify=F verify_ssl=F ssl_verify=F verify_certs=F verify\x20= verify_ssl\x20= ssl_verify\x20= verify_certs\x20=
;; message: the certificate of the other side is not checked
;; fix: Leave verify out; name a private authority's certificate in it where there is one.
;; bad: import requests; requests.get(u, verify=False)
;; good: import requests; requests.get(u, verify="/etc/ca.pem")
((call function: (_) @f arguments: (argument_list (keyword_argument name: (identifier) @key value: (false)))) @finding
 (#any-of? @key "verify" "verify_ssl" "ssl_verify" "verify_certs")
 (#match? @f "(?i)(^|\\.)(get|post|put|delete|patch|options|head|request|send|Client|AsyncClient|Session|stream|urlopen|\\w*session\\w*)$"))

;; rule: security/python-tls-context
;; languages: python
;; severity: medium
;; cwe: CWE-295
;; tags: security tls
;; keywords: _create_unverified_context wrap_socket CERT_NONE check_hostname
;; message: {finding}: the other side is not checked
;; fix: Use ssl.create_default_context().
;; bad: import ssl; c = ssl._create_unverified_context()
;; good: import ssl; c = ssl.create_default_context()
((call function: (_) @f) @finding (#callee? @f "ssl._create_unverified_context"))
((assignment right: (attribute) @finding) (#callee? @finding "ssl._create_unverified_context"))
((assignment left: (attribute) right: (_)) @finding
 (#match? @finding "\\.(verify_mode\\s*=\\s*(ssl\\.)?CERT_NONE|check_hostname\\s*=\\s*False)$"))

;; rule: security/python-tls-old-version
;; languages: python
;; severity: high
;; cwe: CWE-327
;; tags: security tls
;; keywords: PROTOCOL_ _METHOD
;; message: {finding} is a version with known attacks
;; fix: Use ssl.create_default_context(), which takes TLS 1.2 and later.
;; bad: import ssl; x = ssl.PROTOCOL_SSLv3
;; good: import ssl; x = ssl.PROTOCOL_TLS_CLIENT
((attribute attribute: (identifier) @name) @finding
 (#any-of? @name "PROTOCOL_SSLv2" "PROTOCOL_SSLv3" "PROTOCOL_SSLv23" "PROTOCOL_TLSv1" "PROTOCOL_TLSv1_1"
  "SSLv2_METHOD" "SSLv23_METHOD" "SSLv3_METHOD" "TLSv1_METHOD" "TLSv1_1_METHOD"))

;; rule: security/python-no-timeout
;; languages: python
;; severity: low
;; cwe: CWE-400
;; tags: security availability
;; keywords: requests httpx
;; message: {f}() without a timeout may wait for ever
;; fix: Pass timeout=.
;; skip: tests
;; bad: import requests; requests.get(u)
;; bad: import requests; requests.get(u, timeout=None)
;; good: import requests; requests.get(u, timeout=5)
((call function: (_) @f arguments: (argument_list) @arguments) @finding
 (#callee? @f "requests.get" "requests.post" "requests.put" "requests.delete" "requests.patch" "requests.options" "requests.head" "requests.request")
 (#not-match? @arguments "\\btimeout\\s*=\\s*(?!None)|\\*\\*"))

;; rule: security/python-httpx-no-timeout
;; languages: python
;; severity: low
;; cwe: CWE-400
;; tags: security availability
;; keywords: httpx
;; message: timeout=None makes {f}() wait for ever
;; fix: Give a number of seconds.
;; bad: import httpx; httpx.get(u, timeout=None)
;; good: import httpx; httpx.get(u)
((call function: (_) @f arguments: (argument_list (keyword_argument name: (identifier) @key value: (none)))) @finding
 (#callee? @f "httpx.*")
 (#eq? @key "timeout"))

;; rule: security/python-bind-all
;; languages: python
;; severity: low
;; cwe: CWE-1327
;; tags: security network
;; keywords: 0.0.0.0
;; message: this listens on every network that the machine has
;; fix: Name the address that is meant.
;; skip: tests
;; bad: s.bind(('0.0.0.0', 80))
;; good: s.bind(('127.0.0.1', 80))
((string) @finding (#match? @finding "^['\"]0\\.0\\.0\\.0['\"]$"))

;; rule: security/python-sql-formatted
;; languages: python
;; severity: medium
;; cwe: CWE-89
;; tags: security injection
;; keywords: SELECT\x20 select\x20 Select\x20 INSERT\x20I insert\x20i DELETE\x20F delete\x20f UPDATE\x20 update\x20
;; message: a statement of SQL is put together with what comes from elsewhere
;; fix: Use placeholders and pass the values as parameters.
;; skip: tests
;; bad: q = "SELECT * FROM t WHERE n = '%s'" % n
;; bad: q = "SELECT * FROM t WHERE n = '" + n + "'"
;; bad: q = f"SELECT * FROM t WHERE n = '{n}'"
;; bad: q = "SELECT * FROM t WHERE n = '{}'".format(n)
;; good: q = "SELECT * FROM t WHERE n = ?"
;; good: q = "select one, %s" % n
([((binary_operator left: [(string) (concatenated_string)] @text operator: ["%" "+"] right: (_) @value) @finding (#not-literal? @value))
  ((call function: (attribute object: [(string) (concatenated_string)] @text attribute: (identifier) @m)) @finding (#any-of? @m "format" "replace"))
  ((string (interpolation)) @text @finding)]
 (#match? @text "(?i)^[a-z]*(['\"]{3}|['\"])\\s*(--[^\\n]*\\n\\s*)?(SELECT\\s.*\\bFROM\\b|DELETE\\s+FROM\\b|INSERT\\s+INTO\\b.*\\b(VALUES|SELECT)\\b|UPDATE\\s.*\\bSET\\b|WITH\\s.*\\bAS\\b.*\\bSELECT\\b)"))

;; rule: security/python-django-sql
;; languages: python
;; severity: medium
;; cwe: CWE-89
;; tags: security injection django
;; keywords: extra RawSQL
;; message: {f} puts its text into the statement as it is
;; fix: Use the query methods of the model, or pass params=.
;; bad: from django.db.models.expressions import RawSQL; RawSQL("a %s" % x, [])
;; good: from django.db.models.expressions import RawSQL; RawSQL("a %s", [x])
((call function: (_) @f arguments: (argument_list . (_) @text)) @finding
 (#callee? @f "django.db.models.expressions.RawSQL")
 (#not-literal? @text))
((call function: (attribute attribute: (identifier) @f)
   arguments: (argument_list (keyword_argument name: (identifier) @key value: (_) @value))) @finding
 (#eq? @f "extra")
 (#any-of? @key "select" "where" "tables")
 (#not-literal? @value))

;; rule: security/python-xml
;; languages: python
;; severity: low
;; cwe: CWE-611 CWE-776
;; tags: security xml
;; keywords: ElementTree sax minidom pulldom expatbuilder lxml xmlrpc
;; message: {f}() expands entities: a small document can fill the memory or read files
;; fix: Use the package defusedxml for documents from outside.
;; skip: tests
;; bad: import xml.etree.ElementTree as ET; ET.parse(x)
;; good: import defusedxml.ElementTree as ET; ET.parse(x)
((call function: (_) @f) @finding
 (#callee? @f "xml.etree.ElementTree.parse" "xml.etree.ElementTree.iterparse" "xml.etree.ElementTree.fromstring"
  "xml.etree.ElementTree.XMLParser" "xml.etree.cElementTree.parse" "xml.etree.cElementTree.iterparse"
  "xml.etree.cElementTree.fromstring" "xml.etree.cElementTree.XMLParser" "xml.sax.parse" "xml.sax.parseString"
  "xml.sax.make_parser" "xml.sax.expatreader.create_parser" "xml.dom.expatbuilder.parse*" "xml.dom.minidom.parse*"
  "xml.dom.pulldom.parse*" "lxml.etree.parse" "lxml.etree.fromstring" "xmlrpclib.*" "xmlrpc.server.*"))

;; rule: security/python-cleartext-protocol
;; languages: python
;; severity: medium
;; cwe: CWE-319
;; tags: security network
;; keywords: telnetlib ftplib
;; message: {f}() sends passwords and data as readable text
;; fix: Use SSH or SFTP, or ftplib.FTP_TLS.
;; bad: import telnetlib; telnetlib.Telnet(h)
;; good: import ftplib; ftplib.FTP_TLS(h)
((call function: (_) @f) @finding
 (#callee? @f "telnetlib.Telnet*" "ftplib.FTP"))

;; rule: security/python-url-open
;; languages: python
;; severity: low
;; cwe: CWE-22
;; tags: security network
;; keywords: urlopen urlretrieve URLopener
;; message: {f}() also opens file: addresses
;; fix: Check that the address begins with https:.
;; skip: tests
;; bad: import urllib.request; urllib.request.urlopen(u)
;; good: import urllib.request; urllib.request.urlopen("https://example.org/")
((call function: (_) @f arguments: (argument_list . (_) @url)) @finding
 (#callee? @f "six.moves.urllib.request.url*" "six.moves.urllib.request.FancyURLopener" "six.moves.urllib.request.URLopener" "urllib.request.urlopen" "urllib.request.urlretrieve" "urllib.urlopen" "urllib.urlretrieve" "urllib2.urlopen" "urllib.request.URLopener" "urllib.request.FancyURLopener" "urllib.URLopener" "urllib.FancyURLopener")
 (#not-match? @url "^['\"]https?:"))

;; rule: security/python-ssh-any-host
;; languages: python
;; severity: high
;; cwe: CWE-295
;; tags: security ssh
;; keywords: set_missing_host_key_policy
;; message: the key of the other host is not checked
;; fix: Load the known hosts and keep paramiko.RejectPolicy.
;; bad: c.set_missing_host_key_policy(paramiko.AutoAddPolicy)
;; good: c.set_missing_host_key_policy(paramiko.RejectPolicy)
((call function: (attribute attribute: (identifier) @f) arguments: (argument_list . (_) @policy)) @finding
 (#eq? @f "set_missing_host_key_policy")
 (#match? @policy "(AutoAdd|Warning)Policy"))

;; rule: security/python-ssh-command
;; languages: python
;; severity: low
;; cwe: CWE-78
;; tags: security injection
;; keywords: paramiko
;; message: exec_command() hands its text to the other side's shell
;; fix: Quote every argument with shlex.quote().
;; bad: import paramiko; c.exec_command("ls " + d)
;; good: import paramiko; c.exec_command("ls")
((call function: (attribute attribute: (identifier) @f) arguments: (argument_list . (_) @command)) @finding
 (#any-of? @f "exec_command" "invoke_shell")
 (#not-literal? @command))

;; rule: security/python-jinja-unescaped
;; languages: python
;; severity: medium
;; cwe: CWE-79 CWE-94
;; tags: security injection
;; keywords: Environment
;; message: this environment puts values into pages without escaping them
;; fix: Pass autoescape=select_autoescape().
;; bad: import jinja2; jinja2.Environment(loader=l)
;; bad: import jinja2; jinja2.Environment(autoescape=False)
;; good: import jinja2; jinja2.Environment(autoescape=True)
((call function: (_) @f arguments: (argument_list) @arguments) @finding
 (#callee? @f "jinja2.Environment" "jinja2.environment.Environment")
 (#not-match? @arguments "autoescape\\s*=\\s*(True|[\\w.]*select_autoescape\\()"))

;; rule: security/python-mako
;; languages: python
;; severity: low
;; cwe: CWE-79
;; tags: security injection
;; keywords: mako
;; message: Mako escapes nothing by itself
;; fix: Pass default_filters=["h"].
;; bad: from mako.template import Template; Template("x")
;; good: from mako.template import Template; Template("x", default_filters=["h"])
((call function: (_) @f arguments: (argument_list) @arguments) @finding
 (#callee? @f "mako.template.Template")
 (#not-match? @arguments "default_filters"))

;; rule: security/python-marked-safe
;; languages: python
;; severity: medium
;; cwe: CWE-79
;; tags: security injection
;; keywords: mark_safe Markup SafeString SafeText
;; message: {f}() says that this text needs no escaping
;; fix: Use format_html(), or escape the parts first.
;; bad: from django.utils.safestring import mark_safe; mark_safe(x)
;; good: from django.utils.safestring import mark_safe; mark_safe("<b>x</b>")
((call function: (_) @f arguments: (argument_list . (_) @text)) @finding
 (#callee? @f "django.utils.safestring.mark_safe" "django.utils.safestring.SafeText" "django.utils.safestring.SafeString"
  "markupsafe.Markup" "flask.Markup" "markupsafe.Markup.unescape" "jinja2.Markup")
 (#not-literal? @text))

;; rule: security/python-flask-debug
;; languages: python
;; severity: high
;; cwe: CWE-94
;; tags: security web
;; keywords: debug
;; message: the debugger of Flask lets a visitor run code
;; fix: Leave debug=True out; turn it on by the environment while developing.
;; bad: app.run(debug=True)
;; good: app.run(debug=False)
((call function: (attribute attribute: (identifier) @f) arguments: (argument_list (keyword_argument name: (identifier) @key value: (true)))) @finding
 (#eq? @f "run")
 (#eq? @key "debug"))

;; rule: security/python-open-mode
;; languages: python
;; severity: medium
;; cwe: CWE-732
;; tags: security files
;; keywords: chmod
;; message: {f}() with {mode} lets others write or run it
;; fix: Take away what others do not need: 0o755 for folders and programs, 0o644 for files.
;; skip: tests
;; bad: import os; os.chmod('/etc/passwd', 0o777)
;; good: import os; os.chmod('x', 0o644)
((call function: (_) @f arguments: (argument_list . (_) . [(integer) (identifier) (attribute) (binary_operator)] @mode)) @finding
 (#callee? @f "os.chmod" "os.fchmod" "os.lchmod")
 (#match? @mode "^0o?[0-7]*([2367][0-7]|[0-7][2367])$|^0x1ff$|^511$|S_I(W|X|RWX)(GRP|OTH|G|O)\\b|S_IRWX[GO]"))

;; rule: security/python-tar-extract
;; languages: python
;; severity: medium
;; cwe: CWE-22
;; tags: security files
;; keywords: extractall
;; message: a member of the archive may name a path outside the folder
;; fix: Pass filter="data".
;; skip: tests
;; bad: import tarfile; tarfile.open(x).extractall()
;; good: import tarfile; tarfile.open(x).extractall(filter="data")
((call function: (attribute attribute: (identifier) @f) arguments: (argument_list) @arguments) @finding
 (#any-of? @f "extractall")
 (#not-match? @arguments "filter\\s*=\\s*['\"](data|tar)|members\\s*=\\s*\\w+\\s*\\("))

;; rule: security/python-hidden-direction
;; keywords: \xe2\x80\xaa \xe2\x80\xab \xe2\x80\xac \xe2\x80\xad \xe2\x80\xae \xe2\x81\xa6 \xe2\x81\xa7 \xe2\x81\xa8 \xe2\x81\xa9
;; languages: python
;; severity: high
;; cwe: CWE-1007
;; tags: security trojan-source
;; message: characters here change the writing direction: the code is not what it looks like
;; fix: Remove the invisible characters, or write them as escapes.
((string) @finding (#match? @finding "\\xe2(\\x80[\\xaa-\\xae]|\\x81[\\xa6-\\xa9])"))

;; rule: security/python-assert
;; languages: python
;; severity: info
;; cwe: CWE-703
;; tags: security
;; keywords: assert
;; message: an assert is gone when Python runs with -O
;; fix: Raise an exception where the check must always happen.
;; skip: tests
;; bad: assert user.is_admin
;; good: raise PermissionError
((assert_statement) @finding)

;; rule: bugs/python-bare-except
;; languages: python
;; severity: low
;; cwe: CWE-396
;; tags: bug
;; keywords: except: except\x20:
;; message: `except:` also catches Ctrl-C and the end of the program
;; fix: Name the exceptions that are expected, or at least `except Exception:`.
;; bad: try:
;;|     f()
;;| except:
;;|     g()
;; good: try:
;;|     f()
;;| except ValueError:
;;|     g()
((except_clause "except" . ":") @finding)

;; rule: bugs/python-swallowed-exception
;; languages: python
;; severity: low
;; cwe: CWE-390
;; tags: bug
;; keywords: except: Exception
;; message: an error of any kind is thrown away here
;; fix: Name the exceptions that are expected, or record what happened.
;; bad: try:
;;|     f()
;;| except Exception:
;;|     pass
;; bad: for i in x:
;;|     try:
;;|         f()
;;|     except:
;;|         continue
;; good: try:
;;|     f()
;;| except ValueError:
;;|     pass
((except_clause (block . [(pass_statement) (continue_statement)] .)) @finding
 (#match? @finding "^except\\s*(:|\\(?(Base)?Exception\\)?(\\s+as\\s+\\w+|\\s*,\\s*\\w+)?\\s*:)"))

;; rule: bugs/python-mutable-default
;; languages: python
;; severity: medium
;; cwe: CWE-665
;; tags: bug
;; keywords: =[ ={ =\x20[ =\x20{
;; message: this default is made once and shared by all calls
;; fix: Use None and make the object inside the function.
;; bad: def f(a=[]):
;;|     a.append(1)
;; good: def f(a=None):
;;|     return a
([(default_parameter value: [(list) (dictionary) (set)] @finding)
  (typed_default_parameter value: [(list) (dictionary) (set)] @finding)])

;; rule: bugs/python-is-literal
;; languages: python
;; severity: medium
;; cwe: CWE-597
;; tags: bug
;; keywords: \x20is\x20
;; message: `is` asks for the same object, not for the same value
;; fix: Use ==.
;; bad: if 'a' is x:
;;|     f()
;; bad: if x is 1:
;;|     f()
;; good: if x is None:
;;|     f()
;; good: if x == 1:
;;|     f()
((comparison_operator [(string) (integer) (float) (tuple)] ["is" "is not"]) @finding)
((comparison_operator ["is" "is not"] . [(string) (integer) (float) (tuple)]) @finding)
