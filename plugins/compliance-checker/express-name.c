/* SPDX-License-Identifier: Apache-2.0 */
#include "express-name.h"

#include "server/span.h"

#define DEPTH_MAX 16 /* of what is wrapped around a name */

static enum express_module module_named(struct span path)
{
        if (span_is(path, "express"))
                return MODULE_EXPRESS;
        if (span_is(path, "helmet"))
                return MODULE_HELMET;
        return span_starts(path, "./") || span_starts(path, "../") ? MODULE_OWN : MODULE_NONE;
}

static void add(struct express_names *names, struct express_name name)
{
        if (names->n < EXPRESS_NAMES_MAX && name.name.length)
                names->list[names->n++] = name;
}

static const struct express_name *find(const struct express_names *names, struct span name)
{
        for (size_t i = names->n; i-- > 0;)
                if (names->list[i].name.length == name.length &&
                    !memcmp(names->list[i].name.text, name.text, name.length))
                        return &names->list[i];
        return NULL;
}

TSNode express_bare(TSNode node)
{
        static const char *const around[] = { "parenthesized_expression", "as_expression",
                                              "satisfies_expression", "non_null_expression",
                                              "await_expression" };

        for (unsigned depth = 0; depth < DEPTH_MAX; depth++) {
                bool is_around = false;

                for (size_t i = 0; i < ARRAY_SIZE(around); i++)
                        is_around |= syntax_is(node, around[i]);
                if (!is_around)
                        break;
                node = ts_node_named_child(node, 0);
        }
        return node;
}

/* ---- Loading ---- */

/* The helpers that TypeScript and Babel put around require(). */
static bool is_helper(struct span name)
{
        static const char *const helpers[] = { "__importDefault", "__importStar",
                                               "_interopRequireDefault",
                                               "_interopRequireWildcard" };

        for (size_t i = 0; i < ARRAY_SIZE(helpers); i++)
                if (span_is(name, helpers[i]) ||
                    (span_ends(name, helpers[i]) && span_has_char(name, '.')))
                        return true;
        return false;
}

bool express_loads(const struct syntax *s, TSNode node, struct span *ret_path)
{
        TSNode call = express_bare(node);

        if (syntax_is(node, "import_statement") || syntax_is(node, "export_statement") ||
            syntax_is(node, "import_require_clause"))
                return syntax_string(s, syntax_field(node, "source"), ret_path);
        for (unsigned depth = 0; depth < DEPTH_MAX && syntax_is(call, "call_expression"); depth++) {
                struct span name = syntax_text(s, syntax_field(call, "function"));
                TSNode argument = ts_node_named_child(syntax_field(call, "arguments"), 0);

                if (span_is(name, "require") || span_is(name, "import"))
                        return syntax_string(s, argument, ret_path);
                if (!is_helper(name))
                        return false;
                call = express_bare(argument);
        }
        return false;
}

/* ---- Names ---- */

/* { hsts, frameguard as guard } of an import. */
static void learn_imports(struct express_names *names, const struct syntax *s, TSNode list,
                          enum express_module module)
{
        for (uint32_t i = 0; i < ts_node_named_child_count(list); i++) {
                TSNode one = ts_node_named_child(list, i), alias = syntax_field(one, "alias");
                struct span part = syntax_text(s, syntax_field(one, "name"));
                bool is_whole = span_is(part, "default") || module == MODULE_OWN;

                if (!syntax_is(one, "import_specifier") || (module == MODULE_EXPRESS && !is_whole))
                        continue;
                add(names, (struct express_name){
                                   .name = ts_node_is_null(alias) ? part : syntax_text(s, alias),
                                   .module = is_whole ? module : MODULE_HELMET_PART,
                                   .part = part });
        }
}

static void learn_clause(struct express_names *names, const struct syntax *s, TSNode clause,
                         enum express_module module)
{
        for (uint32_t i = 0; i < ts_node_named_child_count(clause); i++) {
                TSNode one = ts_node_named_child(clause, i);

                if (syntax_is(one, "identifier"))
                        add(names,
                            (struct express_name){ .name = syntax_text(s, one), .module = module });
                else if (syntax_is(one, "namespace_import"))
                        add(names, (struct express_name){
                                           .name = syntax_text(s, ts_node_named_child(one, 0)),
                                           .module = module });
                else if (syntax_is(one, "named_imports"))
                        learn_imports(names, s, one, module);
        }
}

/* const { hsts, frameguard: guard, default: all } = require(...) */
static void learn_pattern(struct express_names *names, const struct syntax *s, TSNode pattern,
                          enum express_module module)
{
        for (uint32_t i = 0; i < ts_node_named_child_count(pattern); i++) {
                TSNode one = ts_node_named_child(pattern, i);
                struct span part = syntax_text(s, one), name = part;

                if (syntax_is(one, "pair_pattern")) {
                        part = syntax_text(s, syntax_field(one, "key"));
                        name = syntax_text(s, syntax_field(one, "value"));
                }
                if (span_is(part, "default") || module == MODULE_OWN)
                        add(names, (struct express_name){ .name = name, .module = module });
                else if (module == MODULE_HELMET)
                        add(names, (struct express_name){ .name = name,
                                                          .module = MODULE_HELMET_PART,
                                                          .part = part });
        }
}

static void learn_variable(struct express_names *names, const struct syntax *s, TSNode declarator)
{
        TSNode name = syntax_field(declarator, "name");
        TSNode value = express_bare(syntax_field(declarator, "value"));
        struct express_name known = { .name = syntax_text(s, name) };

        if (ts_node_is_null(value))
                return;
        if (syntax_is(value, "object"))
                known.object = value;
        else
                known.module = express_module_of(names, s, value, &known.part);
        if (known.module && syntax_is(name, "object_pattern"))
                learn_pattern(names, s, name, known.module);
        else if (syntax_is(name, "identifier") && (known.module || !ts_node_is_null(known.object)))
                add(names, known);
}

void express_names_learn(struct express_names *names, const struct syntax *s, TSNode node)
{
        struct span path;

        if (syntax_is(node, "variable_declarator"))
                learn_variable(names, s, node);
        else if (syntax_is(node, "import_require_clause") && express_loads(s, node, &path))
                add(names,
                    (struct express_name){ .name = syntax_text(s, ts_node_named_child(node, 0)),
                                           .module = module_named(path) });
        else if (syntax_is(node, "import_statement") && express_loads(s, node, &path) &&
                 module_named(path) != MODULE_NONE)
                for (uint32_t i = 0; i < ts_node_named_child_count(node); i++)
                        learn_clause(names, s, ts_node_named_child(node, i), module_named(path));
}

/* ---- Expressions ---- */

static enum express_module module_at(const struct express_names *names, const struct syntax *s,
                                     TSNode node, struct span *ret_part, unsigned depth);

/* `x.default` is x; `helmet.hsts` is one of its parts. */
static enum express_module module_of_member(const struct express_names *names,
                                            const struct syntax *s, TSNode node,
                                            struct span *ret_part, unsigned depth)
{
        struct span property = syntax_text(s, syntax_field(node, "property"));
        enum express_module whole =
                module_at(names, s, syntax_field(node, "object"), ret_part, depth);

        if (span_is(property, "default") || whole == MODULE_OWN)
                return whole;
        *ret_part = property;
        return whole == MODULE_HELMET ? MODULE_HELMET_PART : MODULE_NONE;
}

static enum express_module module_at(const struct express_names *names, const struct syntax *s,
                                     TSNode node, struct span *ret_part, unsigned depth)
{
        const struct express_name *known;
        struct span path;

        *ret_part = (struct span){ "", 0 };
        if (depth == DEPTH_MAX)
                return MODULE_NONE;
        node = express_bare(node);
        /* (0, express_1.default)() is how compilers spell a call of what was imported. */
        if (syntax_is(node, "sequence_expression"))
                return module_at(names, s,
                                 ts_node_named_child(node, ts_node_named_child_count(node) - 1),
                                 ret_part, depth + 1);
        if (syntax_is(node, "member_expression"))
                return module_of_member(names, s, node, ret_part, depth + 1);
        if (express_loads(s, node, &path))
                return module_named(path);
        if (!syntax_is(node, "identifier"))
                return MODULE_NONE;
        known = find(names, syntax_text(s, node));
        if (!known)
                return module_named(syntax_text(s, node));
        *ret_part = known->part;
        return known->module;
}

enum express_module express_module_of(const struct express_names *names, const struct syntax *s,
                                      TSNode node, struct span *ret_part)
{
        return module_at(names, s, node, ret_part, 0);
}

TSNode express_object(const struct express_names *names, const struct syntax *s, TSNode node)
{
        const struct express_name *known;

        node = express_bare(node);
        known = syntax_is(node, "identifier") ? find(names, syntax_text(s, node)) : NULL;
        return known && !ts_node_is_null(known->object) ? known->object : node;
}
