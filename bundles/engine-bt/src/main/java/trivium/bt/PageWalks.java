package trivium.bt;

import static trivium.bt.Asm.*;
import static trivium.bt.Gen.T0;
import static trivium.bt.Gen.T1;
import static trivium.bt.Gen.T2;
import static trivium.mmu.SharedMappings.DIRTY;
import static trivium.mmu.SharedMappings.ENTRIES;
import static trivium.mmu.SharedMappings.ENTRIES_AT;
import static trivium.mmu.SharedMappings.GLOBAL_TAG;
import static trivium.mmu.SharedMappings.LIMIT;
import static trivium.mmu.SharedMappings.LOCAL_TAG;
import static trivium.mmu.SharedMappings.NEW_TAG;
import static trivium.mmu.SharedMappings.NO_EXECUTE;
import static trivium.mmu.SharedMappings.NO_TAG;
import static trivium.mmu.SharedMappings.USER;
import static trivium.mmu.SharedMappings.WRITABLE;

import java.util.ArrayList;
import java.util.List;
import trivium.hostos.PageTable;
import trivium.mmu.Mmu;
import trivium.mmu.SharedMappings;
import trivium.x86.interp.Cpu;
import trivium.x86.interp.Tlb;

/**
 * The subroutines that do on a miss in the TLB what {@link Cpu#fill} does, in the common cases:
 * they look into {@link trivium.mmu.SharedMappings} and walk the guest's tables, setting accessed
 * and dirty bits, and fill the entry, which is dropped with the local ones even if the page is
 * global. Faults, reserved bits, tables in memory that is not plain, and supervisor writes that
 * only CR0.WP allows are left to Java, which begins anew.
 *
 * <p>Called with the linear address in T0, which stays; T1 and T2 are lost, and EFLAGS: CF is set
 * if nothing was filled. In the walk:
 *
 * <pre>
 * RDI  linear page        RAX  guest-physical address of the present table
 * T1   TLB entry          RDX  host address of the present entry   RCX  the entry
 * T2   cache's entry      RSI  AND of all entries                  RBX  OR of all entries
 * R9   address bits       R8   scratch                             R10  mapping
 * </pre>
 */
final class PageWalks {
    /** What is in {@link Area#PAGING}. */
    static final int NONE = 0, NARROW = 1, PAE = 2, LONG = 3;

    static final long NARROW_ADDRESS = 0xffff_f000L, WIDE_ADDRESS = 0x000f_ffff_ffff_f000L;
    private static final int P = 1, RW = 1 << 1, US = 1 << 2, A = 1 << 5, D = 1 << 6, PS = 1 << 7;
    static final int G = 1 << 8;
    private static final int NX_BIT = 63;

    private static final int[] SAVED = {RAX, RCX, RDX, RBX, RSI, RDI, R8, R9, R10};
    private static final int[] SAVED_BY_FETCH = {T1, T2, RAX, RCX, RDX, RBX, RSI, RDI, R8, R9, R10};

    private final Asm a;

    /** Subroutines: the host's page of guest-physical RAX to RDX; {@link #mark}. */
    private final int readable, writable, markWide, markNarrow;

    // Of the subroutine that is written.
    private int tlb, table;
    private boolean write, fetch;
    private final List<Integer> failures = new ArrayList<>();

    /** Writes what all of them call. */
    PageWalks(Asm a) {
        this.a = a;
        readable = host(Area.READABLE_PAGES);
        writable = host(Area.WRITABLE_PAGES);
        markWide = mark(8);
        markNarrow = mark(4);
    }

    /**
     * @param tlb offset of the TLB in the vCPU block
     * @return the subroutine's offset in the code
     */
    int emit(int tlb, boolean write) {
        this.tlb = tlb;
        this.write = write;
        fetch = false;
        table = tlb + (write ? Tlb.WRITE : Tlb.READ);
        int start = begin();
        a.mov(4, T1, T0);
        a.shiftImm(SHR, 4, Rm.reg(T1), Tlb.SLOT_SHIFT);
        a.mov(4, RCX, T1);
        a.aluImm(AND, 4, Rm.reg(T1), Tlb.SLOT_MASK);
        // There already: the access is not within the page.
        a.alu(CMP, 8, RDI, Rm.gs(T1, table));
        fail(E);
        a.aluImm(CMP, 4, Rm.gs(tlb + Tlb.FILLED_COUNT), Tlb.MOST_FILLED);
        fail(AE);
        mapping();
        install();
        end(SAVED);
        return start;
    }

    /**
     * The subroutine that looks an access of some bytes up, and fills the entry if need be. Called
     * with the linear address in T0, which becomes the host's; T1 and T2 are lost, and EFLAGS. If
     * CF is set T0 stays what it was.
     *
     * @param tlb offset of the TLB in the vCPU block
     * @param fill offset of its subroutine by {@link #emit}
     * @return the subroutine's offset in the code
     */
    int emitLookup(int tlb, boolean write, int bytes, int fill) {
        int table = tlb + (write ? Tlb.WRITE : Tlb.READ);
        int start = a.size;
        a.lea(8, T2, Rm.mem(T0, bytes - 1));
        a.mov(4, T1, T0);
        a.shiftImm(SHR, 4, Rm.reg(T1), Tlb.SLOT_SHIFT);
        a.aluImm(AND, 4, Rm.reg(T1), Tlb.SLOT_MASK);
        a.aluImm(AND, 8, Rm.reg(T2), -4096);
        a.alu(CMP, 8, T2, Rm.gs(T1, table));
        int miss = a.jcc(NE);
        a.load(8, T1, Rm.gs(T1, table + 8));
        a.lea(8, T0, Rm.mem(T0, T1, 0, 0)); // CF is not set
        a.ret();
        a.bind(miss);
        a.bindTo(a.call(), fill);
        a.bindTo(a.jcc(AE), start);
        a.ret();
        return start;
    }

    /**
     * The subroutine for code. Called with the linear address in T0 and a cookie in T2, which is
     * lost, and EFLAGS: unless CF is set, that cookie is of the page there, and stands in the EXEC
     * entry now.
     *
     * @param number of the TLB
     * @return the subroutine's offset in the code
     */
    int emitFetch(int number) {
        tlb = number * Cpu.SUPERVISOR_TLB;
        write = false;
        fetch = true;
        int start = a.size;
        a.push(T1);
        a.push(T2);
        begin();
        a.alu(CMP, 4, T2, Rm.gs(Area.COOKIE_COUNT));
        fail(AE);
        a.aluImm(CMP, 4, Rm.gs(Area.EXEC_FILLED + 4 * number), Area.MOST_EXEC_FILLED);
        fail(AE);
        a.mov(4, RCX, T0);
        a.shiftImm(SHR, 4, Rm.reg(RCX), Tlb.SLOT_SHIFT);
        mapping();
        execute(number);
        end(SAVED_BY_FETCH);
        return start;
    }

    private int begin() {
        failures.clear();
        int start = a.size;
        for (int register : SAVED) {
            a.push(register);
        }
        a.aluImm(CMP, 4, Rm.gs(Area.PAGING), NONE);
        fail(E);
        a.mov(8, RDI, T0);
        a.aluImm(AND, 8, Rm.reg(RDI), -4096);
        return start;
    }

    private void end(int[] saved) {
        done(saved, false);
        failures.forEach(a::bind);
        done(saved, true);
    }

    /** RDX = the mapping of the page RDI. */
    private void mapping() {
        a.load(8, RSI, Rm.gs(Area.MAPPINGS));
        a.alu(CMP, 8, RDI, Rm.mem(RSI, LIMIT));
        fail(AE);
        List<Integer> walk = cached();
        int found = a.jmp();
        walk.forEach(a::bind);
        walk();
        a.bind(found);
    }

    /**
     * RDX = the mapping in the cache; RSI leads there. @return jumps taken if there is none that
     * will do
     */
    private List<Integer> cached() {
        List<Integer> walk = new ArrayList<>();
        a.aluImm(AND, 4, Rm.reg(RCX), ENTRIES - 1 << 4);
        a.lea(8, T2, Rm.mem(RSI, RCX, 0, ENTRIES_AT));
        a.load(8, RAX, Rm.mem(T2, 0));
        a.alu(SUB, 8, RAX, Rm.reg(RDI));
        a.alu(CMP, 8, RAX, Rm.mem(RSI, LOCAL_TAG));
        int hit = a.jcc(E);
        a.alu(CMP, 8, RAX, Rm.mem(RSI, GLOBAL_TAG));
        walk.add(a.jcc(NE));
        a.bind(hit);
        a.load(8, RDX, Rm.mem(T2, 8));
        if (write) {
            a.testImm(4, Rm.reg(RDX), DIRTY);
            walk.add(a.jcc(E));
        }
        walk.addAll(permits(RDX));
        return walk;
    }

    /** Jumps that are taken if a mapping does not permit the access, or not for sure. */
    private List<Integer> permits(int mapping) {
        List<Integer> not = new ArrayList<>();
        if (fetch) {
            a.testImm(4, Rm.reg(mapping), NO_EXECUTE);
            not.add(a.jcc(NE));
            // The supervisor may be kept out by SMEP.
            a.testImm(4, Rm.reg(mapping), USER);
            not.add(a.jcc(tlb == Cpu.USER_TLB ? E : NE));
            return not;
        }
        if (tlb == Cpu.USER_TLB) {
            a.testImm(4, Rm.reg(mapping), USER);
            not.add(a.jcc(E));
        } else if (tlb == Cpu.SUPERVISOR_TLB) {
            a.testImm(4, Rm.reg(mapping), USER);
            int supervisor = a.jcc(E);
            a.aluImm(CMP, 4, Rm.gs(Area.SMAP), 0);
            not.add(a.jcc(NE));
            a.bind(supervisor);
        }
        if (write) {
            a.testImm(4, Rm.reg(mapping), WRITABLE);
            not.add(a.jcc(E));
        }
        return not;
    }

    /** RDX = the mapping that the guest's tables give; it is put into the cache. */
    private void walk() {
        a.load(4, RCX, Rm.gs(Area.PAGING));
        a.load(8, RAX, Rm.gs(Area.CR3));
        a.movImm(RSI, -1);
        a.alu(XOR, 4, RBX, Rm.reg(RBX));
        a.aluImm(CMP, 4, Rm.reg(RCX), NARROW);
        int narrow = a.jcc(E);
        a.movImm(R9, WIDE_ADDRESS);
        a.aluImm(CMP, 4, Rm.reg(RCX), PAE);
        int pae = a.jcc(E);
        canonical();
        upper(8, 39);
        fail(NE);
        next(8);
        upper(8, 30);
        fail(NE);
        next(8);
        int directory = a.size;
        upper(8, 21);
        int large = a.jcc(NE);
        next(8);
        entry(8, 12);
        a.mov(8, R10, RCX);
        a.alu(AND, 8, R10, Rm.reg(R9));
        int leaf = a.size;
        leaf(8);
        int done = a.jmp();

        a.bind(large);
        a.testImm(4, Rm.reg(RCX), 0x1f_e000);
        fail(NE);
        large(0x1f_ffff);
        a.bindTo(a.jmp(), leaf);

        a.bind(pae);
        a.mov(4, RCX, RDI);
        a.shiftImm(SHR, 4, Rm.reg(RCX), 30);
        a.shiftImm(SHL, 4, Rm.reg(RCX), 3);
        a.load(8, RAX, Rm.gs(RCX, Area.PDPTES));
        a.testImm(4, Rm.reg(RAX), P);
        fail(E);
        a.alu(AND, 8, RAX, Rm.reg(R9));
        a.bindTo(a.jmp(), directory);

        a.bind(narrow);
        a.movImm(R9, NARROW_ADDRESS);
        upper(4, 22);
        large = a.jcc(NE);
        next(4);
        entry(4, 12);
        a.mov(8, R10, RCX);
        a.alu(AND, 8, R10, Rm.reg(R9));
        leaf = a.size;
        leaf(4);
        int doneNarrow = a.jmp();

        a.bind(large);
        a.aluImm(CMP, 4, Rm.gs(Area.LARGE_PAGES), 0);
        fail(E);
        // PSE-36, or reserved.
        a.testImm(4, Rm.reg(RCX), 0x3f_e000);
        fail(NE);
        large(0x3f_ffff);
        a.bindTo(a.jmp(), leaf);
        a.bind(doneNarrow);
        a.bind(done);
    }

    private void canonical() {
        a.mov(8, RCX, RDI);
        a.shiftImm(SHL, 8, Rm.reg(RCX), 16);
        a.shiftImm(SAR, 8, Rm.reg(RCX), 16);
        a.alu(CMP, 8, RCX, Rm.reg(RDI));
        fail(NE);
    }

    /** RCX = an entry that leads to another table; or maps a large page, if ZF is not set. */
    private void upper(int bytes, int shift) {
        entry(bytes, shift);
        a.testImm(4, Rm.reg(RCX), PS);
    }

    /** RAX = the table that the entry leads to. */
    private void next(int bytes) {
        mark(bytes, A);
        a.mov(8, RAX, RCX);
        a.alu(AND, 8, RAX, Rm.reg(R9));
    }

    /** RCX = the entry of RAX's table, RDX = its host address. */
    private void entry(int bytes, int shift) {
        a.bindTo(a.call(), readable);
        a.test(8, Rm.reg(RDX), RDX);
        fail(E);
        a.mov(8, RCX, RDI);
        a.shiftImm(SHR, 8, Rm.reg(RCX), shift);
        a.aluImm(AND, 4, Rm.reg(RCX), 4096 / bytes - 1);
        a.lea(8, RDX, Rm.mem(RDX, RCX, bytes == 8 ? 3 : 2, 0));
        a.load(bytes, RCX, Rm.mem(RDX, 0));
        a.testImm(4, Rm.reg(RCX), P);
        fail(E);
        if (bytes == 8) {
            a.test(8, Rm.gs(Area.RESERVED), RCX);
            fail(NE);
        }
        a.alu(AND, 8, RSI, Rm.reg(RCX));
        a.alu(OR, 8, RBX, Rm.reg(RCX));
    }

    /**
     * R10 = the address of the piece of a large page that RDI is, with LARGE; told to whom INVLPG
     * concerns. R9 is lost.
     */
    private void large(int offset) {
        a.mov(8, R10, RCX);
        a.alu(AND, 8, R10, Rm.reg(R9));
        a.aluImm(AND, 8, Rm.reg(R10), ~offset);
        a.mov(4, R8, RDI);
        a.aluImm(AND, 4, Rm.reg(R8), offset);
        a.alu(OR, 8, R10, Rm.reg(R8));
        a.aluImm(OR, 4, Rm.reg(R10), Mmu.LARGE);
        // As SharedMappings.largeSlot does.
        a.mov(8, R9, RDI);
        a.shiftImm(SHR, 8, Rm.reg(R9), SharedMappings.LARGE_SHIFT);
        a.mov(8, R8, R9);
        for (int i = 0; i < 2; i++) {
            a.shiftImm(SHR, 8, Rm.reg(R8), 10);
            a.alu(XOR, 4, R9, Rm.reg(R8));
        }
        a.aluImm(AND, 4, Rm.reg(R9), SharedMappings.LARGE_SLOTS - 1);
        a.alu(ADD, 8, R9, Rm.gs(Area.MAPPINGS));
        a.storeImm(1, Rm.mem(R9, SharedMappings.LARGE), 1);
    }

    /** R10 = the mapping, of which it has the address; it is put into the cache. */
    private void leaf(int bytes) {
        a.load(4, R8, Rm.gs(Area.GLOBAL_PAGES));
        a.alu(AND, 4, R8, Rm.reg(RCX));
        a.shiftImm(SHR, 4, Rm.reg(R8), Integer.numberOfTrailingZeros(G));
        a.alu(OR, 8, R10, Rm.reg(R8)); // Mmu.GLOBAL
        bit(RSI, US, USER);
        bit(RSI, RW, WRITABLE);
        bit(RCX, D, DIRTY);
        a.shiftImm(SHR, 8, Rm.reg(RBX), NX_BIT);
        bit(RBX, 1, NO_EXECUTE);
        failures.addAll(permits(R10));
        mark(bytes, write ? A | D : A);
        if (write) {
            a.aluImm(OR, 4, Rm.reg(R10), DIRTY);
        }
        a.load(8, RBX, Rm.gs(Area.MAPPINGS));
        a.store(8, Rm.mem(T2, 8), R10);
        a.load(8, RAX, Rm.mem(RBX, NEW_TAG));
        a.testImm(4, Rm.reg(R10), Mmu.GLOBAL);
        int local = a.jcc(E);
        a.aluImm(CMP, 8, Rm.reg(RAX), NO_TAG);
        int none = a.jcc(E);
        a.load(8, RAX, Rm.mem(RBX, GLOBAL_TAG));
        a.bind(none);
        a.bind(local);
        a.alu(OR, 8, RAX, Rm.reg(RDI));
        a.store(8, Rm.mem(T2, 0), RAX);
        a.mov(8, RDX, R10);
    }

    /** A bit of a register as a bit of the mapping. */
    private void bit(int from, int bit, int as) {
        a.mov(4, R8, from);
        a.aluImm(AND, 4, Rm.reg(R8), bit);
        int shift = Integer.numberOfTrailingZeros(as) - Integer.numberOfTrailingZeros(bit);
        if (shift != 0) {
            a.shiftImm(SHL, 4, Rm.reg(R8), shift);
        }
        a.alu(OR, 8, R10, Rm.reg(R8));
    }

    /** Sets bits in the entry, if they are not. */
    private void mark(int bytes, int bits) {
        a.mov(8, R8, RCX);
        a.aluImm(OR, 8, Rm.reg(R8), bits);
        a.alu(CMP, 8, R8, Rm.reg(RCX));
        int marked = a.jcc(E);
        a.bindTo(a.call(), bytes == 8 ? markWide : markNarrow);
        fail(NE);
        a.bind(marked);
    }

    /** Fills the TLB's entry from the mapping in RDX. */
    private void install() {
        a.mov(8, R10, RDX);
        a.mov(8, RAX, RDX);
        a.bindTo(a.call(), write ? writable : readable);
        a.test(8, Rm.reg(RDX), RDX);
        fail(E);
        a.store(8, Rm.gs(T1, table), RDI);
        a.alu(SUB, 8, RDX, Rm.reg(RDI));
        a.store(8, Rm.gs(T1, table + 8), RDX);
        a.load(4, RAX, Rm.gs(tlb + Tlb.FILLED_COUNT));
        a.lea(4, RCX, Rm.mem(T1, table - tlb));
        a.shiftImm(SHR, 4, Rm.reg(RCX), Integer.numberOfTrailingZeros(Tlb.ENTRY_BYTES));
        a.shiftImm(SHL, 4, Rm.reg(RAX), 2);
        a.store(4, Rm.gs(RAX, tlb + Tlb.FILLED), RCX);
        a.inc(4, Rm.gs(tlb + Tlb.FILLED_COUNT));
        noteLarge();
    }

    /** What {@code Cpu.noteLarge} does, if the mapping in R10 is of a large page. */
    private void noteLarge() {
        a.testImm(4, Rm.reg(R10), Mmu.LARGE);
        int small = a.jcc(E);
        a.mov(8, R8, RDI);
        a.shiftImm(SHR, 8, Rm.reg(R8), Cpu.LARGE_SHIFT);
        a.mov(8, R9, R8);
        a.shiftImm(SHR, 8, Rm.reg(R9), 16);
        a.alu(XOR, 4, R8, Rm.reg(R9));
        a.aluImm(AND, 4, Rm.reg(R8), Cpu.LARGE_SLOTS - 1);
        a.storeImm(1, Rm.gs(R8, Cpu.LARGE_PAGES), 1);
        a.aluImm(CMP, 4, Rm.gs(Area.PAGING), NARROW);
        int wide = a.jcc(NE);
        a.aluImm(XOR, 4, Rm.reg(R8), 1);
        a.storeImm(1, Rm.gs(R8, Cpu.LARGE_PAGES), 1);
        a.bind(wide);
        a.bind(small);
    }

    /** Fills the EXEC entry with the caller's cookie, if it is that of the mapping in RDX. */
    private void execute(int number) {
        a.aluImm(AND, 8, Rm.reg(RDX), -4096);
        a.load(4, RAX, Rm.mem(RSP, 8 * SAVED.length));
        a.mov(4, RBX, RAX);
        a.shiftImm(SHL, 4, Rm.reg(RBX), Integer.numberOfTrailingZeros(Area.COOKIE_BYTES));
        a.alu(ADD, 8, RBX, Rm.gs(Area.COOKIES));
        a.alu(CMP, 8, RDX, Rm.mem(RBX, 0));
        fail(NE);
        a.load(4, RCX, Rm.mem(RBX, 8));
        a.alu(CMP, 4, RCX, Rm.gs(Area.execMode(number)));
        fail(NE);
        a.mov(8, RBX, RDI);
        a.shiftImm(SHR, 8, Rm.reg(RBX), 12);
        a.mov(4, RCX, RBX);
        a.aluImm(AND, 4, Rm.reg(RCX), Area.EXEC_ENTRIES - 1);
        a.load(4, RDX, Rm.gs(Area.EXEC_FILLED + 4 * number));
        a.shiftImm(SHL, 4, Rm.reg(RDX), 2);
        int list = Area.EXEC_FILLED_LIST + 4 * number * Area.MOST_EXEC_FILLED;
        a.store(4, Rm.gs(RDX, list), RCX);
        a.inc(4, Rm.gs(Area.EXEC_FILLED + 4 * number));
        a.shiftImm(SHL, 4, Rm.reg(RCX), 2);
        a.store(4, Rm.gs(RCX, Area.EXEC + number * Area.EXEC_BYTES), RAX);
        // INVLPG has to see to it: as PageFilter does.
        a.mov(8, RCX, RBX);
        a.shiftImm(SHR, 8, Rm.reg(RCX), 16);
        a.alu(XOR, 4, RBX, Rm.reg(RCX));
        a.aluImm(AND, 4, Rm.reg(RBX), 0xffff);
        a.op2(0x0fab, 4, RBX, Rm.gs(Cpu.CODE_PAGES)); // bts
    }

    private void fail(int cc) {
        failures.add(a.jcc(cc));
    }

    private void done(int[] saved, boolean failed) {
        for (int i = saved.length - 1; i >= 0; i--) {
            a.pop(saved[i]);
        }
        a.u8(failed ? 0xf9 : 0xf8); // stc, clc
        a.ret();
    }

    // ---- subroutines of the subroutine

    /** RDX = the host's page of guest-physical RAX, or 0; RCX is lost. */
    private int host(int tablePointer) {
        int start = a.size;
        a.mov(8, RCX, RAX);
        a.shiftImm(SHR, 8, Rm.reg(RCX), PageTable.LEAF_BITS);
        a.aluImm(CMP, 8, Rm.reg(RCX), PageTable.LEAVES);
        int none = a.jcc(AE);
        a.load(8, RDX, Rm.gs(tablePointer));
        a.load(8, RDX, Rm.mem(RDX, RCX, 3, 0));
        a.test(8, Rm.reg(RDX), RDX);
        int empty = a.jcc(E);
        a.mov(4, RCX, RAX);
        a.shiftImm(SHR, 4, Rm.reg(RCX), PageTable.PAGE_BITS);
        a.aluImm(AND, 4, Rm.reg(RCX), (1 << PageTable.LEAF_BITS - PageTable.PAGE_BITS) - 1);
        a.load(8, RDX, Rm.mem(RDX, RCX, 3, 0));
        a.ret();
        a.bind(none);
        a.alu(XOR, 4, RDX, Rm.reg(RDX));
        a.bind(empty);
        a.ret();
        return start;
    }

    /**
     * Replaces the entry RCX at RDX by R8, unless somebody else changed it or its table, at RAX, is
     * not plain memory: then ZF is not set.
     */
    private int mark(int bytes) {
        int start = a.size;
        a.push(RCX);
        a.push(RDX);
        a.bindTo(a.call(), writable);
        a.test(8, Rm.reg(RDX), RDX);
        a.pop(RDX);
        a.pop(RCX);
        int plain = a.jcc(NE);
        a.test(8, Rm.reg(RDX), RDX); // not zero
        a.ret();
        a.bind(plain);
        a.push(RAX);
        a.mov(8, RAX, RCX);
        a.u8(0xf0); // lock cmpxchg
        a.op2(0x0fb1, bytes, R8, Rm.mem(RDX, 0));
        a.pop(RAX);
        a.ret();
        return start;
    }
}
