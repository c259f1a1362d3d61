/*
 * Writes what this processor does with scalar SSE to SSE4.1 floating-point instructions, all
 * exceptions masked: the cases of SseFloatTest.
 *     cc -O1 -msse4.2 -o ssecases ssecases.c && ./ssecases 12000 77 | gzip -9n > sse-cases.bin.gz
 * A record is little-endian: u32 operation, immediate, MXCSR before, MXCSR after; u64 a, b, result.
 * Even operations are single, odd ones double; the source operand is b.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct { uint32_t op, imm, in, out; uint64_t a, b, r; } record;
typedef long long v2 __attribute__((vector_size(16)));

static uint64_t s0 = 0x123456789abcdefull, s1 = 0xfedcba987654321ull;
static uint64_t rnd(void)
{
    uint64_t a = s0, b = s1;
    s0 = b;
    a ^= a << 23;
    s1 = a ^ b ^ (a >> 17) ^ (b >> 26);
    return s1 + b;
}
static uint32_t rn(uint32_t n) { return (rnd() >> 20) % n; }

/* Numbers where things happen: zeros, infinities, NaNs, denormals, near overflow, near `last`. */
static uint64_t number(int p, uint64_t last)
{
    int bits = p == 53 ? 52 : 23, bias = p == 53 ? 1023 : 127, max = 2 * bias + 1;
    uint64_t s = (uint64_t)rn(2) << (p == 53 ? 63 : 31), one = 1;
    uint64_t m = rnd() & ((one << bits) - 1);
#define E(e) ((uint64_t)(e) << bits)
    switch (rn(16)) {
    case 0: return s;
    case 1: return s | E(bias);
    case 2: return s | E(max);
    case 3: return s | E(max) | one << (bits - 1) | m;
    case 4: return s | E(max) | (m >> 1) | 1;
    case 5: case 6: return s | m;
    case 7: return s | (E(1) + rn(5) - 2);
    case 8: return s | (E(max) - 1 - rn(3));
    case 9: return p == 53 ? rnd() : (uint32_t)rnd();
    case 10: return s | E(rn(bias / 2)) | m;
    case 11: return s | E(bias + bias / 2 + rn(bias / 2)) | m;
    case 12: return last ^ rn(8);
    case 13: return s | E(bias + rn(6)) | (m & ~((one << (bits - 6)) - 1));
    case 14: return s | E(bias + 20 + rn(46)) | (rn(2) ? m : m & ~((one << (bits - 8)) - 1));
    default: return s | E(bias - 7 + rn(p == 53 ? 70 : 40)) | (m & (~(uint64_t)0 << rn(bits)));
    }
}

#define RUN(i) __asm__ volatile(i " %1,%0" : "+x"(x) : "x"(y)); break
#define FLAGS(i) { uint64_t f; __asm__ volatile(i " %2,%1; pushfq; pop %0" : "=r"(f) : "x"(x), "x"(y) : "cc"); r.r = f & 0x45; goto done; }
#define TO64(i) { uint64_t q; __asm__ volatile(i " %1,%0" : "=r"(q) : "x"(y)); r.r = q; goto done; }
#define TO32(i) { uint32_t q; __asm__ volatile(i " %1,%0" : "=r"(q) : "x"(y)); r.r = q; goto done; }
#define FROM64(i) __asm__ volatile(i " %1,%0" : "+x"(x) : "r"(r.b)); break
#define FROM32(i) __asm__ volatile(i " %1,%0" : "+x"(x) : "r"((uint32_t)r.b)); break
#define IMM(i, n) case n: __asm__ volatile(i " $" #n ",%1,%0" : "+x"(x) : "x"(y)); break;
#define IMM8(i) IMM(i, 0) IMM(i, 1) IMM(i, 2) IMM(i, 3) IMM(i, 4) IMM(i, 5) IMM(i, 6) IMM(i, 7)
#define IMM16(i) IMM8(i) IMM(i, 8) IMM(i, 9) IMM(i, 10) IMM(i, 11) IMM(i, 12) IMM(i, 13) IMM(i, 14) IMM(i, 15)

int main(int argc, char **argv)
{
    int count = argc > 1 ? atoi(argv[1]) : 12000;
    uint64_t last[2] = {0, 0};
    s0 += argc > 2 ? atoi(argv[2]) : 0;
    for (int k = 0; k < count; k++) {
        record r;
        memset(&r, 0, sizeof r);
        r.op = k % 36;
        int wide = r.op % 2;
        r.imm = rn(r.op == 14 || r.op == 15 ? 8 : 16);
        r.in = 0x1f80;
        if (rn(2)) r.in |= rn(4) << 13;
        if (rn(4) == 0) r.in |= 0x40;
        if (rn(4) == 0) r.in |= 0x8000;
        if (rn(3) == 0) r.in |= 0x20;
        if (rn(6) == 0) r.in |= rn(64);
        r.a = number(wide ? 53 : 24, last[wide]);
        last[wide] = r.a;
        r.b = number(wide ? 53 : 24, last[wide]);
        if (r.op >= 24 && r.op < 28) {
            r.b = rnd() >> rn(64);
            if (rn(2)) r.b = -r.b;
            if (rn(4) == 0) r.b = (1ull << rn(64)) + rn(3) - 1;
        }
        v2 x = {(long long)r.a, 0}, y = {(long long)r.b, 0};
        __asm__ volatile("ldmxcsr %0" ::"m"(r.in));
        switch (r.op) {
        case 0: RUN("addss"); case 1: RUN("addsd"); case 2: RUN("subss"); case 3: RUN("subsd");
        case 4: RUN("mulss"); case 5: RUN("mulsd"); case 6: RUN("divss"); case 7: RUN("divsd");
        case 8: RUN("sqrtss"); case 9: RUN("sqrtsd"); case 10: RUN("minss"); case 11: RUN("minsd");
        case 12: RUN("maxss"); case 13: RUN("maxsd");
        case 14: switch (r.imm) { IMM8("cmpss") } break;
        case 15: switch (r.imm) { IMM8("cmpsd") } break;
        case 16: switch (r.imm) { IMM16("roundss") } break;
        case 17: switch (r.imm) { IMM16("roundsd") } break;
        case 18: FLAGS("comiss") case 19: FLAGS("comisd") case 20: FLAGS("ucomiss") case 21: FLAGS("ucomisd")
        case 22: __asm__ volatile("cvtss2sd %1,%0" : "+x"(x) : "x"(y)); r.r = x[0]; goto done;
        case 23: __asm__ volatile("cvtsd2ss %1,%0" : "+x"(x) : "x"(y)); r.r = (uint32_t)x[0]; goto done;
        case 24: FROM64("cvtsi2ssq"); case 25: FROM64("cvtsi2sdq"); case 26: FROM32("cvtsi2ssl"); case 27: FROM32("cvtsi2sdl");
        case 28: TO64("cvtss2siq") case 29: TO64("cvtsd2siq") case 30: TO64("cvttss2siq") case 31: TO64("cvttsd2siq")
        case 32: TO32("cvtss2sil") case 33: TO32("cvtsd2sil") case 34: TO32("cvttss2sil") case 35: TO32("cvttsd2sil")
        }
        r.r = wide ? (uint64_t)x[0] : (uint32_t)x[0];
    done:
        __asm__ volatile("stmxcsr %0" : "=m"(r.out));
        uint32_t initial = 0x1f80;
        __asm__ volatile("ldmxcsr %0" ::"m"(initial));
        fwrite(&r, sizeof r, 1, stdout);
    }
    return 0;
}
