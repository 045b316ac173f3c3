/* SPDX-License-Identifier: Apache-2.0 */
#include "scan/value.h"

#include "scan/words.h"

#include <ctype.h>

/* Parts that people put into any value to say that it is none. Compared without case. */
static const struct span placeholders[] = {
        SPAN("example"),  SPAN("placeholder"), SPAN("changeme"),   SPAN("replace"),
        SPAN("redacted"), SPAN("dummy"),       SPAN("your_"),      SPAN("your-"),
        SPAN("yourpass"), SPAN("yourtoken"),   SPAN("yoursecret"), SPAN("yourkey"),
        SPAN("yourapi"),  SPAN("xxxx"),        SPAN("****"),       SPAN("...."),
        SPAN("insert_"),  SPAN("insert-"),     SPAN("removed"),    SPAN("masked"),
        SPAN("censored"), SPAN("sanitized"),   SPAN("not_a_real"), SPAN("notreal"),
};

/* And those that a token of a known form could hold by chance, or in a test of that form. */
static const struct span stand_ins[] = {
        SPAN("change_me"),       SPAN("change-me"),   SPAN("changeit"),   SPAN("____"),
        SPAN("omitted"),         SPAN("fixme"),       SPAN("<secret"),    SPAN("<password"),
        SPAN("lorem"),           SPAN("foobar"),      SPAN("my_secret"),  SPAN("my-secret"),
        SPAN("mysecret"),        SPAN("my_password"), SPAN("mypassword"), SPAN("my-password"),
        SPAN("secret_key_here"), SPAN("_here"),       SPAN("-here"),      SPAN("somepassword"),
        SPAN("some-password"),   SPAN("123456789"),   SPAN("0123456789"), SPAN("abcdefghij"),
        SPAN("deadbeef"),        SPAN("000000000"),   SPAN("qwertyuiop"),
};

/* Whole values that are none, or that everybody has: the words themselves. */
static const struct span plain_words[] = {
        SPAN("password"), SPAN("passwd"),   SPAN("pass"),     SPAN("pwd"),       SPAN("secret"),
        SPAN("token"),    SPAN("key"),      SPAN("apikey"),   SPAN("none"),      SPAN("null"),
        SPAN("nil"),      SPAN("true"),     SPAN("false"),    SPAN("undefined"), SPAN("test"),
        SPAN("testing"),  SPAN("default"),  SPAN("empty"),    SPAN("string"),    SPAN("unset"),
        SPAN("unknown"),  SPAN("required"), SPAN("optional"), SPAN("disabled"),  SPAN("enabled"),
        SPAN("public"),   SPAN("private"),  SPAN("basic"),    SPAN("bearer"),    SPAN("admin"),
        SPAN("user"),     SPAN("username"), SPAN("root"),     SPAN("guest"),     SPAN("no"),
        SPAN("yes"),      SPAN("n/a"),      SPAN("na"),       SPAN("prompt"),    SPAN("hidden"),
        SPAN("foo"),      SPAN("bar"),      SPAN("baz"),      SPAN("abc"),       SPAN("abcdef"),
        SPAN("123"),      SPAN("asdf"),     SPAN("qwerty"),   SPAN("function"),  SPAN("object"),
        SPAN("text"),     SPAN("value"),    SPAN("fake"),     SPAN("sample"),    SPAN("demo"),
        SPAN("postgres"), SPAN("int"),      SPAN("char"),     SPAN("void"),      SPAN("self"),
        SPAN("this"),     SPAN("const"),    SPAN("static"),   SPAN("return"),
};

static bool same_text(const char *a, const char *b, size_t n)
{
        for (size_t i = 0; i < n; i++)
                if (tolower((unsigned char) a[i]) != b[i])
                        return false;
        return true;
}

static bool contains_any(struct span v, const struct span *parts, size_t n)
{
        for (size_t at = 0; at < v.length; at++) {
                char first = (char) tolower((unsigned char) v.text[at]);

                for (size_t i = 0; i < n; i++)
                        if (*parts[i].text == first && parts[i].length <= v.length - at &&
                            same_text(v.text + at, parts[i].text, parts[i].length))
                                return true;
        }
        return false;
}

static bool begins(struct span v, struct span head)
{
        return v.length >= head.length && !memcmp(v.text, head.text, head.length);
}

static bool is_plain_word(struct span v)
{
        for (size_t i = 0; i < ARRAY_SIZE(plain_words); i++)
                if (plain_words[i].length == v.length &&
                    same_text(v.text, plain_words[i].text, v.length))
                        return true;
        return false;
}

/* At most two different bytes, or one of them in nine out of ten places. */
static bool is_monotone(struct span v)
{
        unsigned counts[256] = { 0 }, kinds = 0, most = 0;

        for (size_t i = 0; i < v.length; i++) {
                unsigned n = ++counts[(unsigned char) v.text[i]];

                kinds += n == 1;
                most = MAX_OF(most, n);
        }
        return (kinds <= 2 && v.length > 3) || most * 10 >= v.length * 9;
}

/* <token>, [token], {token}, %token% */
static bool is_bracketed(struct span v)
{
        static const char pairs[] = "<>[]{}%%";

        for (const char *p = pairs; *p; p += 2)
                if (v.length >= 2 && v.text[0] == p[0] && v.text[v.length - 1] == p[1])
                        return true;
        return false;
}

/* "sk_live_<your key>": a part in angle brackets that begins with a letter. */
static bool has_bracketed(struct span v)
{
        const char *open = memchr(v.text, '<', v.length);
        size_t left = open ? v.length - (size_t) (open - v.text) : 0;

        return left > 2 && isalpha((unsigned char) open[1]) && memchr(open, '>', left);
}

static bool has_letter_or_digit(struct span v)
{
        for (size_t i = 0; i < v.length; i++)
                if (isalnum((unsigned char) v.text[i]))
                        return true;
        return false;
}

/* "4/0ATsMZqD...": the rest was left out. */
static bool is_cut_short(struct span v)
{
        static const struct span ends[] = { SPAN("..."), SPAN("\xe2\x80\xa6") };

        for (size_t i = 0; i < ARRAY_SIZE(ends); i++)
                if (v.length > ends[i].length &&
                    !memcmp(v.text + v.length - ends[i].length, ends[i].text, ends[i].length))
                        return true;
        return false;
}

/* "YourBase64Token": speaks to its reader. */
static bool is_addressed(struct span v)
{
        return v.length > 5 && same_text(v.text, "your", 4) &&
               (isupper((unsigned char) v.text[4]) || strchr("-_ .", v.text[4]));
}

bool value_is_placeholder(struct span v)
{
        return !has_letter_or_digit(v) || is_cut_short(v) || is_addressed(v) || has_bracketed(v) ||
               is_monotone(v) || is_bracketed(v) ||
               contains_any(v, placeholders, ARRAY_SIZE(placeholders));
}

/* 1.2.840.113549: a version, an address, an object identifier. */
static bool is_dotted_number(struct span v)
{
        for (size_t i = 0; i < v.length; i++)
                if (!isdigit((unsigned char) v.text[i]) && v.text[i] != '.')
                        return false;
        return memchr(v.text, '.', v.length) != NULL;
}

bool value_is_stand_in(struct span v)
{
        return is_plain_word(v) || value_is_ramp(v) || is_dotted_number(v) ||
               contains_any(v, stand_ins, ARRAY_SIZE(stand_ins));
}

bool value_is_plain_name(struct span v)
{
        while (v.length > 1 && isdigit((unsigned char) v.text[v.length - 1]))
                v.length--;
        for (size_t i = 0; i < v.length; i++)
                if (!islower((unsigned char) v.text[i]) && !strchr("_-.", v.text[i]))
                        return false;
        return v.length > 0;
}

static int hex_digit(char c)
{
        return isdigit((unsigned char) c)    ? c - '0'
               : isxdigit((unsigned char) c) ? tolower((unsigned char) c) - 'a' + 10
                                             : -1;
}

/* Do nearly all neighbours differ by the same, which is not nothing? */
static bool is_even(const unsigned char *bytes, size_t n)
{
        unsigned char step = (unsigned char) (bytes[1] - bytes[0]);
        size_t same = 0;

        for (size_t i = 0; i + 1 < n; i++)
                same += (unsigned char) (bytes[i + 1] - bytes[i]) == step;
        return step != 0 && same * 10 >= (n - 1) * 9;
}

bool value_is_ramp(struct span v)
{
        unsigned char bytes[64];
        size_t n = 0;

        for (size_t i = 0; i + 1 < v.length && n < sizeof(bytes); i += 2) {
                int high = hex_digit(v.text[i]), low = hex_digit(v.text[i + 1]);

                if (high < 0 || low < 0)
                        break;
                bytes[n++] = (unsigned char) (high << 4 | low);
        }
        if (n >= 6 && (n == sizeof(bytes) || 2 * n + 1 >= v.length) && is_even(bytes, n))
                return true;
        return v.length >= 8 && is_even((const unsigned char *) v.text, v.length);
}

bool value_is_counted(struct span v)
{
        size_t steps = 0;

        for (size_t i = 0; i + 1 < v.length; i++)
                steps += isalnum((unsigned char) v.text[i]) &&
                         tolower((unsigned char) v.text[i + 1]) ==
                                 tolower((unsigned char) v.text[i]) + 1;
        return v.length >= 16 && steps * 5 >= v.length * 2;
}

static int base64_digit(char c)
{
        static const char digits[] =
                "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        const char *at = c ? strchr(digits, c == '-' ? '+' : c == '_' ? '/' : c) : NULL;

        return at ? (int) (at - digits) : -1;
}

#define DECODED_MAX 256

/* Text behind base64; empty where it is none, or is no text. */
static struct span base64_text(struct span v, char room[DECODED_MAX])
{
        uint32_t bits = 0;
        unsigned have = 0;
        size_t n = 0;

        for (size_t i = 0; i < v.length && v.text[i] != '=' && n < DECODED_MAX; i++) {
                int digit = base64_digit(v.text[i]);

                if (digit < 0)
                        return (struct span){ room, 0 };
                bits = bits << 6 | (uint32_t) digit;
                have += 6;
                if (have < 8)
                        continue;
                have -= 8;
                room[n] = (char) (bits >> have);
                if (room[n] < 0x20 || room[n] == 0x7f)
                        return (struct span){ room, 0 };
                n++;
        }
        return (struct span){ room, n };
}

/* The content of a DER sequence; the length is only skipped, as the text may be cut. */
static const unsigned char *in_sequence(const unsigned char *p, const unsigned char *end)
{
        if (end - p < 6 || p[0] != 0x30)
                return NULL;
        return p + 2 + (p[1] > 0x80 && p[1] <= 0x83 ? p[1] - 0x80 : 0);
}

bool value_is_public_key(struct span v)
{
        /* PKCS #5: an encrypted private key begins like a public one. */
        static const unsigned char encrypted[] = { 0x06, 0x09, 0x2a, 0x86, 0x48,
                                                   0x86, 0xf7, 0x0d, 0x01, 0x05 };
        unsigned char der[24];
        const unsigned char *p;
        uint32_t bits = 0;
        size_t n = 0;

        if (begins(v, (struct span) SPAN("AAAAB3NzaC1")) ||
            begins(v, (struct span) SPAN("AAAAC3NzaC1lZDI1")) ||
            begins(v, (struct span) SPAN("AAAAE2VjZHNhLXNoYTIt")))
                return true;
        if (v.length < 56 || v.text[0] != 'M')
                return false;
        for (size_t i = 0; i < 4 * sizeof(der) / 3; i++) {
                int digit = base64_digit(v.text[i]);

                if (digit < 0)
                        return false;
                bits = bits << 6 | (uint32_t) digit;
                if (i % 4 == 3) {
                        der[n++] = (unsigned char) (bits >> 16);
                        der[n++] = (unsigned char) (bits >> 8);
                        der[n++] = (unsigned char) bits;
                }
        }
        p = in_sequence(der, der + n);
        p = p ? in_sequence(p, der + n) : NULL;
        return p && memcmp(p, encrypted, MIN_OF(sizeof(encrypted), (size_t) (der + n - p))) != 0;
}

/* A word that is none, "user:password" with such a password; or a text that says what it is. */
static bool is_stand_in_text(struct span text)
{
        static const struct span words[] = { SPAN("example"), SPAN("sample"), SPAN("placeholder"),
                                             SPAN("dummy") };
        const char *colon = memchr(text.text, ':', text.length);
        struct span password = text;

        if (colon) {
                password.text = colon + 1;
                password.length = text.length - (size_t) (colon + 1 - text.text);
        }
        if (password.length > 0 && (is_plain_word(password) ||
                                    contains_any(password, placeholders, ARRAY_SIZE(placeholders))))
                return true;
        return contains_any(text, words, ARRAY_SIZE(words));
}

bool value_is_encoded_stand_in(struct span v)
{
        char room[DECODED_MAX];

        /* The parts of a token are encoded each for itself. */
        while (v.length > 0) {
                const char *dot = memchr(v.text, '.', v.length);
                size_t n = dot ? (size_t) (dot - v.text) : v.length;
                struct span text = base64_text((struct span){ v.text, n }, room);

                if (text.length >= 4 && is_stand_in_text(text))
                        return true;
                n += dot != NULL;
                v.text += n;
                v.length -= n;
        }
        return false;
}

/* Up to `close`, and nothing in it that a name, a call or a filter would not have? */
static bool is_closed(const char *p, const char *end, const char *close)
{
        const char *to = memmem(p, (size_t) (end - p), close, strlen(close));

        if (!to || to == p)
                return false;
        for (; p < to; p++)
                if (!isalnum((unsigned char) *p) && !strchr(" _.-:?+*/|$@#,'\"()[]=!~^", *p))
                        return false;
        return true;
}

/* A whole ${NAME}, {{ NAME }} or $(command) somewhere in the value? */
static bool holds_reference(struct span v)
{
        static const char *const pairs[][2] = {
                { "${", "}" }, { "{{", "}}" }, { "$(", ")" }, { "#{", "}" }
        };
        const char *end = v.text + v.length;

        for (size_t i = 0; i < ARRAY_SIZE(pairs); i++)
                for (const char *p = v.text; (p = memmem(p, (size_t) (end - p), pairs[i][0], 2));
                     p++)
                        if (is_closed(p + 2, end, pairs[i][1]))
                                return true;
        return false;
}

/* "cert://store/7f…": a place by its scheme, and nobody's login in it. */
static bool is_place(struct span v)
{
        const char *scheme = memmem(v.text, v.length, "://", 3);

        if (!scheme || scheme == v.text || memchr(v.text, '@', v.length))
                return false;
        for (const char *p = v.text; p < scheme; p++)
                if (!islower((unsigned char) *p) && !isdigit((unsigned char) *p) && *p != '+')
                        return false;
        return true;
}

/* "certs/server.pem": a file below a folder. */
static bool is_key_file(struct span v)
{
        static const struct span ends[] = {
                SPAN(".pem"), SPAN(".key"), SPAN(".crt"), SPAN(".cer"),
                SPAN(".p12"), SPAN(".pub"), SPAN(".jks"), SPAN(".pfx")
        };

        for (size_t i = 0; i < ARRAY_SIZE(ends); i++)
                if (v.length > ends[i].length && memchr(v.text, '/', v.length) &&
                    same_text(v.text + v.length - ends[i].length, ends[i].text, ends[i].length))
                        return true;
        return false;
}

bool value_is_reference(struct span v)
{
        static const struct span heads[] = {
                SPAN("${"),      SPAN("$("),          SPAN("{{"),         SPAN("%("),
                SPAN("#{"),      SPAN("@{"),          SPAN("<%"),         SPAN("$ENV"),
                SPAN("env."),    SPAN("process.env"), SPAN("os.environ"), SPAN("secrets."),
                SPAN("vault:"),  SPAN("arn:aws:"),    SPAN("!Ref"),       SPAN("!Sub"),
                SPAN("!vault"),  SPAN("ref+"),        SPAN("sm://"),      SPAN("file:"),
                SPAN("/"),       SPAN("./"),          SPAN("../"),        SPAN("~/"),
                SPAN("http://"), SPAN("https://"),    SPAN("urn:"),       SPAN("op://"),
                SPAN("$env:"),   SPAN("http%3A"),     SPAN("https%3A")
        };

        for (size_t i = 0; i < ARRAY_SIZE(heads); i++)
                if (begins(v, heads[i]))
                        return true;
        /* $NAME and $1: a variable of a shell or a template. */
        if (v.length > 1 && v.text[0] == '$') {
                size_t i = 1;

                while (i < v.length && (isalnum((unsigned char) v.text[i]) || v.text[i] == '_'))
                        i++;
                return i == v.length && !(i > 3 && v.text[2] == '$');
        }
        return is_place(v) || is_key_file(v) || holds_reference(v);
}

unsigned value_classes(struct span v)
{
        unsigned seen = 0;

        for (size_t i = 0; i < v.length; i++) {
                unsigned char c = (unsigned char) v.text[i];

                seen |= islower(c) ? 1u : isupper(c) ? 2u : isdigit(c) ? 4u : 8u;
        }
        return (unsigned) __builtin_popcount(seen);
}

bool value_is_unpronounceable(struct span v)
{
        struct words w = words_count(v);

        return w.triples >= 4 && w.rare * 4 >= w.triples;
}

/* Digits inside a word: "b64d2" has more changes between letters and digits than "sha256" or "v2".
 */
static unsigned digit_changes(struct span v)
{
        unsigned n = 0;

        for (size_t i = 0; i + 1 < v.length; i++) {
                bool a = isdigit((unsigned char) v.text[i]),
                     b = isdigit((unsigned char) v.text[i + 1]);
                bool letters = isalpha((unsigned char) v.text[i]) ||
                               isalpha((unsigned char) v.text[i + 1]);

                n += a != b && letters;
        }
        return n;
}

/* Capitals inside words: "getUserIdByKey" has fewer than "vCCcAgRiGnSK". */
static unsigned humps(struct span v)
{
        unsigned n = 0;

        for (size_t i = 0; i + 1 < v.length; i++)
                n += islower((unsigned char) v.text[i]) && isupper((unsigned char) v.text[i + 1]);
        return n;
}

/* \( \{ \< \s \d \w: what only patterns have. */
static bool has_escaped_sign(struct span v)
{
        for (size_t i = 0; i + 1 < v.length; i++)
                if (v.text[i] == '\\' && v.text[i + 1] &&
                    strchr("({[<>|.$+*?sdwSDW", v.text[i + 1]))
                        return true;
        return false;
}

/* A pattern that values are held against: a password's rule, say. */
static bool is_pattern(struct span v)
{
        return v.text[0] == '^' || memmem(v.text, v.length, "(?", 2) ||
               memmem(v.text, v.length, "-z]", 3) || memmem(v.text, v.length, "-Z]", 3) ||
               has_escaped_sign(v);
}

bool value_is_gibberish(struct span v)
{
        static const char signs[] = "!#$%^&*(){}[]<>?~|;@+=";
        uint32_t seen = 0;

        for (size_t i = 0; i < v.length; i++) {
                const char *at = v.text[i] ? strchr(signs, v.text[i]) : NULL;

                seen |= at ? 1u << (at - signs) : 0;
        }
        return v.length >= 8 && __builtin_popcount(seen) >= 4 && !is_pattern(v);
}

/* A run of digits that begins with one, as far as it goes. */
static size_t digits_at(struct span v, size_t at)
{
        size_t n = 0;

        while (at + n < v.length && isdigit((unsigned char) v.text[at + n]))
                n++;
        return n;
}

bool value_is_version(struct span v)
{
        size_t at = 0, n, numbers = 0;

        while (at < v.length && strchr("^~<>=", v.text[at]))
                at++;
        at += at < v.length && v.text[at] == 'v';
        while ((n = digits_at(v, at)) > 0 && n <= 5) {
                numbers++;
                at += n;
                if (at == v.length || v.text[at] != '.')
                        break;
                at++;
        }
        /* "-rc.1" and "+build" follow; anything else would be no version. */
        return numbers >= 2 && (at == v.length ||
                                (numbers == 3 && strchr("-+", v.text[at]) && v.length - at <= 16));
}

bool value_is_media_type(struct span v)
{
        static const struct span kinds[] = {
                SPAN("application/"), SPAN("audio/"),     SPAN("font/"), SPAN("image/"),
                SPAN("message/"),     SPAN("multipart/"), SPAN("text/"), SPAN("video/"),
        };
        struct span rest = v;

        for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
                if (begins(v, kinds[i])) {
                        rest.text += kinds[i].length;
                        rest.length -= kinds[i].length;
                }
        for (size_t i = 0; i < rest.length; i++)
                if (!isalnum((unsigned char) rest.text[i]) && !strchr("-+._", rest.text[i]))
                        return false;
        return rest.length > 0 && rest.length < v.length;
}

bool value_is_member(struct span v)
{
        size_t joints = 0, letters = 0;
        bool is_upper = true;

        for (size_t i = 0; i < v.length; i++) {
                unsigned char c = (unsigned char) v.text[i];

                if (isdigit(c) && (i == 0 || !isalpha((unsigned char) v.text[i - 1])))
                        return false;
                if (!isalnum(c) && !strchr("@_-./#", c))
                        return false;
                is_upper = is_upper && !islower(c);
                joints += c == '.' || c == '/' || c == '#' || c == '_';
                letters += isalpha(c) != 0;
        }
        if (digit_changes(v) > 2 || letters * 5 < v.length * 4)
                return false;
        return is_upper ? joints > 0 : joints > 0 && humps(v) * 4 <= v.length;
}

bool value_is_foreign_text(struct span v)
{
        size_t foreign = 0, digits = 0;

        for (size_t i = 0; i < v.length; i++) {
                bool is_escape = i + 5 < v.length && v.text[i] == '\\' && v.text[i + 1] == 'u';

                foreign += is_escape ? 6 : (unsigned char) v.text[i] >= 0x80;
                digits += isdigit((unsigned char) v.text[i]) != 0;
                i += is_escape ? 5 : 0;
        }
        return foreign * 2 >= v.length || (foreign >= 2 && digits == 0 && !value_is_gibberish(v));
}

/* Where a string ends in a program: a call, a list, a statement, a joint. */
bool value_is_between_strings(struct span v)
{
        static const char *const parts[] = { ");", "){", "()", "}}", "=>", "&&", "||", "={", ":{" };

        if (v.length < 4 || !strchr(",)+;]}", v.text[0]))
                return false;
        for (size_t i = 0; i < ARRAY_SIZE(parts); i++)
                if (memmem(v.text, v.length, parts[i], strlen(parts[i])))
                        return true;
        /* +(this.parser.name(it */
        for (size_t i = 2; i < v.length; i++)
                if (v.text[i] == '(' && isalpha((unsigned char) v.text[i - 1]) &&
                    memchr(v.text, '.', i))
                        return true;
        return false;
}

bool value_is_words(struct span v)
{
        struct words w;

        if (humps(v) * 3 > v.length || digit_changes(v) > 1 + v.length / 12)
                return false;
        w = words_count(v);
        /* Mostly digits or signs: no words. */
        if (w.pairs * 3 < v.length)
                return false;
        return w.rare * 5 <= w.triples;
}
