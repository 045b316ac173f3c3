/* SPDX-License-Identifier: Apache-2.0 */
#include "scan/entropy.h"

#include <math.h>

double entropy_bits(const char *text, size_t length)
{
        unsigned counts[256] = { 0 };
        double bits = 0;

        for (size_t i = 0; i < length; i++)
                counts[(unsigned char) text[i]]++;
        for (size_t i = 0; i < 256; i++)
                if (counts[i]) {
                        double p = (double) counts[i] / (double) length;

                        bits -= p * log2(p);
                }
        return bits;
}
