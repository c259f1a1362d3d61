/* The nano-benchmarks that need no privilege; the native program runs them too. */
#include "nano.h"

u32 k_loop(void)                /* what every other one's loop costs by itself */
{
    u32 h = 0, n = nano_ops(200000000);
    for (u32 k = 0; k < BLOCKS; k++) {
        u32 i = n;
        __asm__ volatile(".p2align 5\n1: dec %0\n jnz 1b" : "+r"(i) :: "cc");
        h = mix(h, i + k);
    }
    return h;
}

u32 k_callret(void)
{
    u32 h = 0, n = nano_ops(100000000);
    for (u32 k = 0; k < BLOCKS; k++) {
        u32 i = n, sum = k;
        __asm__ volatile(
            ".p2align 5\n1: call 2f\n dec %1\n jnz 1b\n jmp 3f\n"
            ".p2align 5\n2: add %1, %0\n ret\n3:" : "+r"(sum), "+r"(i) :: "cc", "memory");
        h = mix(h, sum);
    }
    return h;
}
