/* Nano-benchmarks: one privileged operation each, in a loop with as little as possible around it, after those by
   which Adams and Agesen compared software and hardware VMMs ("A Comparison of Software and Hardware Techniques for
   x86 Virtualization", 2006).  System calls, page faults and divisions by zero come from ring 3 and their handlers
   are a few instructions; the others run in ring 0.  Paging is on. */
#include "nano.h"
#include "sys.h"

#define MAPPED 0x40000000u      /* pages of 4 KiB from here: [0] is changed by ptemod, the others are not present */
static u8 frame[2][4096] __attribute__((aligned(4096)));
extern uptr stubs[256];
extern void on_syscall(void), on_page_fault(void), on_divide(void);
static u32 n, number;           /* a block's operations, and which block it is: for ring 3 */
static volatile u32 result, left;

#ifdef __x86_64__
typedef u64 pte;
extern u64 pml4[512], pdpt[512];
static pte pt[512] __attribute__((aligned(4096)));
#define SKIP_2 "addq $2, (%rsp)\n iretq\n"
#define DROP_ERROR "add $8, %rsp\n"
#define SYSRET "sysretq\n"
#define CR2_TO_DI "mov %cr2, %rdi\n"
#else
typedef u32 pte;
static pte pt[1024] __attribute__((aligned(4096))), pd[1024] __attribute__((aligned(4096)));
#define SKIP_2 "addl $2, (%esp)\n iret\n"
#define DROP_ERROR "add $4, %esp\n"
#define SYSRET "sysexit\n"
#define CR2_TO_DI "mov %cr2, %edi\n"
#endif

/* The faulting instructions are two bytes long. */
__asm__(".p2align 5\non_syscall: add %ebx, %eax\n " SYSRET
        ".p2align 5\non_page_fault: " CR2_TO_DI " add %edi, %eax\n " DROP_ERROR SKIP_2
        ".p2align 5\non_divide: inc %edi\n " SKIP_2);

static void wrmsr(u32 msr, u64 v)
{
    __asm__ volatile("wrmsr" :: "c"(msr), "a"((u32)v), "d"((u32)(v >> 32)));
}

#ifdef __x86_64__
static void paging_on(void)
{
    ((u64 *)(uptr)(pdpt[MAPPED >> 30] & ~(u64)0xfff))[0] = (uptr)pt | 7;
    write_cr3((uptr)pml4);
}
static void syscall_on(void)    /* SYSRET wants ring 3's data before its code; the boot's GDT has them the other way round */
{
    static u64 gdt[9];
    static struct __attribute__((packed)) { uint16_t limit; u64 *base; } d;
    __asm__ volatile("sgdt %0" : "=m"(d));
    for (int i = 0; i < 7; i++) gdt[i] = d.base[i];
    gdt[7] = gdt[4];
    gdt[8] = gdt[3];
    d.limit = sizeof gdt - 1;
    d.base = gdt;
    __asm__ volatile("lgdt %0" :: "m"(d));
    u32 lo, hi;
    __asm__ volatile("rdmsr" : "=a"(lo), "=d"(hi) : "c"(0xc0000080));
    wrmsr(0xc0000080, (u64)hi << 32 | lo | 1);              /* EFER.SCE */
    wrmsr(0xc0000081, 0x0033000800000000);                  /* STAR: 8 and 16; 0x38 and 0x40 */
    wrmsr(0xc0000082, (uptr)on_syscall);                    /* LSTAR */
    wrmsr(0xc0000084, 0x200);                               /* SFMASK: IF */
}
#else
static void paging_on(void)
{
    for (u32 i = 0; i < 1024; i++) pd[i] = i << 22 | 0x87;
    pd[MAPPED >> 22] = (u32)pt | 7;
    write_cr4(read_cr4() | 0x10);                           /* PSE */
    write_cr3((uptr)pd);
    write_cr0(read_cr0() | 0x80000000u);
}
static void syscall_on(void)
{
    static u8 stack[256] __attribute__((aligned(16)));
    wrmsr(0x174, 8);                                        /* SYSENTER_CS, _ESP, _EIP */
    wrmsr(0x175, (uptr)stack + sizeof stack);
    wrmsr(0x176, (uptr)on_syscall);
}
#endif

static void setup(void)
{
    static int done;
    if (done++) return;
    *(u32 *)frame[0] = 0xa5a50000;
    *(u32 *)frame[1] = 0x5a5a1111;
    paging_on();
    syscall_on();
}

static uptr swap_gate(int vector, uptr handler)
{
    uptr old = stubs[vector];
    stubs[vector] = handler;
    gate(vector, 0x8e00);
    return old;
}

void sys_reset(void) { outb(0x21, 0xff); }

static void leave(u32 sum)
{
    result = sum;
    left = 1;
    __asm__ volatile("ud2" ::: "memory");
}

/* Runs a program of ring 3 once for each block, with a handler of its own for one vector (-1: none).
   It ends by leave(); where an exception ended it, rt.c has said so. */
static u32 in_ring_3(void (*program)(void), int vector, void (*handler)(void), u32 ops)
{
    u32 h = 0;
    setup();
    n = nano_ops(ops);
    uptr old = vector < 0 ? 0 : swap_gate(vector, (uptr)handler);
    for (number = 0, left = 1; left && number < BLOCKS; number++) {
        left = 0;
        user_call(program);
        h = mix(h, result);
    }
    if (vector >= 0) swap_gate(vector, old);
    return h;
}

static void syscalls(void)
{
    u32 i = n, sum = number;
    __asm__ volatile(
#ifdef __x86_64__
        ".p2align 5\n1: syscall\n dec %1\n jnz 1b" : "+a"(sum), "+b"(i) :: "rcx", "r11", "cc", "memory");
#else
        ".p2align 5\n1: mov $2f, %%edx\n mov %%esp, %%ecx\n sysenter\n2: dec %1\n jnz 1b"
        : "+a"(sum), "+b"(i) :: "ecx", "edx", "cc", "memory");
#endif
    leave(sum);
}
u32 k_syscall(void) { return in_ring_3(syscalls, -1, 0, 4000000); }

static void page_faults(void)   /* the handler adds CR2 to eax and goes on behind the load */
{
    u32 i = n, sum = number;
    __asm__ volatile(
        ".p2align 5\n1: mov %1, %%esi\n and $63, %%esi\n shl $12, %%esi\n add %2, %%esi\n"
#ifdef __x86_64__
        " mov (%%rsi), %%edx\n"
#else
        " mov (%%esi), %%edx\n"
#endif
        " dec %1\n jnz 1b" : "+a"(sum), "+b"(i) : "i"(MAPPED + 4096) : "edx", "esi", "edi", "cc", "memory");
    leave(sum);
}
u32 k_pgfault(void) { return in_ring_3(page_faults, 14, on_page_fault, 2000000); }

static void divisions(void)     /* the handler counts in edi; the division must leave eax and edx alone */
{
    u32 i = n, sum = number, count = 0, d = 0;
    __asm__ volatile(
        ".p2align 5\n1: mov %1, %%eax\n div %4\n add %%eax, %0\n add %3, %0\n dec %1\n jnz 1b"
        : "+S"(sum), "+b"(i), "+D"(count), "+d"(d) : "c"(0) : "eax", "cc", "memory");
    leave(mix(sum, count));
}
u32 k_divzero(void) { return in_ring_3(divisions, 0, on_divide, 2000000); }

u32 k_in(void)                  /* the interrupt mask: a port whose value is known */
{
    u32 h = 0;
    setup();
    n = nano_ops(4000000);
    for (u32 k = 0; k < BLOCKS; k++) {
        u32 i = n, sum = 0, v = 0;
        outb(0x21, (u8)(k * 5 + 1));
        __asm__ volatile(".p2align 5\n1: in $0x21, %%al\n add %2, %0\n dec %1\n jnz 1b" : "+r"(sum), "+r"(i), "+a"(v) :: "cc");
        h = mix(h, sum);
    }
    outb(0x21, 0xff);
    return h;
}

#ifdef __x86_64__
u32 k_cr8wr(void)
{
    u32 h = 0;
    setup();
    n = nano_ops(10000000);
    for (u64 k = 0; k < BLOCKS; k++) {
        u64 i = n, v;
        __asm__ volatile(
            ".p2align 5\n1: lea (%1,%2), %%edx\n and $15, %%edx\n mov %%rdx, %%cr8\n dec %1\n jnz 1b\n mov %%cr8, %0"
            : "=r"(v), "+r"(i) : "r"(k) : "edx", "cc", "memory");
        h = mix(h, (u32)v);
    }
    __asm__ volatile("mov %0, %%cr8" :: "r"((u64)0));
    return h;
}
#endif

static u32 interrupt_flag(void)
{
    uptr f;
    __asm__ volatile("pushf\n pop %0" : "=r"(f) :: "memory");
    return f >> 9 & 1;
}
u32 k_clisti(void)              /* nothing interrupts: the PICs mask everything */
{
    u32 h = 0;
    setup();
    n = nano_ops(20000000);
    for (u32 k = 0; k < BLOCKS; k++) {
        u32 i = n;
        __asm__ volatile(".p2align 5\n1: cli\n sti\n dec %0\n jnz 1b" : "+r"(i) :: "cc", "memory");
        h = mix(h, interrupt_flag());
        __asm__ volatile("cli" ::: "memory");
        h = mix(h, interrupt_flag() + k);
    }
    return h;
}

u32 k_ptemod(void)              /* an entry in use is rewritten; INVLPG and a look through it follow after each block */
{
    u32 h = 0;
    setup();
    n = nano_ops(50000000);
    for (u32 k = 0; k < BLOCKS; k++) {
        u32 i = n;
        pte v = (uptr)frame[k & 1] | 7, both = (uptr)frame[0] ^ (uptr)frame[1];
        __asm__ volatile(
            ".p2align 5\n1: mov %0, %2\n xor %3, %0\n dec %1\n jnz 1b"
            : "+r"(v), "+r"(i), "+m"(pt[0]) : "r"(both) : "cc", "memory");
        invlpg((void *)MAPPED);
        h = mix(h, *(volatile u32 *)MAPPED);
    }
    return h;
}
