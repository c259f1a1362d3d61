package trivium.bt;

import static trivium.bt.Asm.*;
import static trivium.cpu.VcpuState.RSP;
import static trivium.cpu.VcpuState.SS;

import java.util.ArrayList;
import java.util.List;
import trivium.x86.decode.Instruction;
import trivium.x86.interp.Block;
import trivium.x86.interp.Tlb;

/**
 * What all instructions of a block under translation share: where guest registers and flags are,
 * how memory is reached, how the block is left. Reused from block to block.
 *
 * <p>Host registers: RAX, RCX, RDX, RBX, RBP, RSI, RDI, R8 and R9 hold the guest registers of their
 * names, R12 the guest's RSP; R11 counts instructions; R13 to R15 are temporary. The guest's R10 to
 * R15 stay in the vCPU block. R10, and outside 64-bit code R8 and R9, are for {@link Groups}.
 */
final class Gen {
    /** Temporaries. */
    static final int T0 = R13, T1 = R14, T2 = R15;

    static final int COUNT = R11;

    /** Host registers by guest register, between blocks; -1: in the vCPU block. */
    private static final int[] CANONICAL = {
        RAX, RCX, RDX, RBX, R12, RBP, RSI, RDI, R8, R9, -1, -1, -1, -1, -1, -1
    };

    static final int INTR = 1, IF = 1 << 9;

    /**
     * In place of a unit: see {@link Stubs#findJump}, {@link Stubs#fetch}, {@link Stubs#lookup} and
     * {@link Stubs#poll}.
     */
    private static final int FIND_JUMP = -1,
            FETCH_JUMP = -2,
            FETCH_SITE = -3,
            LOOKED_UP = -4,
            POLLED = -5;

    /**
     * Code off the hot path: {@code from} are the jumps that lead there, {@code map} is where the
     * guest's registers are then, {@code back} where the block goes on if it need not be left.
     */
    private record Cold(
            int from,
            int kind,
            int index,
            Flags.Place flags,
            int back,
            int unit,
            int[] map,
            Beside beside) {
        Cold(int from, int kind, int index, Flags.Place flags, int back, int unit, int[] map) {
            this(from, kind, index, flags, back, unit, map, null);
        }
    }

    /**
     * A store of so many bytes that {@link BesideCode} may see to, and where the block goes on with
     * its host address.
     */
    private record Beside(int bytes, int back) {}

    /** Off the hot path: an entry of {@link InlineTlb} is filled. */
    private record Fill(
            int from,
            int back,
            int found,
            int entry,
            int size,
            boolean write,
            int miss,
            int index,
            Flags.Place flags) {}

    final Asm a = new Asm();
    final Flags flags = new Flags(this);
    private final Stubs stubs;
    Mode mode;

    /** Host address at which the code in {@link #a} will run. */
    long origin;

    private int translation;
    private Groups groups;

    /** Host registers by guest register, at present and within the loop that the block is. */
    private int[] map, loopMap;

    /** Offset at which the loop's jump to its own start arrives, or 0 if the block is none. */
    int loopEntry;

    /** By instruction: where the jump is that leads to the plain translation, or 0. */
    int[] plainJumps;

    private long firstIp;

    /** The linear pages on which the block lies, by number. */
    private long firstPage, lastPage;

    private final List<Cold> colds = new ArrayList<>();
    private final List<Fill> fills = new ArrayList<>();

    /** Null if the block is not hot. */
    private Hot hot;

    /** The accesses to the window. */
    List<WindowAccess> windowAccesses;

    /** Whether the one that is written next stores. */
    private boolean windowStores;

    /** Of the present instruction. */
    private int index;

    /** Where an instruction that is half done goes on after an exit, or -1: at its beginning. */
    private int retry;

    /** The jumps out of this block. */
    final List<Site> sites = new ArrayList<>();

    /** Where the displacement of the jump to this block's transition is; 0 if it has none. */
    int transition;

    /** If the block checks itself; else null. */
    Check check;

    /** Where the flags are at the check. */
    private Flags.Place checkFlags;

    /** Of a block that checks itself: what its IPs are apart from host addresses. */
    private long codeHost;

    private final long pendingHva;
    private final boolean pendingLow;

    /**
     * @param pendingHva host address of the vCPU's word of pending events
     */
    Gen(Stubs stubs, long pendingHva) {
        this.stubs = stubs;
        this.pendingHva = pendingHva;
        pendingLow = pendingHva == (pendingHva & Integer.MAX_VALUE);
        a.windowAccess = this::windowAccess;
    }

    /** What a block that runs often has beyond others, by instruction. */
    interface Hot {
        /** Its entry of {@link InlineTlb}, or -1; asked once. */
        int entry(int instruction);

        /** Whether memory is found in the window at all. */
        boolean windows();

        /** Whether it may find its memory in the window. */
        boolean inWindow(int instruction);
    }

    /**
     * @param hot null if the block is not
     * @param ip first and last IP of the block
     */
    void begin(
            Groups groups,
            Hot hot,
            Mode mode,
            long ip,
            long lastIp,
            long origin,
            int translation,
            FlagSource entry) {
        this.groups = groups;
        this.hot = hot;
        windowAccesses = List.of();
        this.mode = mode;
        map = CANONICAL;
        loopMap = CANONICAL;
        loopEntry = 0;
        firstIp = ip;
        firstPage = mode.linear(ip) >>> 12;
        lastPage = mode.linear(lastIp) >>> 12;
        this.origin = origin;
        this.translation = translation;
        a.reset();
        colds.clear();
        fills.clear();
        sites.clear();
        transition = 0;
        check = null;
        plainJumps = new int[groups.instructions()];
        flags.begin(groups.instructions(), entry);
    }

    /**
     * The present instruction's memory operand: in the window, as part of its group, or else at T0,
     * with T1 and T2 lost, and EFLAGS. In the window each host instruction that accesses it may
     * fault, and so must come before anything that the guest can see is changed.
     */
    long operand(Instruction in, int size, boolean write) {
        if (inWindow(in.segment) && in.addressSize == 4 && WindowAccess.fits(in)) {
            windowStores = write;
            int base = in.base == Instruction.NO_REGISTER ? -1 : host(in.base);
            int index = in.index == Instruction.NO_REGISTER ? -1 : host(in.index);
            return Rm.window(base, index, in.scale, (int) in.displacement);
        }
        Groups.Group group = groups.memory(index);
        if (group == null) {
            flags.clobber();
            offset(in);
            reach(in.segment, size, write);
            return Rm.mem(T0, 0);
        }
        enter(group, groups.memoryMoved(index));
        return Rm.mem(host(in.base), group.register, 0, (int) in.displacement);
    }

    /** The stack some bytes beside its top, likewise. */
    long stackOperand(int delta, int size, boolean write) {
        if (inWindow(SS) && mode.stackMask() != 0xffffL) {
            windowStores = write;
            return Rm.window(host(RSP), -1, 0, delta);
        }
        Groups.Group group = groups.stack(index);
        if (group == null) {
            flags.clobber();
            stackOffset(delta);
            reach(SS, size, write);
            return Rm.mem(T0, 0);
        }
        enter(group, groups.stackMoved(index));
        return Rm.mem(host(group.base), group.register, 0, delta);
    }

    private boolean inWindow(int segment) {
        return hot != null && mode.flat(segment) && hot.inWindow(index);
    }

    private void windowAccess() {
        if (windowAccesses.isEmpty()) {
            windowAccesses = new ArrayList<>();
        }
        windowAccesses.add(new WindowAccess(a.size, index, windowStores, flags.placeBefore()));
    }

    /**
     * At the first access of a group: one check for all of them.
     *
     * @param moved how far the base register was moved since the group's analysis began
     */
    private void enter(Groups.Group group, int moved) {
        if (group.entered) {
            return;
        }
        group.entered = true;
        flags.clobber();
        a.lea(8, T0, Rm.mem(host(group.base), group.low - moved));
        int entry = inlineEntry();
        if (entry >= 0) {
            inline(entry, group.high - group.low, group.write, Exit.PLAIN);
            a.load(8, group.register, Rm.gs(InlineTlb.entry(entry) + InlineTlb.ADDEND));
            return;
        }
        a.lea(8, T2, Rm.mem(T0, group.high - group.low - 1));
        int table = table(group.write);
        compareTag(table, 8);
        cold(a.jcc(NE), Exit.PLAIN);
        a.load(8, group.register, Rm.gs(T1, table + 8));
    }

    private int table(boolean write) {
        return mode.tlb() + (write ? Tlb.WRITE : Tlb.READ);
    }

    /** From T0 = offset to T0 = host address, by an entry of its own if there is one. */
    private void reach(int segment, int size, boolean write) {
        int entry = inlineEntry();
        if (entry < 0) {
            access(segment, size, write);
            return;
        }
        linear(segment, size, write);
        inline(entry, size, write, write ? Exit.TLB_WRITE : Exit.TLB_READ);
    }

    /** The entry of {@link InlineTlb} for the present instruction, or -1. */
    private int inlineEntry() {
        return hot == null ? -1 : hot.entry(index);
    }

    /**
     * From T0 = linear address to T0 = host address, or for a group the offset in the page that the
     * entry knows. T1 and T2 are lost if it knows another.
     */
    private void inline(int entry, int size, boolean write, int miss) {
        int at = InlineTlb.entry(entry);
        a.alu(SUB, 8, T0, Rm.gs(at + InlineTlb.PAGE));
        a.alu(CMP, 8, T0, Rm.gs(at + InlineTlb.FITS));
        int from = a.jcc(AE);
        int back = a.size;
        if (miss != Exit.PLAIN) {
            a.alu(ADD, 8, T0, Rm.gs(at + InlineTlb.HOST));
        }
        fills.add(new Fill(from, back, a.size, entry, size, write, miss, index, flags.place()));
    }

    /** Fills an entry from the TLB. */
    private void fill(Fill f) {
        int at = InlineTlb.entry(f.entry);
        map = loopMap;
        a.bind(f.from);
        a.alu(ADD, 8, T0, Rm.gs(at + InlineTlb.PAGE));
        // All 64 bits: a group's address may lie beyond 4 GiB, where it must not be found.
        int look = a.size;
        a.lea(8, T2, Rm.mem(T0, f.size - 1));
        int table = table(f.write);
        compareTag(table, 8);
        int back = f.miss == Exit.PLAIN ? -1 : look;
        Beside beside = f.miss == Exit.TLB_WRITE ? new Beside(f.size, f.found) : null;
        colds.add(new Cold(a.jcc(NE), f.miss, f.index, f.flags, back, 0, map, beside));
        a.aluImm(SUB, 4, Rm.gs(InlineTlb.fills(f.entry)), 1);
        colds.add(new Cold(a.jcc(S), Exit.INLINE, f.index, f.flags, -1, 0, map));
        a.load(8, T1, Rm.gs(T1, table + 8));
        a.store(8, Rm.gs(at + InlineTlb.PAGE), T2);
        a.store(8, Rm.gs(at + InlineTlb.ADDEND), T1);
        a.alu(ADD, 8, T1, Rm.reg(T2));
        a.store(8, Rm.gs(at + InlineTlb.HOST), T1);
        a.storeImm(8, Rm.gs(at + InlineTlb.FITS), 4096 - f.size + 1);
        a.storeImm(4, Rm.gs(Area.INLINE_FILLED), 1);
        a.alu(SUB, 8, T0, Rm.reg(T2));
        a.bindTo(a.jmp(), f.back);
    }

    /**
     * The block is a loop: registers change places, and jumps to its start come here from now on.
     *
     * @param check what the block looks at each time
     */
    void beginLoop(int[] map, Runnable check) {
        exchange(CANONICAL, map);
        this.map = map;
        loopMap = map;
        int over = a.jmp();
        loopEntry = a.size;
        poll();
        check.run();
        a.bind(over);
    }

    /** Leaves if the block is not what it was made of; at its entry. */
    void check(Block block) {
        flags.clobber();
        codeHost = block.host() - block.ip;
        checkFlags = flags.place();
        check = new Check(a, block);
    }

    /** The host address of bytes of the block, which checks itself. */
    long codeHost(long ip) {
        return codeHost + ip;
    }

    /** Moves the guest's registers from where one map has them to where another does. */
    private void exchange(int[] from, int[] to) {
        for (int r = 0; r < 16; r++) {
            if (from[r] >= 0 && to[r] < 0) {
                a.store(8, Rm.gs(Area.register(r)), from[r]);
            }
        }
        for (int r = 0; r < 16; r++) {
            if (from[r] < 0 && to[r] >= 0) {
                a.load(8, to[r], Rm.gs(Area.register(r)));
            }
        }
    }

    void instruction(int index, int seenBefore, int seenAfter) {
        this.index = index;
        retry = -1;
        flags.instruction(index, seenBefore, seenAfter);
    }

    /** When the present instruction is tried again it is from here on, with all flags in memory. */
    void retryHere() {
        retry = a.size;
    }

    int retryAt(int beginning) {
        return retry < 0 ? beginning : retry;
    }

    // ---- registers

    /** Host registers by guest register between blocks; -1: none. */
    static int[] canonical() {
        return CANONICAL.clone();
    }

    /** The host register that has a guest register between blocks, or -1. */
    static int canonical(int guest) {
        return CANONICAL[guest];
    }

    /** The host register that has a guest register, or -1. */
    int host(int guest) {
        return map[guest];
    }

    /** A guest register as an operand. */
    long rm(int guest) {
        int host = map[guest];
        return host >= 0 ? Rm.reg(host) : Rm.gs(Area.register(guest));
    }

    /** The host register with a guest register's value: {@code temp} if it has none of its own. */
    int read(int guest, int temp) {
        int host = map[guest];
        if (host >= 0) {
            return host;
        }
        a.load(8, temp, Rm.gs(Area.register(guest)));
        return temp;
    }

    /** The host register to compute a guest register's new value in. */
    int target(int guest, int temp) {
        int host = map[guest];
        return host >= 0 ? host : temp;
    }

    /** Ends a computation in {@link #target}, all of whose 64 bits are the new value. */
    void commit(int guest, int temp) {
        if (map[guest] < 0) {
            a.store(8, Rm.gs(Area.register(guest)), temp);
        }
    }

    // ---- memory

    private int linearSize() {
        return mode.is64() ? 8 : 4;
    }

    /** T0 = offset of the memory operand, truncated to the address size. */
    void offset(Instruction in) {
        offset(in, 0);
    }

    void offset(Instruction in, int more) {
        long displacement = in.displacement + more;
        if (in.ripRelative) {
            long address = displacement + in.ip + in.length;
            a.movImm(T0, in.addressSize == 4 ? address & 0xffff_ffffL : address);
            return;
        }
        boolean base = in.base != Instruction.NO_REGISTER;
        boolean index = in.index != Instruction.NO_REGISTER;
        int size = in.addressSize == 8 ? 8 : 4;
        if (!base && !index) {
            long mask = in.addressSize == 2 ? 0xffff : in.addressSize == 4 ? 0xffff_ffffL : -1;
            a.movImm(T0, displacement & mask);
            return;
        }
        if (displacement != (int) displacement) {
            throw new IllegalStateException("displacement " + displacement);
        }
        int disp = (int) displacement;
        long rm;
        if (base && index) {
            int b = read(in.base, T0);
            rm = Rm.mem(b, read(in.index, T1), in.scale, disp);
        } else if (base) {
            rm = Rm.mem(read(in.base, T0), disp);
        } else {
            rm = Rm.indexed(read(in.index, T1), in.scale, disp);
        }
        a.lea(size, T0, rm);
        if (in.addressSize == 2) {
            a.extend(false, 2, 4, T0, Rm.reg(T0));
        }
    }

    /**
     * From the operand of an instruction to T0 = its host address; T1 and T2 are lost, and EFLAGS.
     */
    void access(Instruction in, int size, boolean write) {
        flags.clobber();
        offset(in);
        access(in.segment, size, write);
    }

    /** From T0 = offset to T0 = host address. {@link Flags#clobber} must have been called. */
    void access(int segment, int size, boolean write) {
        access(segment, size, write, write);
    }

    /**
     * @param beside whether no more than the {@code size} bytes are stored to, which may lie beside
     *     code, then
     */
    void access(int segment, int size, boolean write, boolean beside) {
        linear(segment, size, write);
        int miss = write ? Exit.TLB_WRITE : Exit.TLB_READ;
        long lookup = stubs.lookup(mode, write, size);
        if (hot == null && lookup != 0) {
            // What runs seldom had better be short.
            toStub(a.call(), lookup);
            int failed = a.jcc(B);
            Beside store = beside ? new Beside(size, a.size) : null;
            colds.add(new Cold(failed, miss, index, flags.place(), -1, LOOKED_UP, map, store));
            return;
        }
        int table = table(write);
        int width = linearSize();
        int look = a.size;
        if (size > 1) {
            a.lea(width, T2, Rm.mem(T0, size - 1));
        } else {
            a.mov(width, T2, T0);
        }
        compareTag(table, width);
        int from = a.jcc(NE);
        a.alu(ADD, 8, T0, Rm.gs(T1, table + 8));
        Beside store = beside ? new Beside(size, a.size) : null;
        colds.add(new Cold(from, miss, index, flags.place(), look, 0, map, store));
    }

    /**
     * Compares the tag in the TLB entry of linear address T0, which T1 leads to then, with the page
     * of T2, the last byte's.
     *
     * @param width bytes of a linear address
     */
    private void compareTag(int table, int width) {
        a.mov(4, T1, T0);
        a.shiftImm(SHR, 4, Rm.reg(T1), Tlb.SLOT_SHIFT);
        a.aluImm(AND, 4, Rm.reg(T1), Tlb.SLOT_MASK);
        a.aluImm(AND, width, Rm.reg(T2), -4096);
        a.alu(CMP, 8, T2, Rm.gs(T1, table));
    }

    private void linear(int segment, int size, boolean write) {
        if (mode.is64()) {
            if (segment >= 4) {
                a.alu(ADD, 8, T0, Rm.gs(Area.SEGMENT_BASE + 8 * segment));
            }
            return;
        }
        if (mode.flat(segment)) {
            return;
        }
        int limits = write ? Area.WRITE_LIMIT : Area.READ_LIMIT;
        a.lea(8, T2, Rm.mem(T0, size - 1));
        a.alu(CMP, 8, T2, Rm.gs(limits + 8 * segment));
        cold(a.jcc(G), Exit.ONE);
        a.alu(ADD, 4, T0, Rm.gs(Area.SEGMENT_BASE + 8 * segment));
    }

    /**
     * A 16-byte operand that is not aligned is for the interpreter. Emitted before the access,
     * which might set accessed and dirty bits.
     */
    void checkAligned(Instruction in) {
        flags.clobber();
        offset(in);
        int low = T0;
        boolean based = mode.is64() ? in.segment >= 4 : !mode.flat(in.segment);
        if (based) {
            a.mov(4, T1, T0);
            a.alu(ADD, 4, T1, Rm.gs(Area.SEGMENT_BASE + 8 * in.segment));
            low = T1;
        }
        a.testImm(1, Rm.reg(low), 15);
        cold(a.jcc(NE), Exit.ONE);
    }

    // ---- stack

    /** T0 = offset of the stack's top, some bytes further. */
    void stackOffset(int delta) {
        a.lea(mode.stackMask() == -1L ? 8 : 4, T0, Rm.mem(host(RSP), delta));
        if (mode.stackMask() == 0xffffL) {
            a.extend(false, 2, 4, T0, Rm.reg(T0));
        }
    }

    /** Moves the stack pointer; no flags change. T2 is lost. */
    void moveStack(int delta) {
        int sp = host(RSP);
        flags.willWrite(RSP);
        if (mode.stackMask() == 0xffffL) {
            a.lea(4, T2, Rm.mem(sp, delta));
            a.mov(2, sp, T2);
        } else {
            a.lea(mode.stackMask() == -1L ? 8 : 4, sp, Rm.mem(sp, delta));
        }
    }

    // ---- leaving

    /** The jump at {@code from} leaves the block at the present instruction. */
    void cold(int from, int kind) {
        colds.add(new Cold(from, kind, index, flags.place(), -1, 0, map));
    }

    /** The jump at {@code from} is taken if x87 or SSE state is not loaded. */
    void coldFp(int from, int unit) {
        colds.add(new Cold(from, Exit.FP, index, flags.place(), a.size, unit, map));
    }

    /** Loads what an earlier run left in the image, unless it may not be used. */
    private void loadHeld(Cold c) {
        a.testImm(1, Rm.gs(Area.FP_HELD), c.unit);
        int leave = a.jcc(E);
        a.sse(0, 0x0fae, true, 1, Rm.gs(Area.FP_IMAGE)); // fxrstor64
        a.load(4, T2, Rm.gs(Area.FP_HELD));
        a.store(4, Rm.gs(Area.FP_LOADED), T2);
        a.bindTo(a.jmp(), c.back);
        a.bind(leave);
    }

    /** The interpreter does the present instruction. */
    void one() {
        left(Exit.ONE);
    }

    /** Java does the present instruction. */
    void left(int kind) {
        cold(a.jmp(), kind);
        // Who comes back behind it brings the flags in both places.
        flags.everywhere();
    }

    void count(int instructions) {
        a.lea(8, COUNT, Rm.mem(COUNT, instructions));
    }

    /**
     * At the entry that closing loops and indirect jumps take: leaves if an event is pending, or
     * now and then if the block is not hot yet.
     */
    void poll() {
        if (hot != null) {
            poll(Exit.EVENT, 0);
            return;
        }
        toStub(a.call(), stubs.poll());
        colds.add(new Cold(a.jcc(B), Exit.EVENT, 0, flags.place(), -1, POLLED, map));
    }

    /** Leaves at the present instruction if an event is pending; the flags are in memory. */
    void interruptible() {
        poll(Exit.INSIDE, index);
    }

    /** The present instruction is left to the interpreter if any event is pending. */
    void leaveIfPending() {
        comparePending();
        cold(a.jcc(NE), Exit.ONE);
    }

    /** T2 is lost, and EFLAGS. */
    private void poll(int kind, int index) {
        comparePending();
        int from = a.jcc(NE);
        colds.add(new Cold(from, kind, index, flags.place(), a.size, 0, map));
    }

    private void comparePending() {
        if (pendingLow) {
            a.aluImm(CMP, 4, Rm.absolute((int) pendingHva), 0);
        } else {
            a.load(8, T2, Rm.gs(Area.PENDING_POINTER));
            a.aluImm(CMP, 4, Rm.mem(T2, 0), 0);
        }
    }

    /**
     * A jump to a known place of this mode.
     *
     * @param poll whether it may close a loop, and so must look for events
     */
    void edge(long target, boolean poll) {
        flags.settle();
        Site site = site(target, poll);
        if (closes(target)) {
            site.detour = a.jmp();
            site.flags = flags.place();
            return;
        }
        exchange(loopMap, CANONICAL);
        map = CANONICAL;
        if (!near(target)) {
            site.execEntry = mode.execEntry(mode.linear(target));
            a.aluImm(CMP, 4, Rm.gs(site.execEntry), Integer.MIN_VALUE);
            site.cookie = a.size - 4;
            flags.lost();
            int other = a.jcc(NE);
            colds.add(
                    new Cold(other, Exit.LINK, site.index, flags.place(), a.size, FETCH_SITE, map));
        }
        site.hot = a.jmp();
        site.flags = flags.place();
        map = loopMap;
    }

    /** Whether a jump there goes on in the loop. */
    private boolean closes(long target) {
        return loopEntry != 0 && target == firstIp;
    }

    /** Whether a target is on a page that this block's entry vouches for. */
    boolean near(long target) {
        long page = mode.linear(target) >>> 12;
        return page == firstPage || page == lastPage;
    }

    /** The same on a condition and within the page. {@link Flags#settle} must have been called. */
    void edgeIf(int cc, long target, boolean poll) {
        Site site = site(target, poll);
        site.flags = flags.place();
        if (loopEntry != 0) {
            site.detour = a.jcc(cc);
        } else {
            site.hot = a.jcc(cc);
        }
    }

    private Site site(long target, boolean poll) {
        Site site = new Site(sites.size(), target, poll, flags.leaving());
        sites.add(site);
        return site;
    }

    /** Writes everything off the hot path, and the jumps' stubs. */
    void finish() {
        fills.forEach(this::fill);
        for (Cold c : colds) {
            a.bind(c.from);
            map = c.map;
            if (c.unit == FIND_JUMP) {
                toStub(a.call(), stubs.findJump());
                a.bindTo(a.jcc(E), c.back);
            } else if (c.unit == FETCH_JUMP) {
                a.load(4, T2, Rm.gs(T1, Area.JUMP_COOKIE));
                fetch(c.back);
            } else if (c.unit == FETCH_SITE) {
                Site site = sites.get(c.index);
                a.movImm(T0, mode.linear(site.target));
                a.movImm(T2, origin + site.cookie);
                a.load(4, T2, Rm.mem(T2, 0));
                fetch(c.back);
            } else if (c.unit == LOOKED_UP) {
                beside(c.beside);
            } else if (c.kind == Exit.TLB_READ || c.kind == Exit.TLB_WRITE) {
                beside(c.beside);
                toStub(a.call(), stubs.fill(mode, c.kind == Exit.TLB_WRITE));
                a.bindTo(a.jcc(AE), c.back);
            } else if (c.unit > 0) {
                loadHeld(c);
            } else if (c.back >= 0) {
                unlessMasked(c);
            }
            if (c.unit == POLLED) {
                a.store(4, Rm.gs(Area.SCRATCH), T1);
            }
            flags.emitMaterialize(c.flags);
            exchange(map, CANONICAL);
            if (c.unit == POLLED) {
                a.movImm(T2, Exit.info(c.kind, translation, c.index) & 0xffff_ffffL);
                a.alu(XOR, 4, T2, Rm.gs(Area.SCRATCH));
                toStub(a.jmp(), stubs.exit());
                continue;
            }
            if (c.kind == Exit.PLAIN) {
                // Behind, the flags may be looked for in either place.
                flags.load();
                plainJumps[c.index] = a.jmp();
                a.bind(plainJumps[c.index]);
            }
            leave(Exit.info(c.kind, translation, c.index));
        }
        if (check != null) {
            map = CANONICAL;
            check.finish(a, this::leaveAtEntry);
        }
        for (WindowAccess access : windowAccesses) {
            access.refused = a.size;
            map = loopMap;
            flags.emitMaterialize(access.flags);
            exchange(map, CANONICAL);
            leave(Exit.info(Exit.ONE, translation, access.index));
        }
        for (Site site : sites) {
            map = CANONICAL;
            if (site.detour != 0) {
                a.bind(site.detour);
                site.detourStub = a.size;
                exchange(loopMap, CANONICAL);
                site.hot = a.jmp();
            }
            a.bind(site.hot);
            site.hotStub = a.size;
            flags.emitMaterialize((Flags.Place) site.flags);
            site.cold = a.jmp();
            a.bind(site.cold);
            site.coldStub = a.size;
            leave(Exit.info(Exit.LINK, translation, site.index));
        }
    }

    private void leaveAtEntry() {
        flags.emitMaterialize(checkFlags);
        leave(Exit.info(Exit.ENTRY, translation, 0));
    }

    private void beside(Beside store) {
        if (store != null && store.bytes <= BesideCode.MOST_BYTES) {
            a.lea(8, T2, Rm.mem(T0, store.bytes - 1));
            toStub(a.call(), stubs.besideCode(mode));
            a.bindTo(a.jcc(AE), store.back);
        }
    }

    private void fetch(int back) {
        toStub(a.call(), stubs.fetch(mode));
        a.bindTo(a.jcc(AE), back);
    }

    /** An interrupt that the guest does not accept now is no reason to leave. */
    private void unlessMasked(Cold c) {
        if (pendingLow) {
            a.aluImm(CMP, 4, Rm.absolute((int) pendingHva), INTR);
        } else {
            a.aluImm(CMP, 4, Rm.mem(T2, 0), INTR);
        }
        int leave = a.jcc(NE);
        a.testImm(4, Rm.gs(Area.RFLAGS), IF);
        int back = a.jcc(E);
        a.bindTo(back, c.back);
        a.bind(leave);
    }

    private void leave(int info) {
        a.movImm(T2, info & 0xffff_ffffL);
        toStub(a.jmp(), stubs.exit());
    }

    /** Lets the jump at {@code at} lead to a host address outside. */
    void toStub(int at, long host) {
        a.patch32(at, (int) (host - (origin + at + 4)));
    }

    /** Where a stale block's entry leads. @return its offset */
    int entryStub(FlagSource entry) {
        int at = a.size;
        map = CANONICAL;
        flags.emitMaterialize(new Flags.Place(false, false, entry == null, false, entry));
        leave(Exit.info(Exit.ENTRY, translation, 0));
        return at;
    }

    /** Leaves for a {@link Transitions transition}, or to the interpreter until there is one. */
    void transition() {
        flags.requireSaved();
        transition = a.jmp();
        cold(transition, Exit.ONE);
    }

    /** T1 = offset of the {@link Area#JUMPS entry} for the IP in T0. EFLAGS are lost. */
    static void jumpEntry(Asm a) {
        a.imul3(4, T1, Rm.reg(T0), Area.JUMP_FACTOR);
        a.shiftImm(SHR, 4, Rm.reg(T1), Area.JUMP_HASH_SHIFT);
        a.aluImm(AND, 4, Rm.reg(T1), Area.JUMP_HASH_MASK);
    }

    /** An indirect jump to the IP in T0; {@code commit} does what the instruction else does. */
    void indirect(int instructions, Runnable commit) {
        if (hot == null && mode.codeBase() == 0) {
            toStub(a.call(), stubs.jump(mode));
            cold(a.jcc(B), Exit.ONE);
        } else {
            jumpTarget();
        }
        commit.run();
        count(instructions);
        a.jmpRm(Rm.gs(T1, Area.JUMP_HOST));
    }

    /** T1 = offset of the entry for the IP in T0, where one may go. */
    private void jumpTarget() {
        jumpEntry(a);
        a.alu(CMP, 8, T0, Rm.gs(T1, Area.JUMP_IP));
        int other = a.jcc(NE);
        colds.add(new Cold(other, Exit.ONE, index, flags.place(), a.size, FIND_JUMP, map));
        int look = a.size;
        a.load(4, T2, Rm.gs(T1, Area.JUMP_EXEC));
        a.load(4, T2, Rm.gs(T2, mode.exec()));
        a.alu(CMP, 4, T2, Rm.gs(T1, Area.JUMP_COOKIE));
        int stale = a.jcc(NE);
        if (mode.codeBase() == 0) {
            colds.add(new Cold(stale, Exit.ONE, index, flags.place(), look, FETCH_JUMP, map));
        } else {
            cold(stale, Exit.ONE);
        }
    }
}
