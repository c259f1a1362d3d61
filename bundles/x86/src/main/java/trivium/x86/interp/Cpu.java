package trivium.x86.interp;

import static trivium.cpu.VcpuState.CS;
import static trivium.cpu.VcpuState.RSP;
import static trivium.cpu.VcpuState.SS;
import static trivium.x86.interp.Flags.*;

import java.lang.foreign.MemorySegment;
import java.util.Set;
import trivium.cpu.CpuModel;
import trivium.cpu.Segment;
import trivium.cpu.Vcpu;
import trivium.cpu.VcpuState;
import trivium.hostos.HostMemory;
import trivium.memory.PhysicalMemory;
import trivium.mmu.LinearWindow;
import trivium.mmu.Mmu;
import trivium.x86.decode.Feature;

/**
 * The interpreter's working view of one vCPU: the canonical state, plus what is derived from it for
 * speed (segment limits, privilege, TLB, lazy flags). Bound to the vCPU's thread. {@link #enter}
 * derives everything from the state, {@link #leave} makes the state exact again.
 *
 * <p>Lazy arithmetic flags: the result sign-extended to 64 bits, the vector of carries out of each
 * bit, and the shift that brings the operand's top bit to bit 63.
 */
public final class Cpu {
    /** Bits of {@link #attention}: what the loop must look at before the next block. */
    static final int EXIT = 1, TRAP_FLAG = 2, SHADOW = 4, DEBUG = 8;

    /** RF is set, which the next instruction clears; alone, it asks for nothing else. */
    static final int RESUME = 16;

    private static final int META_SHIFT = 63, META_SF = 1 << 6, META_PF = 1 << 7;
    private static final long PAGE = -4096;
    public static final int LARGE_SLOTS = 1 << 14, LARGE_SHIFT = 21;

    public final Vcpu vcpu;
    public final VcpuState s;
    public final PhysicalMemory memory;
    public final Mmu mmu;
    public final CpuModel model;
    public final Set<Feature> features;

    /** The general registers: the canonical state's own array. */
    public final long[] r;

    /** Highest offset a jump may go to: the code segment's limit. */
    public long codeLimit = 0xffff;

    /**
     * Offset in CS of the next instruction; only valid between blocks and set by block-ending ops.
     */
    public long rip;

    public int cpl;
    public boolean protectedMode, v86, longMode, mode64;

    /** 16, 32 or 64: the code segment's default size. */
    public int codeSize = 16;

    /** 0xFFFF, 0xFFFFFFFF or all ones: which bits of RSP the stack uses. */
    public long stackMask = 0xffff;

    public long linearMask = 0xffff_ffffL;

    /** The width of linear addresses outside 64-bit mode. */
    private final long legacyLinearMask;

    public final long[] base = new long[6];

    /** Highest offset whose access is certainly allowed, or -1 to look closer. */
    public final long[] readLimit = new long[6], writeLimit = new long[6];

    public int attention;

    /**
     * Changes whenever cached ways from one block to the next may be wrong; bit 0 tells user from
     * supervisor code, since what one may run the other may not.
     */
    public int codeGeneration;

    /** The same for blocks on global pages: CR3 does not change it. */
    public int globalGeneration;

    // What blocks were chained under.
    private long chainedBase = -1, chainedLimit = -1;
    private int chainedSize;

    /** The TLBs in {@link #area}: of user and of supervisor code. */
    public static final int USER_TLB = 0, SUPERVISOR_TLB = Tlb.BYTES;

    /** Supervisor with SMAP and RFLAGS.AC: user pages are accessible. */
    public static final int SUPERVISOR_AC_TLB = 2 * Tlb.BYTES;

    /**
     * In {@link #area}: by {@link #largeSlot}, a byte that is not zero if the TLBs may hold pieces
     * of large pages there; where ways from block to block of this codeGeneration, or
     * globalGeneration, may lead (a {@link PageFilter}); whether pages of devices are known, or
     * {@link #CODE_STORES} (32 bits). INVLPG has to see to all that.
     */
    public static final int LARGE_PAGES = 3 * Tlb.BYTES,
            CODE_PAGES = LARGE_PAGES + LARGE_SLOTS,
            GLOBAL_CODE_PAGES = CODE_PAGES + PageFilter.BYTES,
            DEVICES_KNOWN = GLOBAL_CODE_PAGES + PageFilter.BYTES;

    /** In {@link #area}: the entries of {@link CodeStores}. */
    public static final int CODE_STORES = DEVICES_KNOWN + 4096;

    /** Where an engine's own part of {@link #area} begins. */
    public static final int ENGINE_AREA = CODE_STORES + (CodeStores.BYTES + 4095 & -4096);

    /** Where translated code finds memory by linear address; or null. */
    public final LinearWindow window;

    private final MemorySegment areaSegment;

    /**
     * Host address of this vCPU's memory off the heap: the TLBs and what an engine asked for.
     * Before a window, if there is one.
     */
    public final long area;

    private final Tlb userTlb, supervisorTlb, supervisorAcTlb;
    private Tlb tlb;
    private long tlbRead, tlbWrite;

    /** Set while every access must be checked one by one (alignment check, data breakpoints). */
    boolean noFastPath;

    /** Whether every access is checked one by one now, and nothing may be filled in the TLBs. */
    public boolean everyAccessChecked() {
        return noFastPath;
    }

    private long flagResult = 1, flagCarries;
    private int flagMeta;

    /** How often a repeated string instruction was left before its end: it did not count then. */
    long unfinished;

    /** A store dropped the block that runs: perhaps the very instruction that stored. */
    boolean overwritten;

    private final GuestException exception = new GuestException();

    /** The upper half of the last {@link #load128}, or the sign and exponent of {@link #load80}. */
    public long high;

    /** Scratch of SSE instructions. */
    final trivium.x86.simd.SseFloat sse = new trivium.x86.simd.SseFloat();

    /**
     * Whether one more block runs before events are looked at: the accelerator was left behind an
     * STI that found none, and whose shadow holds off any that came since.
     */
    public boolean straightOn;

    /** Null where the interpreter is alone. */
    Accelerator accelerator;

    /** Changes with the mode, the privilege and every segment: all that {@link #enter} derives. */
    public int modeEpoch;

    /** What the loop returns to the machine when EXIT is set. */
    trivium.cpu.VcpuExit exit;

    final SystemUnit system;
    final X87Unit x87;

    public Cpu(Vcpu vcpu, Mmu mmu) {
        this(vcpu, mmu, 0);
    }

    /**
     * @param engineBytes how much {@link #area} has beyond {@link #ENGINE_AREA}, zeroed
     */
    public Cpu(Vcpu vcpu, Mmu mmu, int engineBytes) {
        this.vcpu = vcpu;
        this.mmu = mmu;
        window = mmu.window().orElse(null);
        if (window == null) {
            areaSegment = HostMemory.zeros(ENGINE_AREA + engineBytes);
            area = areaSegment.address();
        } else {
            if (ENGINE_AREA + engineBytes > LinearWindow.ROOM_BYTES) {
                throw new IllegalArgumentException("%d bytes".formatted(engineBytes));
            }
            areaSegment = MemorySegment.NULL;
            area = window.hva() - LinearWindow.ROOM_BYTES;
        }
        codePages = new PageFilter(area + CODE_PAGES);
        globalCodePages = new PageFilter(area + GLOBAL_CODE_PAGES);
        devices = new DeviceTlb(area + DEVICES_KNOWN);
        codeStores = new CodeStores(area + CODE_STORES);
        userTlb = new Tlb(area + USER_TLB);
        supervisorTlb = new Tlb(area + SUPERVISOR_TLB);
        supervisorAcTlb = new Tlb(area + SUPERVISOR_AC_TLB);
        tlb = supervisorTlb;
        s = vcpu.state();
        r = s.gpr;
        memory = vcpu.memory();
        model = vcpu.model();
        legacyLinearMask =
                switch (model) {
                    case I8086 -> 0xf_ffffL;
                    case I80286 -> 0xff_ffffL;
                    default -> 0xffff_ffffL;
                };
        features = Feature.of(model);
        system = new SystemUnit(this);
        x87 = new X87Unit(this);
    }

    // ---- state in and out

    /** Derives everything from the canonical state; caches that may be stale are dropped. */
    public void enter() {
        flushTlb();
        derive();
    }

    /**
     * The same after {@link #leave}, as for a HLT: mostly nobody touched the state meanwhile.
     *
     * @param wentOn if somebody did, it was the guest's code, and flushed no TLB
     */
    void enterAgain(boolean wentOn) {
        if (s.rip != rip && !wentOn
                || s.cr0 != left[0]
                || s.cr3 != left[1]
                || s.cr4 != left[2]
                || s.efer != left[3]) {
            flushTlb();
        }
        derive();
    }

    private void derive() {
        rip = s.rip;
        setStatusFlags((int) s.rflags);
        modeChanged();
        x87.enter();
        attention = 0;
        system.updateAttention();
    }

    /** The accelerator has the x87, MMX and SSE state: the canonical state's is old. */
    public boolean fpAway;

    /** Called before any look at x87, MMX and SSE state, if it is away. */
    void fetchFp() {
        fpAway = false;
        accelerator.fetchFp();
    }

    /** The x87 control word in the state was changed by an accelerator. */
    public void fpuChanged() {
        x87.enter();
    }

    /** What paging hung on when the state was left: CR0, CR3, CR4, EFER. */
    private final long[] left = {-1, 0, 0, 0};

    /** Makes the canonical state exact. */
    public void leave() {
        if (fpAway) {
            fetchFp();
        }
        s.rip = rip;
        s.rflags = flags();
        left[0] = s.cr0;
        left[1] = s.cr3;
        left[2] = s.cr4;
        left[3] = s.efer;
    }

    /** Recomputes what CR0, CR4, EFER, RFLAGS.VM, CPL and the segments imply. */
    void modeChanged() {
        protectedMode = (s.cr0 & CR0_PE) != 0;
        v86 = protectedMode && (s.rflags & VM) != 0;
        longMode = (s.efer & EFER_LMA) != 0;
        cpl = !protectedMode ? 0 : v86 ? 3 : s.segments[SS].dpl();
        Segment cs = s.segments[CS];
        mode64 = longMode && (cs.attributes & Segment.L) != 0;
        codeSize = mode64 ? 64 : (cs.attributes & Segment.DB) != 0 ? 32 : 16;
        linearMask = mode64 ? -1L : legacyLinearMask;
        codeLimit = mode64 ? Long.MAX_VALUE : cs.limit;
        for (int i = 0; i < 6; i++) {
            segmentChanged(i);
        }
        privilegeChanged();
    }

    /** After loads of CS, and perhaps SS, by which nothing changed but them and RFLAGS. */
    public void codeAndStackChanged() {
        boolean vm = (s.rflags & VM) != 0;
        Segment cs = s.segments[CS];
        boolean wide = longMode && (cs.attributes & Segment.L) != 0;
        if (!protectedMode || v86 || vm || wide != mode64) {
            modeChanged();
            return;
        }
        cpl = s.segments[SS].dpl();
        if (!wide) {
            codeSize = (cs.attributes & Segment.DB) != 0 ? 32 : 16;
        }
        segmentChanged(CS);
        segmentChanged(SS);
        privilegeChanged();
    }

    /** A linear address outside 64-bit mode: 32 bits, fewer before the 386. */
    long legacyLinear(long linear) {
        return linear & legacyLinearMask;
    }

    /** The linear address some bytes on: wraps where linear addresses do. */
    private long beyond(long linear, long bytes) {
        return (linear & ~linearMask) == 0 ? linear + bytes & linearMask : linear + bytes;
    }

    /** Call after a load of CS that changed no mode. */
    void codeChanged() {
        segmentChanged(CS);
    }

    /** Selects the TLB of the current privilege. Call after changes of RFLAGS.AC, too. */
    void privilegeChanged() {
        modeEpoch++;
        boolean smapOpen = (s.rflags & AC) != 0 && (s.cr4 & CR4_SMAP) != 0;
        int user = cpl == 3 ? 1 : 0;
        codeGeneration = codeGeneration & ~1 | user;
        globalGeneration = globalGeneration & ~1 | user;
        tlb = cpl == 3 ? userTlb : smapOpen ? supervisorAcTlb : supervisorTlb;
        tlbRead = tlb.read;
        tlbWrite = tlb.write;
        updateFastPath();
    }

    /** Call after changes of CR0.AM, RFLAGS.AC, CPL or DR7. */
    void updateFastPath() {
        boolean slow =
                system.dataBreakpoints()
                        || cpl == 3 && (s.cr0 & CR0_AM) != 0 && (s.rflags & AC) != 0;
        if (slow != noFastPath) {
            noFastPath = slow;
            flushTlb();
        }
    }

    /** Offset in {@link #area} of the TLB that accesses go through now. */
    public int tlbOffset() {
        return (int) (tlbRead - area) - Tlb.READ;
    }

    /** An engine loaded a data segment outside protected mode: its base alone changed. */
    public void loadedReal(int i, int selector) {
        Segment seg = s.segments[i];
        seg.selector = selector;
        seg.base = (long) selector << 4;
        base[i] = seg.base;
    }

    /** An engine loaded a data segment in protected mode. */
    public void loaded(int i, Segment segment) {
        s.segments[i].set(segment);
        segmentChanged(i);
    }

    /** SWAPGS by an engine, which is in 64-bit mode: a base changed, nothing that hangs on it. */
    public void swapGs() {
        Segment gs = s.segments[VcpuState.GS];
        long kernel = s.kernelGsBase;
        s.kernelGsBase = gs.base;
        gs.base = kernel;
        base[VcpuState.GS] = kernel;
    }

    /** Call after any change of a segment register's hidden part. */
    void segmentChanged(int i) {
        modeEpoch++;
        Segment seg = s.segments[i];
        if (mode64) {
            base[i] = i >= VcpuState.FS ? seg.base : 0;
            readLimit[i] = Long.MAX_VALUE;
            writeLimit[i] = Long.MAX_VALUE;
            if (i == SS) {
                stackMask = -1L;
            }
            if (i == CS) {
                unchainIfMoved();
            }
            return;
        }
        base[i] = seg.base;
        boolean readable = seg.usable();
        boolean writable = seg.usable();
        if (protectedMode && !v86) {
            int type = seg.attributes & (Segment.S | Segment.TYPE);
            boolean code = (type & 0x18) == 0x18;
            boolean expandDown = (type & 0x1c) == 0x14;
            readable &= (type & Segment.S) != 0 && !expandDown && (!code || (type & 2) != 0);
            writable &= (type & Segment.S) != 0 && !expandDown && !code && (type & 2) != 0;
        }
        readLimit[i] = readable ? seg.limit : -1;
        writeLimit[i] = writable ? seg.limit : -1;
        if (i == SS) {
            stackMask = (seg.attributes & Segment.DB) != 0 ? 0xffff_ffffL : 0xffffL;
        }
        if (i == CS) {
            codeLimit = seg.limit;
            unchainIfMoved();
        }
    }

    /**
     * Blocks stay chained over transfers that leave all of code's base, limit and size as they
     * were.
     */
    private void unchainIfMoved() {
        if (base[CS] != chainedBase || codeLimit != chainedLimit || codeSize != chainedSize) {
            chainedBase = base[CS];
            chainedLimit = codeLimit;
            chainedSize = codeSize;
            newGeneration();
        }
    }

    // ---- exceptions

    public GuestException fault(int vector) {
        return exception.with(vector, 0);
    }

    public GuestException fault(int vector, int errorCode) {
        return exception.with(vector, errorCode);
    }

    public GuestException gp(int errorCode) {
        return exception.with(GuestException.GP, errorCode);
    }

    public GuestException ud() {
        return exception.with(GuestException.UD, 0);
    }

    /** Checks the target of a jump before it is taken: #GP(0) beyond the limit or not canonical. */
    void checkTarget(long target) {
        if (target > codeLimit || mode64 && target << 16 >> 16 != target) {
            throw gp(0);
        }
    }

    // ---- lazy flags

    /** After an addition: carries is {@code (a & b) | ((a | b) & ~result)}. */
    void setFlags(long result, long carries, int shift) {
        flagResult = result;
        flagCarries = carries;
        flagMeta = shift;
    }

    void flagsAdd32(int a, int b, int result) {
        setFlags(result, (a & b) | ((a | b) & ~result), 32);
    }

    void flagsSub32(int a, int b, int result) {
        setFlags(result, (~a & b) | ((~a | b) & result), 32);
    }

    void flagsAdd64(long a, long b, long result) {
        setFlags(result, (a & b) | ((a | b) & ~result), 0);
    }

    void flagsSub64(long a, long b, long result) {
        setFlags(result, (~a & b) | ((~a | b) & result), 0);
    }

    /** INC and DEC: everything but CF. */
    void flagsKeepCf(long result, boolean of, boolean af) {
        long carry = cf() ? 1 : 0;
        flagCarries = carry << 63 | (of ? carry ^ 1 : carry) << 62 | (af ? 8 : 0);
        flagResult = result;
        flagMeta = 0;
    }

    /** Shifts: a sign-extended result and the two carries; AF is cleared. */
    void flagsResult(long result, boolean cf, boolean of) {
        long carry = cf ? 1 : 0;
        flagCarries = carry << 63 | (of ? carry ^ 1 : carry) << 62;
        flagResult = result;
        flagMeta = 0;
    }

    /** Rotates: CF and OF alone. */
    void setCfOf(boolean cf, boolean of) {
        long carry = cf ? 1 : 0;
        flagCarries = carry << 63 | (of ? carry ^ 1 : carry) << 62 | flagCarries & 8;
        flagMeta &= META_SF | META_PF;
    }

    void flagsLogic(long signExtendedResult) {
        flagResult = signExtendedResult;
        flagCarries = 0;
        flagMeta = 0;
    }

    public boolean cf() {
        return flagCarries << (flagMeta & META_SHIFT) < 0;
    }

    public boolean of() {
        long carries = flagCarries << (flagMeta & META_SHIFT);
        return (carries ^ carries << 1) < 0;
    }

    public boolean af() {
        return (flagCarries & 8) != 0;
    }

    public boolean zf() {
        return flagResult == 0;
    }

    public boolean sf() {
        return flagResult < 0 ^ (flagMeta & META_SF) != 0;
    }

    public boolean pf() {
        return (Integer.bitCount((int) flagResult & 0xff) & 1) == 0 ^ (flagMeta & META_PF) != 0;
    }

    /** The six arithmetic flags as RFLAGS bits. */
    public int statusFlags() {
        return (cf() ? CF : 0)
                | (pf() ? PF : 0)
                | (af() ? AF : 0)
                | (zf() ? ZF : 0)
                | (sf() ? SF : 0)
                | (of() ? OF : 0);
    }

    /** Sets the six arithmetic flags from RFLAGS bits; other bits are ignored. */
    public void setStatusFlags(int flags) {
        long cf = flags & CF;
        long of = flags >>> 11 & 1;
        flagCarries = cf << 63 | (cf ^ of) << 62 | (flags & AF) >>> 1;
        // 0x100 has even parity and no sign; 0 likewise: PF and SF are told by the meta bits.
        flagResult = (flags & ZF) != 0 ? 0 : 0x100;
        flagMeta = ((flags & SF) != 0 ? META_SF : 0) | ((flags & PF) == 0 ? META_PF : 0);
    }

    /** Sets CF and leaves the others. */
    public void setCf(boolean cf) {
        setCfOf(cf, of());
    }

    /** All of RFLAGS. */
    public long flags() {
        return s.rflags & ~(long) STATUS | statusFlags() | 2;
    }

    /** The condition of Jcc, SETcc, CMOVcc (SDM Vol. 1, App. B "EFLAGS Condition Codes"). */
    public boolean condition(int cc) {
        boolean holds =
                switch (cc >>> 1) {
                    case 0 -> of();
                    case 1 -> cf();
                    case 2 -> zf();
                    case 3 -> cf() | zf();
                    case 4 -> sf();
                    case 5 -> pf();
                    case 6 -> sf() != of();
                    default -> zf() | sf() != of();
                };
        return holds ^ (cc & 1) != 0;
    }

    // ---- registers

    public int get8(int index, int shift) {
        return (int) (r[index] >>> shift) & 0xff;
    }

    public void set8(int index, int shift, int value) {
        r[index] = r[index] & ~(0xffL << shift) | (long) (value & 0xff) << shift;
    }

    public void set16(int index, int value) {
        r[index] = r[index] & ~0xffffL | value & 0xffff;
    }

    public void set32(int index, int value) {
        r[index] = value & 0xffff_ffffL;
    }

    // ---- memory: loads

    public int load8(int seg, long offset) {
        if (offset <= readLimit[seg]) {
            long linear = base[seg] + offset & linearMask;
            int slot = Tlb.slot(linear);
            if (HostMemory.getLong(tlbRead + slot) == (linear & PAGE)) {
                return HostMemory.getByte(linear + HostMemory.getLong(tlbRead + slot + 8)) & 0xff;
            }
        }
        return (int) loadSlow(seg, offset, 1);
    }

    public int load16(int seg, long offset) {
        if (offset + 1 <= readLimit[seg]) {
            long linear = base[seg] + offset & linearMask;
            int slot = Tlb.slot(linear);
            if (HostMemory.getLong(tlbRead + slot) == (linear + 1 & PAGE)) {
                return HostMemory.getShort(linear + HostMemory.getLong(tlbRead + slot + 8))
                        & 0xffff;
            }
        }
        return (int) loadSlow(seg, offset, 2);
    }

    public int load32(int seg, long offset) {
        if (offset + 3 <= readLimit[seg]) {
            long linear = base[seg] + offset & linearMask;
            int slot = Tlb.slot(linear);
            if (HostMemory.getLong(tlbRead + slot) == (linear + 3 & PAGE)) {
                return HostMemory.getInt(linear + HostMemory.getLong(tlbRead + slot + 8));
            }
        }
        return (int) loadSlow(seg, offset, 4);
    }

    public long load64(int seg, long offset) {
        if (offset + 7 <= readLimit[seg]) {
            long linear = base[seg] + offset & linearMask;
            int slot = Tlb.slot(linear);
            if (HostMemory.getLong(tlbRead + slot) == (linear + 7 & PAGE)) {
                return HostMemory.getLong(linear + HostMemory.getLong(tlbRead + slot + 8));
            }
        }
        return loadSlow(seg, offset, 8);
    }

    /** Loads 16 bytes: returns the low half and leaves the high one in {@link #high}. */
    public long load128(int seg, long offset) {
        if (offset + 15 <= readLimit[seg]) {
            long linear = base[seg] + offset & linearMask;
            int slot = Tlb.slot(linear);
            if (HostMemory.getLong(tlbRead + slot) == (linear + 15 & PAGE)) {
                long hva = linear + HostMemory.getLong(tlbRead + slot + 8);
                high = HostMemory.getLong(hva + 8);
                return HostMemory.getLong(hva);
            }
        }
        long linear = checkedLinear(seg, offset, 16, false);
        long low = loadLinear(linear, 8, userAccess());
        high = loadLinear(linear + 8 & linearMask, 8, userAccess());
        return low;
    }

    /** Loads 10 bytes: returns the mantissa and leaves sign and exponent in {@link #high}. */
    public long load80(int seg, long offset) {
        long linear = checkedLinear(seg, offset, 10, false);
        long low = loadLinear(linear, 8, userAccess());
        high = loadLinear(linear + 8 & linearMask, 2, userAccess());
        return low;
    }

    /**
     * @param size 1, 2, 4 or 8; the result is zero-extended
     */
    public long load(int seg, long offset, int size) {
        return switch (size) {
            case 1 -> load8(seg, offset);
            case 2 -> load16(seg, offset);
            case 4 -> load32(seg, offset) & 0xffff_ffffL;
            default -> load64(seg, offset);
        };
    }

    private long loadSlow(int seg, long offset, int size) {
        if (wraps(offset, size)) {
            return loadWrapping(seg, offset, size);
        }
        return loadLinear(checkedLinear(seg, offset, size, false), size, userAccess());
    }

    // ---- memory: stores

    public void store8(int seg, long offset, int value) {
        if (offset <= writeLimit[seg]) {
            long linear = base[seg] + offset & linearMask;
            int slot = Tlb.slot(linear);
            if (HostMemory.getLong(tlbWrite + slot) == (linear & PAGE)) {
                HostMemory.putByte(linear + HostMemory.getLong(tlbWrite + slot + 8), (byte) value);
                return;
            }
        }
        storeSlow(seg, offset, 1, value);
    }

    public void store16(int seg, long offset, int value) {
        if (offset + 1 <= writeLimit[seg]) {
            long linear = base[seg] + offset & linearMask;
            int slot = Tlb.slot(linear);
            if (HostMemory.getLong(tlbWrite + slot) == (linear + 1 & PAGE)) {
                HostMemory.putShort(
                        linear + HostMemory.getLong(tlbWrite + slot + 8), (short) value);
                return;
            }
        }
        storeSlow(seg, offset, 2, value);
    }

    public void store32(int seg, long offset, int value) {
        if (offset + 3 <= writeLimit[seg]) {
            long linear = base[seg] + offset & linearMask;
            int slot = Tlb.slot(linear);
            if (HostMemory.getLong(tlbWrite + slot) == (linear + 3 & PAGE)) {
                HostMemory.putInt(linear + HostMemory.getLong(tlbWrite + slot + 8), value);
                return;
            }
        }
        storeSlow(seg, offset, 4, value);
    }

    public void store64(int seg, long offset, long value) {
        if (offset + 7 <= writeLimit[seg]) {
            long linear = base[seg] + offset & linearMask;
            int slot = Tlb.slot(linear);
            if (HostMemory.getLong(tlbWrite + slot) == (linear + 7 & PAGE)) {
                HostMemory.putLong(linear + HostMemory.getLong(tlbWrite + slot + 8), value);
                return;
            }
        }
        storeSlow(seg, offset, 8, value);
    }

    /** Stores 16 bytes or, on a fault, none. */
    public void store128(int seg, long offset, long low, long high) {
        if (offset + 15 <= writeLimit[seg]) {
            long linear = base[seg] + offset & linearMask;
            int slot = Tlb.slot(linear);
            if (HostMemory.getLong(tlbWrite + slot) == (linear + 15 & PAGE)) {
                long hva = linear + HostMemory.getLong(tlbWrite + slot + 8);
                HostMemory.putLong(hva, low);
                HostMemory.putLong(hva + 8, high);
                return;
            }
        }
        long linear = checkedLinear(seg, offset, 16, true);
        probeWrite(linear, 16);
        storeLinear(linear, 8, low, userAccess());
        storeLinear(linear + 8 & linearMask, 8, high, userAccess());
    }

    /** Stores 10 bytes or, on a fault, none. */
    public void store80(int seg, long offset, long mantissa, int signExponent) {
        long linear = checkedLinear(seg, offset, 10, true);
        probeWrite(linear, 10);
        storeLinear(linear, 8, mantissa, userAccess());
        storeLinear(linear + 8 & linearMask, 2, signExponent, userAccess());
    }

    /**
     * @param size 1, 2, 4 or 8
     */
    public void store(int seg, long offset, int size, long value) {
        switch (size) {
            case 1 -> store8(seg, offset, (int) value);
            case 2 -> store16(seg, offset, (int) value);
            case 4 -> store32(seg, offset, (int) value);
            default -> store64(seg, offset, value);
        }
    }

    /** The 8086 goes on at offset 0 after FFFF. */
    private boolean wraps(long offset, int size) {
        return offset + size > 0x1_0000 && model == CpuModel.I8086;
    }

    private long loadWrapping(int seg, long offset, int size) {
        long value = 0;
        for (int i = 0; i < size; i++) {
            value |= (long) load8(seg, offset + i & 0xffff) << 8 * i;
        }
        return value;
    }

    private void storeWrapping(int seg, long offset, int size, long value) {
        for (int i = 0; i < size; i++) {
            store8(seg, offset + i & 0xffff, (int) (value >>> 8 * i));
        }
    }

    private void storeSlow(int seg, long offset, int size, long value) {
        if (wraps(offset, size)) {
            storeWrapping(seg, offset, size, value);
            return;
        }
        storeLinear(checkedLinear(seg, offset, size, true), size, value, userAccess());
    }

    /**
     * Checks that {@code size} bytes may be written, faulting if not: before instructions that
     * store in several pieces.
     */
    public void checkWrite(int seg, long offset, int size) {
        probeWrite(checkedLinear(seg, offset, size, true), size);
    }

    /** Segment and paging check for a read of up to a page, without reading. */
    public void checkRead(int seg, long offset, int size) {
        long linear = checkedLinear(seg, offset, size, false);
        translate(linear, userAccess());
        if (((linear ^ linear + size - 1) & PAGE) != 0) {
            translate(linear + size - 1 & linearMask & PAGE, userAccess());
        }
    }

    private void probeWrite(long linear, int size) {
        translate(linear, userAccess() | Mmu.WRITE);
        if (((linear ^ linear + size - 1) & PAGE) != 0) {
            translate(linear + size - 1 & linearMask & PAGE, userAccess() | Mmu.WRITE);
        }
    }

    // ---- memory: read-modify-write

    /**
     * Prepares a read-modify-write of {@code size} bytes: checks everything a write needs.
     *
     * @return the host address if it is plain memory in one page, or 0: then use {@link #rmwLoad}
     *     and {@link #rmwStore}, which do what was prepared last
     */
    public long rmw(int seg, long offset, int size) {
        long host = writable(seg, offset, size);
        return host != 0 ? host : rmwSlow(seg, offset, size);
    }

    /**
     * The host address of {@code size} bytes within one page if they may be read without a check,
     * or 0: then load them one by one.
     */
    long readable(int seg, long offset, int size) {
        if (offset + (size - 1) <= readLimit[seg]) {
            long linear = base[seg] + offset & linearMask;
            int slot = Tlb.slot(linear);
            if (HostMemory.getLong(tlbRead + slot) == (linear + (size - 1) & PAGE)) {
                return linear + HostMemory.getLong(tlbRead + slot + 8);
            }
        }
        return 0;
    }

    /** The same for writing. */
    long writable(int seg, long offset, int size) {
        if (offset + (size - 1) <= writeLimit[seg]) {
            long linear = base[seg] + offset & linearMask;
            int slot = Tlb.slot(linear);
            if (HostMemory.getLong(tlbWrite + slot) == (linear + (size - 1) & PAGE)) {
                return linear + HostMemory.getLong(tlbWrite + slot + 8);
            }
        }
        return 0;
    }

    private long rmwLinear;

    /** Segment and offset of a read-modify-write that wraps, on the 8086; or -1. */
    private int rmwSegment = -1;

    private long rmwOffset;

    private long rmwSlow(int seg, long offset, int size) {
        rmwSegment = -1;
        if (wraps(offset, size)) {
            rmwSegment = seg;
            rmwOffset = offset;
            return 0;
        }
        long linear = checkedLinear(seg, offset, size, true);
        if (protectedMode && !mode64 && readLimit[seg] < 0) {
            checkedLinear(seg, offset, size, false);
        }
        probeWrite(linear, size);
        rmwLinear = linear;
        int slot = Tlb.slot(linear);
        if (HostMemory.getLong(tlbWrite + slot) == (linear + (size - 1) & PAGE)) {
            return linear + HostMemory.getLong(tlbWrite + slot + 8);
        }
        fillWrite(linear);
        if (HostMemory.getLong(tlbWrite + slot) == (linear + (size - 1) & PAGE)) {
            return linear + HostMemory.getLong(tlbWrite + slot + 8);
        }
        return 0;
    }

    public long rmwLoad(int size) {
        if (rmwSegment >= 0) {
            return loadWrapping(rmwSegment, rmwOffset, size);
        }
        return loadLinear(rmwLinear, size, userAccess());
    }

    public void rmwStore(int size, long value) {
        if (rmwSegment >= 0) {
            storeWrapping(rmwSegment, rmwOffset, size, value);
            return;
        }
        storeLinear(rmwLinear, size, value, userAccess());
    }

    // ---- memory: linear addresses

    int userAccess() {
        return cpl == 3 ? Mmu.USER : 0;
    }

    /** The TLB in which such accesses are looked up, or null for none. */
    private Tlb tlbOf(int access) {
        if ((access & Mmu.USER) != 0) {
            return userTlb;
        }
        if ((access & Mmu.IMPLICIT) != 0 || cpl == 3 && (s.cr4 & CR4_SMAP) == 0) {
            return supervisorTlb;
        }
        return cpl == 3 ? null : tlb;
    }

    /** Loads at a linear address, complete: any alignment, MMIO, page crossing. */
    long loadLinear(long linear, int size, int access) {
        Tlb by = tlbOf(access);
        if (by != null) {
            long entry = by.read + Tlb.slot(linear);
            if (HostMemory.getLong(entry) == (linear + (size - 1) & PAGE)) {
                return HostMemory.get(linear + HostMemory.getLong(entry + 8), size);
            }
        }
        return loadLinearSlow(linear, size, access, by);
    }

    private long loadLinearSlow(long linear, int size, int access, Tlb by) {
        if (((linear ^ linear + (size - 1)) & PAGE) != 0) {
            return loadCrossing(linear, size, access);
        }
        long page = translate(linear, access);
        long gpa = page & PAGE | linear & 0xfff;
        long host = memory.readableHost(gpa);
        if (host == 0) {
            return memory.read(gpa, size);
        }
        if (!noFastPath && by != null) {
            by.put(by.read, linear, host, isGlobal(page));
        }
        return HostMemory.get(host + (linear & 0xfff), size);
    }

    private long loadCrossing(long linear, int size, int access) {
        int first = (int) (4096 - (linear & 0xfff));
        long page1 = translate(linear, access) & PAGE;
        long page2 = translate(beyond(linear, first), access) & PAGE;
        long value = 0;
        for (int i = 0; i < size; i++) {
            long gpa = i < first ? page1 | (linear + i & 0xfff) : page2 | i - first;
            value |= memory.read(gpa, 1) << 8 * i;
        }
        return value;
    }

    /** Stores at a linear address, complete. */
    void storeLinear(long linear, int size, long value, int access) {
        Tlb by = tlbOf(access);
        if (by != null) {
            long entry = by.write + Tlb.slot(linear);
            if (HostMemory.getLong(entry) == (linear + (size - 1) & PAGE)) {
                HostMemory.put(linear + HostMemory.getLong(entry + 8), size, value);
                return;
            }
        }
        storeLinearSlow(linear, size, value, access, by);
    }

    private void storeLinearSlow(long linear, int size, long value, int access, Tlb by) {
        if (((linear ^ linear + (size - 1)) & PAGE) != 0) {
            storeCrossing(linear, size, value, access);
            return;
        }
        long page = translate(linear, access | Mmu.WRITE);
        long gpa = page & PAGE | linear & 0xfff;
        long host = memory.writableHost(gpa);
        if (host == 0) {
            memory.write(gpa, size, value);
            return;
        }
        if (!noFastPath && by != null) {
            by.put(by.write, linear, host, isGlobal(page));
        }
        HostMemory.put(host + (linear & 0xfff), size, value);
    }

    private void storeCrossing(long linear, int size, long value, int access) {
        int first = (int) (4096 - (linear & 0xfff));
        long page1 = translate(linear, access | Mmu.WRITE) & PAGE;
        long page2 = translate(beyond(linear, first), access | Mmu.WRITE) & PAGE;
        for (int i = 0; i < size; i++) {
            long gpa = i < first ? page1 | (linear + i & 0xfff) : page2 | i - first;
            memory.write(gpa, 1, value >>> 8 * i & 0xff);
        }
    }

    /** What {@link #fill} answers. */
    public static final int FILLED = 0, SLOW = 1, FAULT = 2;

    /**
     * Fills the TLB for an access with the present privilege.
     *
     * @return SLOW if such accesses must be done one by one: they are not plain memory or (since
     *     there is nothing to fill) cross into the next page; FAULT if the first byte's page
     *     faults: see {@link #pageFault}
     */
    public int fill(long linear, boolean write) {
        long tag = (write ? tlbWrite : tlbRead) + Tlb.slot(linear);
        if (noFastPath || HostMemory.getLong(tag) == (linear & PAGE)) {
            return SLOW;
        }
        long page = tryTranslate(linear, userAccess() | (write ? Mmu.WRITE : Mmu.READ));
        if (page == Mmu.FAULT) {
            return FAULT;
        }
        long host = write ? memory.writableHost(page & PAGE) : memory.readableHost(page & PAGE);
        if (host == 0) {
            if (write || memory.readableHost(page & PAGE) == 0) {
                devices.put(deviceKey(linear, write), page & PAGE);
            }
            return SLOW;
        }
        tlb.put(write ? tlb.write : tlb.read, linear, host, isGlobal(page));
        return FILLED;
    }

    /** What {@link #windowSource} answers, beside host addresses. */
    public static final long NO_SOURCE = -1, FAULTS = -2;

    /** Bits 0 and 1 of {@link #windowSource}'s answer. */
    public static final int STORES = 1, CONTIGUOUS = 2;

    /**
     * Where the page of a linear address may be opened from in {@link #window}, for an access with
     * the present privilege, whose accessed and dirty bits are set.
     *
     * @return the host address of the page, with STORES if it may be stored to, CONTIGUOUS if the
     *     linear addresses beside it lead to the physical ones beside its own, for 2 MiB; or
     *     NO_SOURCE if such accesses must be done one by one; or FAULTS
     */
    public long windowSource(long linear, boolean write) {
        if (noFastPath) {
            return NO_SOURCE;
        }
        long page = tryTranslate(linear, userAccess() | (write ? Mmu.WRITE : Mmu.READ));
        if (page == Mmu.FAULT) {
            return FAULTS;
        }
        long gpa = page & PAGE;
        long host = write ? memory.writableHost(gpa) : memory.readableHost(gpa);
        if (host == 0) {
            return NO_SOURCE;
        }
        boolean stores = write || (page & Mmu.MAY_WRITE) != 0 && memory.writableHost(gpa) == host;
        boolean contiguous = (s.cr0 & CR0_PG) == 0;
        return host | (stores ? STORES : 0) | (contiguous ? CONTIGUOUS : 0);
    }

    /** Pages that are not read, or not written, as plain memory: what {@link #fill} found. */
    private final DeviceTlb devices;

    /** Holds pages of which {@link #devices} knows, or knew since they were flushed, both. */
    final CodeStores codeStores;

    /** Of the engine that caches code, or null. */
    BlockCache codeCache;

    /** With the TLB that would be asked. */
    private long deviceKey(long linear, boolean write) {
        return linear & PAGE | tlbNumber() << 1 | (write ? 1 : 0);
    }

    /**
     * Changes when bytes of blocks that check themselves ({@link Block#check}) may have been stored
     * to otherwise than by translated code.
     */
    public int checkedStores() {
        return codeCache.checkedStores;
    }

    /** A block that checks itself ran long, and was not found to be another lately. */
    public void calm(Block block) {
        codeCache.calm(block);
    }

    private int tlbNumber() {
        return tlbOffset() / Tlb.BYTES;
    }

    /**
     * Before a store that {@link #device} knows: the next ones to its page, if that is one with
     * code and they do not hit the code, may be done by translated code ({@link CodeStores}).
     */
    public void openCodeStores(long linear, long gpa) {
        if (!codeStores.isOpen(linear, tlbNumber())) {
            codeCache.openStores(linear, tlbNumber(), gpa);
        }
    }

    /**
     * The guest-physical address of an access to a device, or of a store to a page with code, as
     * {@link #fill} found lately, or -1 if nothing is known. The caller looks that it does not
     * leave the page.
     */
    public long device(long linear, boolean write) {
        long page = devices.find(deviceKey(linear, write));
        // A page may have had code once.
        return page < 0 || write && memory.writableHost(page) != 0 ? -1 : page | linear & 0xfff;
    }

    private static boolean isGlobal(long page) {
        return (page & Mmu.GLOBAL) != 0;
    }

    /** After {@link #fill} said FAULT: the #PF of an access there, with CR2 set. */
    public GuestException pageFault(long linear) {
        s.cr2 = linear;
        return fault(GuestException.PF, mmu.faultErrorCode());
    }

    private void fillWrite(long linear) {
        if (noFastPath) {
            return;
        }
        long page = translate(linear, userAccess() | Mmu.WRITE);
        long host = memory.writableHost(page);
        if (host != 0) {
            tlb.put(tlb.write, linear, host, isGlobal(page));
        }
    }

    /**
     * Translates, or throws #PF with CR2 set.
     *
     * @return guest-physical page address with the flags of {@link Mmu#translate} in bits 0 to 11
     */
    long translate(long linear, int access) {
        long page = tryTranslate(linear, access);
        if (page == Mmu.FAULT) {
            throw pageFault(linear);
        }
        return page;
    }

    /** Like {@link Mmu#translate}, and notes large pages; all that the TLBs get comes from here. */
    private long tryTranslate(long linear, int access) {
        long page = mmu.translate(linear, access);
        if (page != Mmu.FAULT && (page & Mmu.LARGE) != 0) {
            noteLarge(linear);
        }
        return page;
    }

    /** See {@link #CODE_PAGES}. */
    private final PageFilter codePages, globalCodePages;

    /** A hash of the linear address above its 2 MiB. */
    private static int largeSlot(long linear) {
        long page = linear >>> LARGE_SHIFT;
        return (int) (page ^ page >>> 16) & LARGE_SLOTS - 1;
    }

    private boolean large(long linear) {
        return HostMemory.getByte(area + LARGE_PAGES + largeSlot(linear)) != 0;
    }

    private void noteLarge(long linear) {
        // Without PAE they have 4 MiB.
        HostMemory.putByte(area + LARGE_PAGES + largeSlot(linear), (byte) 1);
        if ((s.cr4 & CR4_PAE) == 0) {
            int other = largeSlot(linear ^ 1L << LARGE_SHIFT);
            HostMemory.putByte(area + LARGE_PAGES + other, (byte) 1);
        }
    }

    /** The guest-physical address of code at a linear address, or throws #PF. */
    public long codeAddress(long linear) {
        int slot = Tlb.slot(linear);
        if (HostMemory.getLong(tlb.exec + slot) == (linear & PAGE)) {
            return linear + HostMemory.getLong(tlb.exec + slot + 8);
        }
        long page = translate(linear, userAccess() | Mmu.EXECUTE);
        tlb.put(tlb.exec, linear, page & PAGE, isGlobal(page));
        (isGlobal(page) ? globalCodePages : codePages).add(linear);
        return page & PAGE | linear & 0xfff;
    }

    /** The linear address of code of the present segment. */
    long codeLinear(long ip) {
        return base[CS] + ip & linearMask;
    }

    /** Whether code at a linear address is known to be on a global page. */
    boolean globalCode(long linear) {
        return HostMemory.getLong(tlb.exec + Tlb.slot(linear)) == (linear & PAGE)
                && tlb.isGlobal(tlb.exec, linear);
    }

    /**
     * Segment checks of an access (limit, rights, canonical form, alignment): its linear address.
     */
    long checkedLinear(int seg, long offset, int size, boolean write) {
        return system.checkedLinear(seg, offset, size, write);
    }

    // ---- TLB

    /** Drops all this vCPU's engine caches of translations (not the strategy's own). */
    void flushTlb() {
        devices.flush();
        codeStores.flush();
        userTlb.flush();
        supervisorTlb.flush();
        supervisorAcTlb.flush();
        codePages.clear();
        globalCodePages.clear();
        HostMemory.fill(area + LARGE_PAGES, LARGE_SLOTS, (byte) 0);
        newGeneration();
        if (accelerator != null) {
            accelerator.flushed();
        }
    }

    /** The same, but global pages stay: a CR3 write. */
    void flushLocal() {
        devices.flush();
        codeStores.flush();
        userTlb.flushLocal();
        supervisorTlb.flushLocal();
        supervisorAcTlb.flushLocal();
        codePages.clear();
        codeGeneration += 2;
        if (accelerator != null) {
            accelerator.flushedLocal();
        }
    }

    private void newGeneration() {
        codeGeneration += 2;
        globalGeneration += 2;
    }

    void flushTlbPage(long linear) {
        if (large(linear)) {
            flushTlb();
            return;
        }
        devices.flush();
        codeStores.flush();
        userTlb.flushPage(linear);
        supervisorTlb.flushPage(linear);
        supervisorAcTlb.flushPage(linear);
        if (globalCodePages.mayContain(linear)) {
            newGeneration();
        } else if (codePages.mayContain(linear)) {
            codeGeneration += 2;
        }
        if (accelerator != null) {
            accelerator.flushedPage(linear);
        }
    }

    /** INVLPG. */
    public void invalidatePage(long linear) {
        system.control.invlpg(linear);
    }

    void flushWritesTo(long hvaPage) {
        codeStores.flush();
        userTlb.flushWritesTo(hvaPage);
        supervisorTlb.flushWritesTo(hvaPage);
        supervisorAcTlb.flushWritesTo(hvaPage);
        if (accelerator != null) {
            accelerator.flushedWrites(hvaPage);
        }
    }

    // ---- stack

    void push(int size, long value) {
        long sp = r[RSP] - size & stackMask;
        store(SS, sp, size, value);
        setSp(sp);
    }

    /** The value at the top of the stack; the caller commits with {@link #setSp}. */
    long peek(int size) {
        return load(SS, r[RSP] & stackMask, size);
    }

    long pop(int size) {
        long sp = r[RSP] & stackMask;
        long value = load(SS, sp, size);
        setSp(sp + size);
        return value;
    }

    /** Sets SP, ESP or RSP by the stack's size. */
    void setSp(long sp) {
        r[RSP] = stackMask == 0xffffL ? r[RSP] & ~0xffffL | sp & 0xffff : sp & stackMask;
    }
}
