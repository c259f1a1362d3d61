/* Records what this machine's x87 does: x87cases SEED COUNT [OP] > FILE.
 * cc -O1 -o x87cases x87cases.c  (x86-64, GNU C)
 * Record, 64 bytes, little-endian: u8 op, u8 unused, u16 FCW, ST0[10], ST1[10] before,
 * u16 FSW, u16 full tag word, ST0[10], ST1[10] after, memory operand after (or before, for loads)[10], u8 EFLAGS & 0x45, 5 unused. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
static uint64_t s[2];
static uint64_t rnd(void) {
    uint64_t a = s[0], b = s[1];
    s[0] = b;
    a ^= a << 23;
    s[1] = a ^ b ^ (a >> 17) ^ (b >> 26);
    return s[1] + b;
}
#define OPS(X) \
    X(0, "fadd %%st(1),%%st") X(1, "fsub %%st(1),%%st") X(2, "fsubr %%st(1),%%st") X(3, "fmul %%st(1),%%st") \
    X(4, "fdiv %%st(1),%%st") X(5, "fdivr %%st(1),%%st") X(6, "fsqrt") X(7, "fprem") X(8, "fprem1") X(9, "frndint") \
    X(10, "fscale") X(11, "fxtract") X(12, "fcom %%st(1)") X(13, "fucom %%st(1)") X(14, "fxam") X(15, "ftst") \
    X(16, "fcomi %%st(1),%%st") X(17, "fucomi %%st(1),%%st") X(18, "f2xm1") X(19, "fyl2x") X(20, "fyl2xp1") \
    X(21, "fptan") X(22, "fpatan") X(23, "fsin") X(24, "fcos") X(25, "fsincos") X(26, "fsts %1") X(27, "fstl %1") \
    X(28, "fistps %1") X(29, "fistpl %1") X(30, "fistpll %1") X(31, "fisttps %1") X(32, "fisttpl %1") \
    X(33, "fisttpll %1") X(34, "fbstp %1") X(35, "flds %1") X(36, "fldl %1") X(37, "fbld %1") X(38, "fadds %1") \
    X(39, "faddl %1") X(40, "fmull %1") X(41, "fdivl %1") X(42, "fdivrs %1") X(43, "fcoms %1") X(44, "fcoml %1") \
    X(45, "fld1") X(46, "fldl2t") X(47, "fldl2e") X(48, "fldpi") X(49, "fldlg2") X(50, "fldln2") X(51, "fildll %1") \
    X(52, "fiadds %1") X(53, "fidivl %1")
enum { NOPS = 54 };
struct rec { uint8_t op, x; uint16_t cw; uint8_t a[10], b[10]; uint16_t sw, tw; uint8_t r0[10], r1[10], mem[10], fl, pad[5]; } __attribute__((packed));
_Static_assert(sizeof(struct rec) == 64, "");
struct env { uint32_t cw, sw, tw, ip, cs, dp, ds; uint8_t st[80]; } __attribute__((packed));
static void run(struct rec *r) {
    static struct env e;
    static uint8_t mem[16];
    uint64_t fl = 0;
    memcpy(mem, r->mem, 10);
    asm volatile("fninit; fldt %0; fldt %1; fldcw %2; fnclex" ::"m"(r->b), "m"(r->a), "m"(r->cw));
    switch (r->op) {
#define X(n, i) case n: asm volatile("xor %%eax,%%eax; cmp $-1,%%eax; " i "; pushfq; pop %0; fnsave %2" : "=r"(fl), "+m"(mem), "=m"(e)::"rax", "cc", "memory"); break;
        OPS(X)
    }
    r->sw = e.sw, r->tw = e.tw, r->fl = fl & 0x45;
    memcpy(r->r0, e.st, 10), memcpy(r->r1, e.st + 10, 10), memcpy(r->mem, mem, 10);
}
static uint64_t mant(void) {
    uint64_t m = rnd();
    switch (rnd() % 8) {
    case 0: m = 1ull << (rnd() & 63); break;
    case 1: m = ~0ull << (rnd() & 63); break;
    case 2: m &= ~0ull << (rnd() & 63); break;
    case 3: m = (~0ull >> (rnd() & 63)) ^ (1ull << (rnd() & 63)); break;
    case 4: m = (m & ~0ull << 40) + (rnd() % 5 - 2); break;
    }
    return m | 1ull << 63;
}
static void put(uint8_t *p, uint64_t m, unsigned se) { memcpy(p, &m, 8); p[8] = se; p[9] = se >> 8; }
static void num(uint8_t *p, int op) {
    unsigned sign = (rnd() & 1) << 15, k = rnd() % 64;
    uint64_t m = mant();
    int near = (op >= 18 && op <= 25) ? 3 : 0;
    if (k < 20 + 8 * near) put(p, m, sign | (0x3fff - 40 + rnd() % 80));
    else if (k < 26 && op >= 18) put(p, m, sign | (0x3fff - 4 + rnd() % 6));
    else if (k < 32) put(p, m, sign | rnd() % 0x7fff);
    else if (k < 36) put(p, m, sign | rnd() % 70);
    else if (k < 40) put(p, m, sign | (0x7ffe - rnd() % 70));
    else if (k < 42) put(p, m >> (rnd() & 63) & ~0ull >> 1, sign);
    else if (k < 43) put(p, m, sign);
    else if (k < 45) put(p, 0, sign);
    else if (k < 47) put(p, 1ull << 63, sign | 0x7fff);
    else if (k < 49) put(p, m | 3ull << 62, sign | 0x7fff);
    else if (k < 51) put(p, (m & ~(1ull << 62)) | 1, sign | 0x7fff);
    else if (k < 52) put(p, m & ~(1ull << 63), sign | rnd() % 0x8000);
    else if (k < 53) put(p, 0, sign | 0x7fff);
    else if (k < 56) { long double v = (int64_t)rnd() >> (rnd() & 63); memcpy(p, &v, 10); }
    else if (k < 58) put(p, m & ~0ull << 11, sign | (0x3fff - 1080 + rnd() % 2160));
    else if (k < 60) put(p, m, sign | (0x3fff - 1080 + rnd() % 40));
    else if (k < 62) put(p, m, sign | (0x3fff - 160 + rnd() % 40));
    else put(p, m, sign | (0x3fff + 10 + rnd() % 60));
}
static void memory(struct rec *r) {
    uint64_t v = rnd();
    memset(r->mem, 0, 10);
    memcpy(r->mem, &v, 8);
    if (rnd() % 8 == 0) r->mem[7] |= 0x7f, r->mem[6] |= 0xf0;
    if (rnd() % 8 == 0) r->mem[7] &= 0x80, r->mem[6] &= 0xf;
    if (rnd() % 8 == 0) r->mem[3] |= 0x7f, r->mem[2] |= 0x80;
    if (rnd() % 8 == 0) r->mem[3] &= 0x80, r->mem[2] &= 0x7f;
    if (rnd() % 16 == 0) memset(r->mem, 0, 7);
    if (r->op == 37) for (int i = 0; i < 9; i++) r->mem[i] = rnd() % 10 * 16 + rnd() % 10, r->mem[9] = rnd();
    if (r->op >= 26 && r->op <= 34) memset(r->mem, 0xcc, 10);
}
int main(int c, char **v) {
    s[0] = strtoull(v[1], 0, 0) * 0x9e3779b97f4a7c15ull + 1, s[1] = 386;
    for (int i = 0; i < 20; i++) rnd();
    long n = atol(v[2]);
    for (long i = 0; i < n; i++) {
        struct rec r = {0};
        r.op = c > 3 ? atoi(v[3]) : rnd() % NOPS;
        static const int pcs[] = {0, 2, 3, 3};
        r.cw = 0x40 | pcs[rnd() & 3] << 8 | (rnd() & 3) << 10 | (rnd() % 3 ? 0x3f : rnd() & 0x3f);
        num(r.a, r.op), num(r.b, r.op);
        unsigned ea = r.a[8] | r.a[9] << 8;
        switch (rnd() % 8) {
        case 0: case 1: { /* exponents close to each other */
            unsigned e = (ea & 0x7fff) + rnd() % 140 - 70;
            if (e > 0 && e < 0x7fff) put(r.b, mant(), e | (rnd() & 1) << 15);
            break; }
        case 2: memcpy(r.b, r.a, 10); r.b[rnd() % 10] ^= 1 << (rnd() & 7); break;
        case 3: { /* sum of exponents or difference at the edges */
            unsigned e = rnd() & 1 ? 0x3fff - (ea & 0x7fff) + rnd() % 130 - 65 : 0x7ffe + 0x3fff - (ea & 0x7fff) + rnd() % 8 - 4;
            if (rnd() & 1) e = 0x7fff - e;
            if (e > 0 && e < 0x7fff) put(r.b, mant(), e | (rnd() & 1) << 15);
            break; }
        }
        if (r.op == 10 && rnd() & 1) { long double k = (int)(rnd() % 70000) - 35000 + (rnd() & 1 ? 0.75L : 0); memcpy(r.b, &k, 10); }
        if (r.op == 20 && rnd() & 3) put(r.a, mant(), (rnd() & 1) << 15 | (0x3ffd - (rnd() & 3 ? rnd() % 8 : rnd() % 80)));
        if ((r.op >= 28 && r.op <= 34) && rnd() & 1) put(r.a, mant(), (rnd() & 1) << 15 | (0x3ffd + rnd() % 66));
        memory(&r);
        run(&r);
        fwrite(&r, sizeof r, 1, stdout);
    }
    return 0;
}
