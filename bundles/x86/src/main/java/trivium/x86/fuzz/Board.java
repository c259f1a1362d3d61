package trivium.x86.fuzz;

import static trivium.cpu.VcpuState.CS;
import static trivium.cpu.VcpuState.RSP;
import static trivium.cpu.VcpuState.SS;
import static trivium.x86.fuzz.Layout.*;

import java.util.Random;
import trivium.cpu.CpuModel;
import trivium.cpu.Segment;
import trivium.cpu.VcpuState;
import trivium.x86.Reset;

/** Descriptor and page tables and the first state of one random program. */
final class Board {
    private static final long P = 1, RW = 2, US = 4, A = 1 << 5, D = 1 << 6, NX = 1L << 63;
    private static final long PLAIN = P | RW | A | D;
    private static final int SECOND_CODE_PAGE = (CODE >>> 12) + 1;

    private final byte[] image = new byte[FuzzMemory.RAM_BYTES];
    private final ImageWriter w = new ImageWriter(image);
    private final VcpuState s = new VcpuState();
    private final FuzzMode mode;
    private final CpuModel model;
    private final Random random;
    private final boolean pae;

    /** Offsets below which the window lies in DS: pointers are made with it. */
    final long dataBase;

    /** Whether programs call services of a kernel, which change tables. */
    private final boolean system;

    Board(FuzzMode mode, CpuModel model, Random random, boolean system) {
        this.system = system;
        this.mode = mode;
        this.model = model;
        this.random = random;
        boolean shifted = mode.codeBits == 32 && random.nextInt(4) == 0;
        dataBase = mode.codeBits == 16 ? DATA16_BASE : shifted ? SHIFTED_BASE : 0;
        pae = mode.longMode() || model.atLeast(CpuModel.PENTIUM3) && random.nextBoolean();
        Reset.powerOn(s, model);
        data();
        descriptors();
        interrupts();
        if (mode.paging) {
            paging();
        }
        segments(shifted);
        if (system) {
            kernel();
        }
        new FpuSeed(random, model).fill(s);
        s.gpr[RSP] = mode.codeBits == 16 ? STACK16 : STACK;
    }

    byte[] image() {
        return image;
    }

    VcpuState state() {
        return s;
    }

    FuzzMode mode() {
        return mode;
    }

    CpuModel model() {
        return model;
    }

    boolean system() {
        return system;
    }

    boolean pae() {
        return pae;
    }

    /** The page with the entries of all pages there are. */
    int lastTable() {
        return TABLES + (pae ? 0x3000 : 0x1000);
    }

    /** Whether there are a second address space, global pages and services that change pages. */
    boolean spaces() {
        return system && mode.paging;
    }

    // ---- what system code needs

    private void kernel() {
        if (mode.paging) {
            if (!mode.user && model == CpuModel.X86_64 && random.nextInt(3) == 0) {
                preventAccess();
            }
            space();
            if (model.atLeast(CpuModel.PENTIUM3)) {
                s.cr4 |= 1 << 7;
            }
        }
        descriptor(SYSCALL_KERNEL, 0, 0xfffff, 0xa09b);
        descriptor(SYSCALL_KERNEL + 8, 0, 0xfffff, 0xc093);
        descriptor(SYSCALL_USER, 0, 0xfffff, 0xc0fb);
        descriptor(SYSCALL_USER + 8, 0, 0xfffff, 0xc0f3);
        descriptor(SYSCALL_USER + 16, 0, 0xfffff, 0xa0fb);
        s.star = (SYSCALL_USER | 3L) << 48 | (long) SYSCALL_KERNEL << 32;
        s.lstar = SYSTEM_HANDLERS;
        s.sfmask = 0x700;
        boolean wide = mode.longMode();
        descriptor(SYSENTER_KERNEL, 0, 0xfffff, wide ? 0xa09b : 0xc09b);
        descriptor(SYSENTER_KERNEL + 8, 0, 0xfffff, 0xc093);
        descriptor(SYSENTER_KERNEL + 16, 0, 0xfffff, 0xc0fb);
        descriptor(SYSENTER_KERNEL + 24, 0, 0xfffff, 0xc0f3);
        descriptor(SYSENTER_KERNEL + 32, 0, 0xfffff, 0xa0fb);
        descriptor(SYSENTER_KERNEL + 40, 0, 0xfffff, 0xc0f3);
        s.sysenterCs = SYSENTER_KERNEL;
        s.sysenterEip = SYSTEM_HANDLERS + SYSTEM_HANDLER_BYTES;
        s.sysenterEsp = STACK0 - 0x200;
    }

    /** SMAP: the supervisor reaches the window, which is the user's, with RFLAGS.AC alone. */
    private void preventAccess() {
        s.cr4 |= 1 << 21;
        for (int page = 5; page < TABLES >>> 12; page++) {
            image[entryOf(page)] &= ~(byte) US;
        }
        for (int page = STACK - 0x1000 >>> 12; page <= STACK >>> 12; page++) {
            image[entryOf(page)] &= ~(byte) US;
        }
    }

    /**
     * Pages of code, stack and handlers become global; the other space has another window and
     * another second page of code.
     */
    private void space() {
        for (int page = 0; page < WINDOW >>> 12; page++) {
            if (random.nextInt(3) > 0 && page != SECOND_CODE_PAGE) {
                image[entryOf(page) + 1] |= 1;
            }
        }
        int bytes = lastTable() + 0x1000 - TABLES;
        System.arraycopy(image, TABLES, image, TABLES + OTHER_TABLES, bytes);
        for (int at = TABLES; at < lastTable(); at += pae ? 8 : 4) {
            if ((image[at] & P) != 0) {
                image[at + OTHER_TABLES + 1] ^= (byte) (OTHER_TABLES >>> 8);
            }
        }
        int code = entryOf(SECOND_CODE_PAGE) + OTHER_TABLES;
        image[code + 1] ^= (byte) (CODE + 0x1000 >>> 8 ^ OTHER_CODE >>> 8);
        image[code + 2] ^= (byte) (CODE >>> 16 ^ OTHER_CODE >>> 16);
        int own = entryOf(WINDOW >>> 12) + OTHER_TABLES;
        int size = pae ? 64 : 32;
        byte[] first = java.util.Arrays.copyOfRange(image, own, own + size);
        int by = random.nextInt(8) * size / 8;
        for (int i = 0; i < size; i++) {
            image[own + (i + by) % size] = first[i];
        }
    }

    /** Where the last-level entry of a linear page lies. */
    int entryOf(int page) {
        return lastTable() + (pae ? 8 : 4) * page;
    }

    private void data() {
        w.at(STACK - 0x800);
        while (w.position() < WINDOW_END) {
            w.value(8, random.nextInt(3) == 0 ? Numbers.any(random) : random.nextInt(0x400));
        }
    }

    private void descriptors() {
        descriptor(CODE32, 0, 0xfffff, 0xc09b);
        descriptor(DATA, 0, 0xfffff, 0xc093);
        descriptor(USER_CODE, 0, 0xfffff, 0xc0fb);
        descriptor(USER_DATA, 0, 0xfffff, 0xc0f3);
        descriptor(CODE16, CODE, 0xffff, 0x9b);
        descriptor(DATA16, DATA16_BASE, 0xffff, 0x93);
        descriptor(STACK16_SELECTOR, 0, 0xffff, 0x93);
        descriptor(DEVICE16, DEVICE16_BASE, 0x1fff, 0x93);
        descriptor(CODE64, 0, 0xfffff, 0xa09b);
        descriptor(USER_CODE64, 0, 0xfffff, 0xa0fb);
        descriptor(TSS_SELECTOR, TSS, 0x67, 0x8b);
        descriptor(ALIAS16, CODE, 0xffff, 0x93);
        descriptor(SHIFTED, SHIFTED_BASE, 0xfffff, 0xc093);
        descriptor(USER_SHIFTED, SHIFTED_BASE, 0xfffff, 0xc0f3);
        s.gdtrBase = GDT;
        s.gdtrLimit = 0xff;
    }

    private void descriptor(int selector, long base, long limit, int attributes) {
        long low = limit & 0xffff | (base & 0xff_ffff) << 16;
        long high = attributes & 0xf0ff | limit >>> 8 & 0xf00 | (base >>> 24 & 0xff) << 16;
        w.at(GDT + (selector & ~7)).value(8, low | high << 40);
    }

    private void interrupts() {
        for (int vector = 0; vector < 256; vector++) {
            int handler = STUBS + vector * STUB_BYTES;
            switch (mode.handlerBits) {
                case 16 -> w.at(4 * vector).value(4, handler);
                case 32 -> w.at(IDT + 8 * vector).value(8, gate(handler, CODE32, 0));
                default -> w.at(IDT + 16 * vector).value(8, gate(handler, CODE64, 1)).value(8, 0);
            }
        }
        s.idtrBase = mode.handlerBits == 16 ? 0 : IDT;
        s.idtrLimit = mode.handlerBits == 16 ? 0x3ff : 256 * mode.handlerBits / 4 - 1;
        if (mode.longMode()) {
            w.at(TSS + 4).value(8, STACK0).at(TSS + 0x24).value(8, STACK0);
        } else {
            w.at(TSS + 4).value(4, STACK0).value(2, DATA);
        }
        w.at(TSS + 102).value(2, 0x68);
        s.tr.set(TSS_SELECTOR, TSS, 0x67, 0x8b);
    }

    private static long gate(int handler, int selector, int ist) {
        return handler & 0xffff | (long) selector << 16 | (long) ist << 32 | 0xeeL << 40;
    }

    // ---- paging

    private void paging() {
        long user = US;
        if (pae) {
            w.at(TABLES).value(8, TABLES + 0x1000 | PLAIN | user);
            w.at(TABLES + 0x1000).value(8, TABLES + 0x2000 | (mode.longMode() ? PLAIN | user : P));
            w.at(TABLES + 0x2000).value(8, TABLES + 0x3000 | PLAIN | user);
            s.cr3 = mode.longMode() ? TABLES : TABLES + 0x1000;
            s.pdpte[0] = TABLES + 0x2000 | P;
            s.cr4 |= 1 << 5;
        } else {
            w.at(TABLES).value(4, TABLES + 0x1000 | PLAIN | user);
            s.cr3 = TABLES;
        }
        for (int page = 0; page < FuzzMemory.END >>> 12; page++) {
            boolean supervisor = page < 5 || page >= TABLES >>> 12 && page < CODE >>> 12;
            entry(page, (long) page << 12 | PLAIN | (supervisor ? 0 : US));
        }
        for (int page = WINDOW >>> 12; page < WINDOW_END >>> 12; page++) {
            windowPage(page);
        }
        entry(CODE_ALIAS >>> 12, CODE | PLAIN | US);
        entry(DATA_ALIAS >>> 12, WINDOW | PLAIN | US);
    }

    private void windowPage(int page) {
        long own = (long) page << 12;
        switch (random.nextInt(20)) {
            case 0 -> entry(page, own | P | US | A);
            case 1 -> entry(page, own | RW | US);
            case 2 -> entry(page, FuzzMemory.MMIO | PLAIN | US);
            case 3 -> entry(page, FuzzMemory.ROM | PLAIN | US);
            case 4 -> entry(page, CODE + 0x1000 | PLAIN | US);
            case 5 -> entry(page, (own ^ 0x1000) | PLAIN | US);
            case 6 -> entry(page, own | PLAIN);
            case 7 -> entry(page, own | P | RW | US);
            case 8 -> entry(page, own | PLAIN | US | (mode.longMode() ? NX : 0));
            default -> {}
        }
    }

    private void entry(int page, long value) {
        if (pae) {
            w.at(lastTable() + 8 * page).value(8, value);
        } else {
            w.at(lastTable() + 4 * page).value(4, value);
        }
    }

    // ---- state

    private void segments(boolean shifted) {
        boolean sse = model.atLeast(CpuModel.PENTIUM3);
        s.cr4 |= sse ? 0x600 : 0;
        s.cr0 = mode.handlerBits == 16 ? 0x30 : 0x31;
        if (mode.paging) {
            s.cr0 |= 1L << 31 | (random.nextBoolean() ? 1 << 16 : 0);
        }
        if (random.nextInt(16) == 0) {
            s.cr0 |= 8;
        }
        if (mode.longMode()) {
            s.efer = 0xd01;
        }
        switch (mode) {
            case REAL16 -> real(0);
            case VIRTUAL8086 -> real(0x60);
            case PROTECTED16 -> protected16();
            default -> flat(shifted);
        }
    }

    private void real(int rights) {
        int[] bases = {WINDOW + 0x1000, CODE, 0, DATA16_BASE, CODE, DEVICE16_BASE};
        for (int i = 0; i < 6; i++) {
            s.segments[i].set(
                    bases[i] >>> 4,
                    bases[i],
                    0xffff,
                    rights != 0 ? 0x93 | rights : i == CS ? 0x9b : 0x93);
        }
    }

    private void protected16() {
        int[] selectors = {DATA16, CODE16, STACK16_SELECTOR, DATA16, ALIAS16, DEVICE16};
        int[] bases = {DATA16_BASE, CODE, 0, DATA16_BASE, CODE, DEVICE16_BASE};
        for (int i = 0; i < 6; i++) {
            int limit = i == VcpuState.GS ? 0x1fff : 0xffff;
            s.segments[i].set(selectors[i], bases[i], limit, i == CS ? 0x9b : 0x93);
        }
    }

    private void flat(boolean shifted) {
        int rights = mode.user ? 0x60 : 0;
        for (int i = 0; i < 6; i++) {
            boolean moved = shifted && (i == VcpuState.DS || i == VcpuState.ES);
            int selector =
                    moved ? mode.user ? USER_SHIFTED : SHIFTED : mode.user ? USER_DATA : DATA;
            long base = moved ? SHIFTED_BASE : 0;
            s.segments[i].set(selector, base, 0xffff_ffffL, 0xc093 | rights);
        }
        Segment cs = s.segments[CS];
        if (mode.codeBits == 64) {
            cs.set(mode.user ? USER_CODE64 : CODE64, 0, 0xffff_ffffL, 0xa09b | rights);
        } else {
            cs.set(mode.user ? USER_CODE : CODE32, 0, 0xffff_ffffL, 0xc09b | rights);
        }
        if (mode.codeBits == 64) {
            s.segments[VcpuState.GS].base = random.nextBoolean() ? WINDOW : 0;
        }
        s.segments[SS].base = 0;
    }
}
