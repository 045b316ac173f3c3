/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Environment variables of a tree
 *
 * Which variables does the code read, and which does the tree declare? Where a folder has an
 * example (.env.example, .env.sample and their like), every variable that code in it or below reads
 * should stand there, or in a Dockerfile, a compose file or another .env file around. What stands
 * nowhere is told once, at its first use, when all files were seen.
 *
 * Reads are found by the words of each language (process.env.X, os.environ["X"], System.getenv("X")
 * and so on); only names in capitals are taken. A tree without an example is not judged.
 */

#include "check.h"

/* Notes what the current file reads and declares; tells a .env file. 0 or a negative errno. */
int variable_check(struct check *c);

/* Notes a name that the current file declares (ENV of a Dockerfile). */
int variable_declare(struct check *c, const char *name);

/* The same for all that a text of the form of .env declares. */
int variable_declare_text(struct check *c, const char *text, size_t length);

/* Is it a .env file, by its name? */
bool variable_is_dotenv(const char *path);

/* Tells what is declared nowhere: after all files. 0 or a negative errno. */
int variable_finish(struct check *c);

/* How many rules there are. */
size_t variable_rules(void);
