#ifndef NANO_H
#define NANO_H
#include "bench.h"
/* Each benchmark does its operations in so many blocks and looks at their effect after each. */
enum { BLOCKS = 100 };
extern u32 nano_count, nano_divisor;
/* Takes note of how many operations there will be in all and returns how many make a block. */
static inline u32 nano_ops(u32 all)
{
    nano_count = all / nano_divisor;
    return nano_count / BLOCKS;
}
static inline u32 mix(u32 h, u32 v) { h ^= v; h *= 0x01000193u; return (h << 7) | (h >> 25); }
#endif
