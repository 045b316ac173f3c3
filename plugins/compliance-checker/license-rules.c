/* SPDX-License-Identifier: Apache-2.0 */
#include "license-rules.h"

#include "licenses.h"

const struct notice license_notices[LICENSE_RULES_] = {
        [RULE_DENIED] = { "licenses/denied", LINHAY_SEVERITY_HIGH, NULL,
                          "is not allowed by the policy",
                          "Replace the component, or ask for an exception and add it to the "
                          "policy." },
        [RULE_REVIEW] = { "licenses/review", LINHAY_SEVERITY_MEDIUM, NULL,
                          "needs a person's review by the policy",
                          "Have it looked at, and add an exception with the reason to the "
                          "policy." },
        [RULE_EXPIRED] = { "licenses/exception-expired", LINHAY_SEVERITY_MEDIUM, NULL,
                           "had an exception in the policy that has ended",
                           "Ask again, and give the exception a new date, or replace the "
                           "component." },
        [RULE_QUESTION] = { "licenses/compatibility", LINHAY_SEVERITY_LOW, NULL, NULL,
                            "Look whether the conditions are met; say so in the policy's "
                            "exceptions." },
        [RULE_CONFLICT] = { "licenses/incompatible", LINHAY_SEVERITY_MEDIUM, NULL, NULL,
                            "Replace one of the two, keep them in separate programs, or ask the "
                            "holders." },
        [RULE_NO_TEXT] = { "licenses/missing-text", LINHAY_SEVERITY_LOW, NULL,
                           "is used, and its text is not in LICENSES/",
                           "Add the text as LICENSES/ID.txt.", "reuse:missing-licenses" },
        [RULE_UNUSED_TEXT] = { "licenses/unused-text", LINHAY_SEVERITY_INFO, NULL,
                               "has a text in LICENSES/ and no file is under it",
                               "Remove the text, or say which files are under it.",
                               "reuse:unused-licenses" },
        [RULE_MISSING] = { "licenses/missing", LINHAY_SEVERITY_LOW, NULL,
                           "There is no licence file at the root of the tree, and no manifest "
                           "there that names a licence",
                           "Add a LICENSE file with the text of the licence." },
        [RULE_UNKNOWN_TEXT] = { "licenses/unknown", LINHAY_SEVERITY_LOW, NULL,
                                "The licence in this file is not recognised",
                                "Have it read by a person, and name it in the policy." },
        [RULE_UNKNOWN_ID] = { "licenses/unknown-id", LINHAY_SEVERITY_LOW, NULL,
                              "is not an identifier of SPDX",
                              "Use an identifier from spdx.org/licenses, or LicenseRef-NAME." },
        [RULE_DEPRECATED] = { "licenses/deprecated-id", LINHAY_SEVERITY_INFO, NULL,
                              "is an identifier that SPDX replaced",
                              "Write what replaced it, which says the same more exactly." },
        [RULE_INVALID] = { "licenses/invalid-expression", LINHAY_SEVERITY_LOW, NULL,
                           "is no SPDX licence expression",
                           "Write identifiers joined with AND, OR and WITH." },
        [RULE_MISMATCH] = { "licenses/mismatch", LINHAY_SEVERITY_MEDIUM, NULL,
                            "The manifest names another licence than the licence file beside it",
                            "Make both say the same." },
};

size_t licenses_rules(void)
{
        return LICENSE_RULES_;
}

size_t license_folder(const char *path)
{
        const char *slash = strrchr(path, '/');

        return slash ? (size_t) (slash - path) : 0;
}

int license_report(struct check *c, enum license_rule which, const char *message,
                   const char *excerpt, uint32_t line)
{
        const struct report report = { .control = CONTROL_LICENSES,
                                       .severity = license_notices[which].severity,
                                       .rule = license_notices[which].rule,
                                       .soundness = license_notices[which].soundness,
                                       .message = message,
                                       .fix = license_notices[which].fix,
                                       .excerpt = excerpt,
                                       .line = line };

        return check_report(c, &report);
}
