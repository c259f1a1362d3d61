package trivium.vmi;

import static trivium.vmi.Guest.*;

import java.util.ArrayList;
import java.util.List;

/**
 * Loops of what kernels do, once with the instructions and once by calls of the ROM: each reports
 * how many nanoseconds it took, several times. Calls that Linux patches in are direct calls here,
 * too; the others go through a pointer.
 */
final class BenchLoops {
    static final int TIMES = 7;

    private static final int PTES = 64, TABLE = TEST_PTE, TABLES = 0x26_0000, CLONE = 0x28_0000;
    private static final int COUNTER = SPACE + 0x800, CHILD_PAGES = 32;

    private final Guest g;
    private final boolean paravirtual;

    /** What the ROM answers for. */
    private final Rom.Variant rom;

    private final int rounds;
    private final List<Code.Label> sites = new ArrayList<>();
    private final List<Call> called = new ArrayList<>();

    /** The kinds of loop, with how often each goes round. */
    enum Loop {
        INTERRUPT_FLAG(40_000),
        SYSTEM_CALL(10_000),
        TRAP(10_000),
        PAGE_FAULT(5_000),
        PAGE_TABLE(300),
        FORK(100),
        CONTEXT_SWITCH(2_000);

        final int rounds;

        Loop(int rounds) {
            this.rounds = rounds;
        }

        /** How many of what it measures are in a round. */
        int each() {
            return this == PAGE_TABLE ? PTES : 1;
        }
    }

    private BenchLoops(Guest g, Rom.Variant rom, int rounds) {
        this.g = g;
        this.rom = rom;
        this.rounds = rounds;
        paravirtual = rom != null;
    }

    /**
     * @param rom which calls there are; null: instructions alone
     */
    static byte[] image(Loop loop, Rom.Variant rom, int rounds) {
        return Guest.image(g -> new BenchLoops(g, rom, rounds).measure(loop), rom != null);
    }

    /** Whether Linux would call it, and not do without. */
    private boolean calls(Call call) {
        return paravirtual && rom.serves(call);
    }

    private void measure(Loop loop) {
        Code.Label patch = g.label(), begin = g.label();
        g.emit(0xe9).distanceTo(patch).bind(begin);
        g.mov(EAX, TSS_SELECTOR).emit(0x0f, 0x00, 0xd8); //          ltr
        prepare();
        for (int time = 0; time < TIMES; time++) {
            g.put(COUNTER, rounds).emit(0x0f, 0x31).store(SPACE + 0x900, EAX);
            round(loop);
            g.emit(0x0f, 0x31, 0x2b, 0x05).address(SPACE + 0x900).report(EAX);
        }
        Code.Label end = g.label();
        g.emit(0xe9).distanceTo(end).bind(patch);
        for (int i = 0; i < sites.size(); i++) {
            g.load(EAX, ADDRESSES + 4 * called.get(i).number()).mov(ECX, sites.get(i));
            g.emit(0x29, 0xc8, 0x83, 0xe8, 5, 0x89, 0x41, 1); //     the call's operand
        }
        g.emit(0xe9).distanceTo(begin).bind(end);
    }

    /** A table of {@link #PTES} pages, and another address space with its own. */
    private void prepare() {
        for (int i = 0; i < PTES; i++) {
            g.put(TABLE + 4 * i, PAGE_A + 0x4_0000 + 4096 * i | 0x67);
        }
        g.put(TABLE + 4 * PTES, 0xfee0_0013);
        g.put(OTHER_DIRECTORY, LOW_TABLE | 0x67).put(OTHER_DIRECTORY + 0xc00, LOW_TABLE | 0x67);
        g.put(OTHER_DIRECTORY + 0x400, TABLE | 0x67);
        g.put64(GDT + (TLS_SELECTOR & ~7), Guest.data(0));
        g.mov(ECX, 0x174).mov(EDX, 0).mov(EAX, KERNEL_CS).emit(0x0f, 0x30);
    }

    // --- what the two flavours do

    /** One that Linux patches in: the instruction there or a direct call. */
    private void inline(Call call, int... instruction) {
        if (!paravirtual) {
            g.emit(instruction);
            return;
        }
        Code.Label site = g.label();
        g.bind(site).emit(0xe8, 0, 0, 0, 0);
        if (call == Call.IRET) {
            g.emit(0x90, 0x90);
        }
        sites.add(site);
        called.add(call);
    }

    /** One that Linux calls through a pointer. */
    private void pointer(Call call, int... instruction) {
        if (paravirtual) {
            g.emit(0xff, 0x15).address(ADDRESSES + 4 * call.number());
        } else {
            g.emit(instruction);
        }
    }

    /** {@code [edx] = eax}. */
    private void setPte(int flags) {
        if (paravirtual) {
            g.mov(ECX, flags);
        }
        pointer(Call.SET_PXE, 0x89, 0x02);
    }

    /** EAX is the address. */
    private void invalidate() {
        pointer(Call.INVAL_PAGE, 0x0f, 0x01, 0x38);
    }

    private void lazy(int mode) {
        if (calls(Call.SET_LAZY_MODE)) {
            g.mov(EAX, mode);
            pointer(Call.SET_LAZY_MODE);
        }
    }

    private void again(Code.Label label) {
        g.emit(0xff, 0x0d).address(COUNTER).emit(0x0f, 0x85).distanceTo(label);
    }

    private void round(Loop loop) {
        switch (loop) {
            case INTERRUPT_FLAG -> interruptFlag();
            case SYSTEM_CALL -> systemCall();
            case TRAP -> trap();
            case PAGE_FAULT -> pageFault();
            case PAGE_TABLE -> pageTable();
            case FORK -> fork();
            case CONTEXT_SWITCH -> contextSwitch();
        }
    }

    /** local_irq_save, local_irq_restore. */
    private void interruptFlag() {
        Code.Label again = g.label();
        g.bind(again);
        inline(Call.GET_INTERRUPT_MASK, 0x9c, 0x58); //              pushfd; pop eax
        g.emit(0x89, 0xc3); //                                       mov ebx, eax
        inline(Call.DISABLE_INTERRUPTS, 0xfa);
        g.emit(0x89, 0xd8); //                                       mov eax, ebx
        inline(Call.SET_INTERRUPT_MASK, 0x50, 0x9d); //              push eax; popfd
        again(again);
    }

    /** SYSENTER and back. */
    private void systemCall() {
        Code.Label user = g.label(), kernel = g.label(), end = g.label();
        g.mov(EAX, kernel).mov(EDX, 0).mov(ECX, 0x176).emit(0x0f, 0x30);
        g.mov(EAX, STACK - 0x400).mov(ECX, 0x175).emit(0x0f, 0x30);
        g.onFault(end).push(USER_DS).push(USER_STACK).push(2).push(USER_CS);
        g.mov(EAX, user).emit(0x50, 0xcf);
        g.bind(user).mov(EDX, user).emit(0x89, 0xe1, 0x0f, 0x34); // mov ecx, esp; sysenter
        g.bind(kernel).emit(0xff, 0x0d).address(COUNTER).emit(0x0f, 0x84).distanceTo(end);
        inline(Call.SYSEXIT, 0xfb, 0x0f, 0x35);
        g.bind(end).load(ESP, RESUME_ESP).emit(0xfa);
    }

    private void gate(int vector, Code.Label handler) {
        g.mov(EAX, handler).emit(0x66, 0xa3).address(IDT + 8 * vector);
    }

    /** INT and IRET within ring 0. */
    private void trap() {
        Code.Label handler = g.label(), over = g.label(), again = g.label();
        g.emit(0xe9).distanceTo(over).bind(handler);
        inline(Call.IRET, 0xcf);
        g.bind(over);
        gate(0x55, handler);
        g.bind(again).emit(0xcd, 0x55);
        again(again);
    }

    /** A page that is not there, mapped by the handler and taken away again. */
    private void pageFault() {
        Code.Label handler = g.label(), over = g.label(), again = g.label();
        g.emit(0xe9).distanceTo(over).bind(handler).emit(0x60); //   pushad
        pointer(Call.GET_CR2, 0x0f, 0x20, 0xd0);
        g.mov(EAX, PAGE_B | 0x67).mov(EDX, TABLE);
        setPte(TEST_PAGE | 0x11);
        g.emit(0x61, 0x83, 0xc4, 4); //                              popad; add esp, 4
        inline(Call.IRET, 0xcf);
        g.bind(over);
        gate(14, handler);
        g.bind(again).mov(EAX, 0).mov(EDX, TABLE);
        setPte(TEST_PAGE | 0x11);
        g.mov(EAX, TEST_PAGE);
        invalidate();
        g.emit(0xa1).address(TEST_PAGE);
        again(again);
    }

    /** Each entry of a table is changed, its page is touched: 64 times. */
    private void pageTable() {
        Code.Label again = g.label(), next = g.label();
        g.bind(again).mov(ESI, 0).bind(next);
        g.emit(0x8b, 0x04, 0xb5).address(TABLE); //                  mov eax, [TABLE+esi*4]
        g.emit(0x35).address(0x1000); //                             xor eax, 1000h
        g.emit(0x8d, 0x14, 0xb5).address(TABLE); //                  lea edx, [TABLE+esi*4]
        setPte(1);
        g.emit(0x89, 0xf7, 0xc1, 0xe7, 12); //                       mov edi, esi; shl edi, 12
        g.emit(0x8d, 0x87).address(TEST_PAGE); //                    lea eax, [edi+TEST_PAGE]
        invalidate();
        g.emit(0x8b, 0x87).address(TEST_PAGE); //                    mov eax, [edi+TEST_PAGE]
        g.emit(0x46, 0x83, 0xfe, PTES).emit(0x0f, 0x85).distanceTo(next);
        again(again);
    }

    /** A table is copied and both made read-only, the child runs, exits, and is torn down. */
    private void fork() {
        Code.Label again = g.label(), copy = g.label(), touch = g.label();
        g.bind(again);
        allocate(CLONE >> 12, 0x62, DIRECTORY >> 12, 768, 256);
        allocate(TABLES >> 12, 0x41, 0, 0, 0);
        g.put(CLONE, LOW_TABLE | 0x67).put(CLONE + 0xc00, LOW_TABLE | 0x67);
        g.mov(EAX, TABLES | 0x67).mov(EDX, CLONE + 0x400);
        setPte(2);
        lazy(1);
        g.mov(ESI, 0).bind(copy);
        g.emit(0x83, 0x24, 0xb5).address(TABLE).emit(~2); //         and dword [TABLE+esi*4], ~2
        if (calls(Call.UPDATE_PXE)) {
            g.emit(0x8d, 0x04, 0xb5).address(TABLE).mov(EDX, TEST_PAGE | 0x11);
            pointer(Call.UPDATE_PXE);
        }
        g.emit(0x8b, 0x04, 0xb5).address(TABLE); //                  mov eax, [..]
        g.emit(0x8d, 0x14, 0xb5).address(TABLES); //                 lea edx, [..]
        setPte(1);
        g.emit(0x46, 0x83, 0xfe, PTES).emit(0x0f, 0x85).distanceTo(copy);
        lazy(0);
        g.mov(EAX, 1);
        pointer(Call.FLUSH_TLB, 0x0f, 0x20, 0xd8, 0x0f, 0x22, 0xd8);
        g.mov(EAX, CLONE);
        pointer(Call.SET_CR3, 0x0f, 0x22, 0xd8);
        touch(touch, CHILD_PAGES);
        g.mov(EAX, DIRECTORY);
        pointer(Call.SET_CR3, 0x0f, 0x22, 0xd8);
        release(TABLES >> 12, 0x41);
        release(CLONE >> 12, 0x42);
        again(again);
    }

    private void touch(Code.Label next, int pages) {
        g.mov(EDI, TEST_PAGE).bind(next).emit(0x8b, 0x07); //        mov eax, [edi]
        g.emit(0x81, 0xc7).address(4096).emit(0x81, 0xff).address(TEST_PAGE + 4096 * pages);
        g.emit(0x0f, 0x85).distanceTo(next);
    }

    private void allocate(int pfn, int flags, int clone, int base, int count) {
        if (calls(Call.ALLOCATE_PAGE)) {
            g.push(count).push(base).mov(EAX, pfn).mov(EDX, flags).mov(ECX, clone);
            pointer(Call.ALLOCATE_PAGE);
            g.emit(0x83, 0xc4, 8);
        }
    }

    private void release(int pfn, int flags) {
        if (calls(Call.RELEASE_PAGE)) {
            g.mov(EAX, pfn).mov(EDX, flags);
            pointer(Call.RELEASE_PAGE);
        }
    }

    /** What Linux does for it: a TLS entry, the kernel's stack, the page tables; then 16 pages. */
    private void contextSwitch() {
        Code.Label again = g.label();
        g.bind(again);
        lazy(2);
        g.load(EAX, COUNTER).emit(0x83, 0xe0, 1, 0xc1, 0xe0, 28); // and eax, 1; shl eax, 28
        g.emit(0x05).address((int) Guest.data(0) & 0xfff_ffff).emit(0x89, 0xc1); // mov ecx, eax
        if (paravirtual) {
            g.push((int) (Guest.data(0) >>> 32)).mov(EAX, GDT).mov(EDX, TLS_SELECTOR >> 3);
            pointer(Call.WRITE_GDT_ENTRY);
            g.emit(0x83, 0xc4, 4);
        } else {
            g.store(GDT + (TLS_SELECTOR & ~7), ECX);
            g.put(GDT + (TLS_SELECTOR & ~7) + 4, (int) (Guest.data(0) >>> 32));
        }
        g.put(TSS + 4, STACK);
        if (calls(Call.UPDATE_KERNEL_STACK)) {
            g.mov(EAX, KERNEL_DS).mov(EDX, STACK);
            pointer(Call.UPDATE_KERNEL_STACK);
        }
        g.load(EAX, COUNTER).emit(0x83, 0xe0, 1, 0xc1, 0xe0, 14); // to one of two directories
        g.emit(0x05).address(DIRECTORY);
        pointer(Call.SET_CR3, 0x0f, 0x22, 0xd8);
        lazy(0);
        touch(g.label(), 16);
        again(again);
    }
}
