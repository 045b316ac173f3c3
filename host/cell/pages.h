/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Pages: faults taken ahead
 *
 * A fork leaves it to its child to fault in page after page of programs and libraries. A blank has
 * the time to do that before anybody waits for it.
 */

/* Brings in what a cell will touch for certain; what cannot be had now is faulted in later. */
void pages_populate(void);
