package trivium.bt;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.stream.Stream;
import trivium.bus.SharedPorts;
import trivium.cpu.CpuModel;
import trivium.cpu.Segment;
import trivium.cpu.Vcpu;
import trivium.cpu.VcpuState;
import trivium.hostos.GsBase;
import trivium.hostos.HostMemory;
import trivium.hostos.NativeCall;
import trivium.x86.decode.Instruction;
import trivium.x86.decode.Mnemonic;
import trivium.x86.decode.Operand.Place;
import trivium.x86.interp.Accelerator;
import trivium.x86.interp.Block;
import trivium.x86.interp.Cpu;
import trivium.x86.interp.GuestException;

/** Translates hot blocks and runs them, under the interpreter. Bound to the vCPU's thread. */
final class BtAccelerator implements Accelerator {
    /** No canonical address. */
    private static final long NOWHERE = Long.MIN_VALUE;

    /** Status flags, and IF. */
    private static final int STATUS = 0x8d5, IF = 1 << 9;

    /** How many transitions are made for one place, at most. */
    private static final int MOST_TRANSITIONS = 16, MOST_WAYS = 6, MOST_LOADABLE = 256;

    /** When nobody tries any more to make host code for a fault. */
    private static final int MOST_FAULTS_LEFT = 1000;

    /** How many instructions the statistics name. */
    private static final int MOST_LEFT = 20;

    private final Cpu c;
    private final VcpuState s;
    private final long[] r;
    private final long area;
    private final CodeCache cache;
    private final InlineTlb inlineTlb;
    private final Translations translations;
    private final FpState fp;
    private final Devices devices;
    private final Paging paging;
    private final int threshold;

    /** A transition is made when the interpreter did it so often. */
    private final int transitionThreshold;

    private final Runnable events;

    private final ExecTable[] pages = new ExecTable[Area.EXEC_TABLES];

    // The present mode, as of modeEpoch.
    private Mode mode;
    private int modeEpoch = -1;

    /** Modes used lately: guests go to and fro between a few. A power of two. */
    private static final int LATELY = 4;

    private final Mode[] lately = new Mode[LATELY];
    private int latest;

    private final Contexts contexts = new Contexts();
    private final Ways ways;
    private final Transitions transitions;

    /** What host code may load into segment registers: by {@link Area#LOADED_NUMBER}. */
    private final List<Segment> loadable = new ArrayList<>();

    /** The present context, as of modeEpoch, and that before an instruction left; may be null. */
    private Context context, before;

    /** Number of the context in which generated code was entered. */
    private int entered;

    private boolean counted;

    /** The jump by which generated code was left last, if it waits for its target. */
    private Site link;

    /** Whether it was left by an indirect jump to an unknown target. */
    private boolean jumpMissed;

    /** What {@link #execute} ends with. */
    private int answer;

    /** The last miss in the TLB of this stay in generated code, and the address before. */
    private int missInfo;

    private long missLinear, missBefore;

    private final Windows windows;

    /** How host code is entered next. */
    private long entry;

    // Where to go on after the interpreter did one instruction.
    private Translation resume;
    private int resumeIndex, resumeGeneration, resumeEpoch, resumeStores;

    /** {@link Cpu#checkedStores} when generated code was left. */
    private int checkedStores;

    /** The translation that found that its block was not the same any more, or null. */
    private Translation mismatched;

    /** The instruction left to the interpreter: of this translation, or null. */
    private Translation oneOf;

    private int oneIndex;

    // The fault under way, and in which context it had no host code; may be null.
    private int faultVector, faultError;
    private Context faultFrom;

    // Statistics.
    private long entries;
    private final long[] exits = new long[Exit.KINDS];

    /** By mnemonic: instructions left to the interpreter, and memory accesses that it did. */
    private final long[] left = new long[Mnemonic.values().length];

    private long undefined, slowAccesses;

    /** Exceptions delivered in host code. */
    private long faulted;

    BtAccelerator(Cpu c, CodeCache cache, Budget budget, int threshold, int sampling) {
        this.c = c;
        this.cache = cache;
        this.threshold = threshold;
        transitionThreshold = Math.min(threshold, 4);
        s = c.s;
        r = c.r;
        area = c.area;
        inlineTlb = new InlineTlb(area);
        translations =
                new Translations(
                        c, cache, budget, inlineTlb, sampling, contexts::number, this::forget);
        for (int i = 0; i < pages.length; i++) {
            pages[i] = new ExecTable(area, i);
        }
        HostMemory.putLong(area + Area.PENDING_POINTER, c.vcpu.pendingHva());
        long ports = c.vcpu.ports().shared().map(SharedPorts::hva).orElse(0L);
        HostMemory.putLong(area + Area.PORTS, ports);
        fp = new FpState(c);
        devices = new Devices(c);
        paging = new Paging(c);
        ways = new Ways(c);
        transitions = new Transitions(cache);
        clearJumps();
        entry = cache.stubs().enter();
        windows = new Windows(c, cache, sampling == 0);
        events = BtEvents.register(name(), this::counters);
    }

    /** "debian, vCPU 0": an engine is not told its VM, but the thread has its name. */
    private String name() {
        return "%s, vCPU %d"
                .formatted(PerfMap.vm(Thread.currentThread().getName()), c.vcpu.index());
    }

    @Override
    public void enter() {
        BtEvents.look();
        devices.enter();
        try {
            GsBase.set(area + Area.GS_BASE);
        } catch (IOException e) {
            throw new IllegalStateException("the BT engine needs the GS base", e);
        }
    }

    @Override
    public int threshold() {
        return threshold;
    }

    @Override
    public Code translate(Block block) {
        return c.model.atLeast(CpuModel.I386) ? translations.code(block) : null;
    }

    @Override
    public Optional<HostCode> translation(long rip) {
        return translations.at(rip);
    }

    /** All translations are gone, and all that knows of them. */
    private void forget() {
        Arrays.fill(lately, mode);
        contexts.clear();
        for (ExecTable table : pages) {
            table.use(null);
        }
        before = null;
        faultFrom = null;
        clearJumps();
        link = null;
        mismatched = null;
        resume = null;
        use(mode);
    }

    // ---- running

    @Override
    public void limit(long instructions) {
        counted = instructions <= 1L << 62;
        if (counted) {
            HostMemory.putLong(
                    area + Area.LIMIT, HostMemory.getLong(area + Area.COUNT) + instructions);
        }
    }

    @Override
    public int run(Code of) {
        Translations.BtCode code = (Translations.BtCode) of;
        updateMode();
        translations.useWindows(windows.pay());
        if (faultFrom != null) {
            learnFault();
        }
        Site from = link;
        link = null;
        if (mismatched != null) {
            translations.addVariant(code, mismatched);
            mismatched = null;
        }
        Translation t = translations.variant(code, null);
        if (t == null) {
            jumpMissed = false;
            return interpret();
        }
        if (from != null && from.target == c.rip && from.owner.valid && from.owner.mode == mode) {
            translations.link(from, code);
            if (!t.valid) {
                t = translations.variant(code, null);
            }
        }
        ExecTable table = pages[mode.table()];
        table.put(t.execEntry, t.cookie, area, code.block.global);
        if (t.secondEntry != 0) {
            table.put(t.secondEntry, t.secondCookie, area, code.block.global);
        }
        if (jumpMissed) {
            jumpMissed = false;
            rememberJump(t);
        }
        return execute(t.host + t.body);
    }

    private int interpret() {
        resume = null;
        oneOf = null;
        return ONE;
    }

    @Override
    public Block one() {
        return oneOf == null || oneOf.ones == null ? null : oneOf.ones[oneIndex];
    }

    @Override
    public void keep(Block one) {
        if (oneOf != null && !translations.isFull()) {
            if (oneOf.ones == null) {
                oneOf.ones = new Block[oneOf.instructions()];
            }
            translations.addOne(oneOf.ones[oneIndex]);
            oneOf.ones[oneIndex] = one;
        }
    }

    /** Goes into generated code until there is something for the interpreter. */
    private int execute(long at) {
        copyIn();
        fp.offer();
        missInfo = -1;
        windows.left();
        entries++;
        long target = at;
        while (target != 0) {
            NativeCall.call(entry, target);
            entry = cache.stubs().enter();
            target = wayOn();
        }
        return answer;
    }

    /**
     * Sees to why generated code was left. Apart from {@link #execute} and in pieces, which the JIT
     * compiles one by one as they are needed.
     *
     * @return where it goes on, or 0: {@link #answer} is what comes next
     */
    private long wayOn() {
        checkedStores = c.checkedStores();
        int now = HostMemory.getInt(area + Area.CONTEXT);
        if (now != entered) {
            arrived(now);
        }
        int info = HostMemory.getInt(area + Area.INFO);
        int kind = Exit.kind(info);
        int index = Exit.index(info);
        exits[kind]++;
        if (kind == Exit.WINDOW) {
            return window();
        }
        windows.left();
        Translation t = translations.get(Exit.translation(info));
        BtEvents.exited(kind, t.ips, index);
        return switch (kind) {
            case Exit.TLB_READ -> missed(t, index, info, false);
            case Exit.TLB_WRITE -> missed(t, index, info, true);
            case Exit.DEVICE -> device(t, index);
            case Exit.PLAIN -> plainFromHere(t, index);
            case Exit.INLINE -> judge(t, index);
            case Exit.ONE -> interpretOrFault(t, index);
            case Exit.INVLPG -> invalidate(t, index);
            case Exit.FP -> loadFp(t, index);
            case Exit.LINK -> toLink(t.sites.get(index));
            default -> out(t, index, kind);
        };
    }

    /** An access of hot code faulted: it is done again, or by the interpreter. */
    private long window() {
        entry = cache.stubs().resume();
        long at = HostMemory.getLong(area + Area.WINDOW_IP);
        Translation t = translations.containing(at);
        WindowAccess access = t.windowAccess(at);
        BtEvents.exited(Exit.WINDOW, t.ips, access.index);
        int opened = windows.open(at, access.stores);
        if (opened == Windows.REFUSED) {
            translations.refused(t, access.index);
        }
        // If not valid, the walk's accessed bit is in its code.
        return opened == Windows.OPENED && isIntact(t) ? at : t.host + access.refused;
    }

    /** Whether nothing was stored to a translation's block since generated code was left. */
    private boolean isIntact(Translation t) {
        return t.valid && c.checkedStores() == checkedStores;
    }

    private long answer(int next) {
        answer = next;
        return 0;
    }

    /** The middle of a translation, or out of it for want of room. */
    private long middleOrOut(Translation t, int index) {
        long target = translations.middle(t, index);
        return target == 0 ? answer(noRoom(t, index)) : target;
    }

    private long missed(Translation t, int index, int info, boolean write) {
        long linear = HostMemory.getLong(area + Area.ADDRESS);
        long gpa = c.device(linear, write);
        if (write && gpa >= 0) {
            c.openCodeStores(linear, gpa);
        }
        return gpa >= 0 && Devices.moves(t.list.get(index), gpa)
                ? move(t, index, gpa)
                : fill(t, index, linear, info, write);
    }

    private long move(Translation t, int index, long gpa) {
        missInfo = -1;
        begin(t, index);
        devices.move(t.list.get(index), gpa);
        return behind(t, index);
    }

    private long fill(Translation t, int index, long linear, int info, boolean write) {
        // Two pages of one instruction may push each other out.
        boolean same = info == missInfo;
        boolean again = same && (linear == missLinear || linear == missBefore);
        missBefore = same ? missLinear : NOWHERE;
        missInfo = info;
        missLinear = linear;
        int filled = again || !canonical(linear) ? Cpu.SLOW : c.fill(linear, write);
        if (filled == Cpu.FILLED) {
            // If not valid, the walk's accessed bit is in its code.
            return isIntact(t) ? middleOrOut(t, index) : answer(goOnAt(t, index));
        }
        if (filled == Cpu.FAULT && faultsFirst(t.list.get(index), linear)) {
            missInfo = -1;
            s.cr2 = linear;
            HostMemory.putLong(area + Area.CR2, linear);
            return fault(t, index, GuestException.PF, c.mmu.faultErrorCode());
        }
        long gpa = filled == Cpu.SLOW ? c.device(linear, write) : -1;
        if (gpa >= 0 && Devices.moves(t.list.get(index), gpa)) {
            return move(t, index, gpa);
        }
        slowAccesses++;
        return answer(one(t, index));
    }

    private long plainFromHere(Translation t, int index) {
        long target = middleOrOut(t, index);
        if (target != 0) {
            cache.link(t.host + t.plainJumps[index], target);
        }
        return target;
    }

    /** The instruction's entry of {@link InlineTlb} was filled often: is it any good? */
    private long judge(Translation t, int index) {
        if (inlineTlb.pays(t.inline[index], instructions())) {
            return middleOrOut(t, index);
        }
        translations.roams(t, index);
        return answer(goOnAt(t, index));
    }

    private long interpretOrFault(Translation t, int index) {
        int vector = certainFault(t.list.get(index));
        return vector < 0 ? answer(one(t, index)) : fault(t, index, vector, 0);
    }

    private long invalidate(Translation t, int index) {
        if (c.cpl != 0 || c.v86) {
            return answer(one(t, index));
        }
        begin(t, index);
        c.invalidatePage(HostMemory.getLong(area + Area.ADDRESS));
        return behind(t, index);
    }

    private long device(Translation t, int index) {
        Instruction in = t.list.get(index);
        if (!devices.mayRun(in)) {
            return answer(one(t, index));
        }
        begin(t, index);
        devices.run(in);
        return behind(t, index);
    }

    private long loadFp(Translation t, int index) {
        if (fp.loaded() || !fp.load(t.fp.loadedAt(index + 1))) {
            answer(one(t, index));
            resume = null;
            return 0;
        }
        return middleOrOut(t, index);
    }

    private long toLink(Site site) {
        link = site;
        c.straightOn = site.shadow;
        return answer(leave(site.target));
    }

    private long out(Translation t, int index, int kind) {
        switch (kind) {
            case Exit.FAULT -> {
                faulted--;
                leave(HostMemory.getLong(area + Area.FAULT_IP));
                return answer(FAULT);
            }
            case Exit.TRANSITION -> {
                answer(leave(HostMemory.getLong(area + Area.ADDRESS)));
                jumpMissed = true;
                return 0;
            }
            case Exit.INSIDE -> {
                return answer(goOnAt(t, index));
            }
            default -> {
                if (!t.valid) {
                    forgetJump(t);
                }
                if (kind == Exit.ENTRY && t.check != null && t.entry != null) {
                    mismatched = t;
                }
                if (kind == Exit.HEAT) {
                    translations.sample(t);
                }
                // An STI may have led here.
                c.straightOn = kind == Exit.ENTRY && !counted;
                return answer(leave(t.ip));
            }
        }
    }

    /** The code cache is full, and this block goes on in the middle. */
    private int noRoom(Translation t, int index) {
        int result = goOnAt(t, index);
        translations.flushAll();
        return result;
    }

    /** Leaves before an instruction, to whatever code is there now. */
    private int goOnAt(Translation t, int index) {
        fixPointers(t, index);
        addCount(index);
        return leave(t.ips[index]);
    }

    private boolean canonical(long linear) {
        return linear << 16 >> 16 == linear;
    }

    /**
     * Whether an instruction has nothing that could come before the page fault of its access at a
     * linear address, be it another access or another fault.
     */
    private static boolean faultsFirst(Instruction in, long linear) {
        return (linear & 0xfff) <= 0xfff - 8
                && switch (in.mnemonic()) {
                    case MOV,
                            MOVZX,
                            MOVSX,
                            MOVSXD,
                            ADD,
                            OR,
                            ADC,
                            SBB,
                            AND,
                            SUB,
                            XOR,
                            CMP,
                            TEST,
                            INC,
                            DEC,
                            NOT,
                            NEG,
                            RET ->
                            true;
                    case PUSH, POP -> in.operand(0).place() != Place.RM;
                    default -> false;
                };
    }

    // ---- instructions done here, with the guest's registers where they are

    private void begin(Translation t, int index) {
        fixPointers(t, index);
        if (counted) {
            addCount(index);
        }
        left[t.list.get(index).mnemonic().ordinal()]++;
        resumeGeneration = c.codeGeneration;
        resumeEpoch = c.modeEpoch;
    }

    /** Where host code goes on behind an instruction, or 0: the state is exact. */
    private long behind(Translation t, int index) {
        Translation plain =
                isIntact(t)
                                && c.codeGeneration == resumeGeneration
                                && c.modeEpoch == resumeEpoch
                                && !interrupted()
                        ? index + 1 == t.instructions() ? t : translations.plain(t)
                        : null;
        if (plain == null) {
            addCount(counted ? 1 : index + 1);
            return answer(leave(ip(t, index + 1)));
        }
        if (counted) {
            addCount(-index);
        }
        return plain.host + plain.offsets[index + 1];
    }

    /** Whether something is to be looked at; an interrupt that the guest accepts not now is not. */
    private boolean interrupted() {
        int pending = c.vcpu.pending();
        return c.attention != 0
                || pending != 0
                        && (pending != Vcpu.INTR
                                || (HostMemory.getInt(area + Area.RFLAGS) & IF) != 0);
    }

    /** The exception of an instruction that can only fault now; -1 if it is not known. */
    private int certainFault(Instruction in) {
        if (in.row == null) {
            return -1;
        }
        return switch (in.mnemonic()) {
            case UD2 -> GuestException.UD;
            case DIV, IDIV -> {
                int bytes = in.bytes(0);
                boolean zero =
                        in.isRegisterForm()
                                && bytes >= 4
                                && HostMemory.get(area + Area.register(in.rm), bytes) == 0;
                yield zero ? GuestException.DE : -1;
            }
            default -> -1;
        };
    }

    /**
     * An instruction faults.
     *
     * @return host code that takes it to its handler, or 0: the state is exact, the interpreter
     *     goes on
     */
    private long fault(Translation t, int index, int vector, int error) {
        faultVector = vector;
        faultError = error;
        faultFrom = entered == Contexts.NONE ? null : context;
        long host = faultFrom == null ? 0 : faultFrom.faults[vector];
        if (host != 0) {
            faulted++;
            fixPointers(t, index);
            addCount(index);
            HostMemory.putLong(area + Area.FAULT_IP, t.ips[index]);
            HostMemory.putInt(area + Area.FAULT_ERROR, error);
            return host;
        }
        leaveAt(t, index);
        resume = null;
        jumpMissed = false;
        return answer(FAULT);
    }

    @Override
    public GuestException fault() {
        return c.fault(faultVector, faultError);
    }

    /** At the handler of a fault that the interpreter delivered. */
    private void learnFault() {
        Context from = faultFrom;
        faultFrom = null;
        int left = ++from.faultsLeft[faultVector];
        if (context == null
                || !contexts.has(from)
                || translations.isEmpty()
                || left < transitionThreshold
                || left > MOST_FAULTS_LEFT
                || translations.isFull()) {
            return;
        }
        Transitions.Interrupt way = ways.interrupt(faultVector, false, from, context);
        if (way != null && !way.equals(from.faultWays[faultVector])) {
            from.faultWays[faultVector] = way;
            from.faults[faultVector] = transitions.fault(way);
        }
    }

    private void fixPointers(Translation t, int index) {
        if (t.fp != null && fp.loaded()) {
            t.fp.fix(area, t.ips, index);
        }
    }

    /** Makes the state exact before an instruction. */
    private void leaveAt(Translation t, int index) {
        fixPointers(t, index);
        copyOut();
        c.rip = t.ips[index];
        addCount(index);
    }

    private int one(Translation t, int index) {
        before = t.transition == 0 || entered == Contexts.NONE ? null : context;
        leaveAt(t, index);
        oneOf = t;
        oneIndex = index;
        Instruction in = t.list.get(index);
        if (in.row == null) {
            undefined++;
        } else {
            left[in.mnemonic().ordinal()]++;
        }
        jumpMissed = t.indirect && index == t.instructions() - 1;
        resume = (index + 1 < t.instructions() || !t.ended) && !t.keeps[index] ? t : null;
        resumeIndex = index + 1;
        resumeGeneration = c.codeGeneration;
        resumeEpoch = c.modeEpoch;
        resumeStores = c.checkedStores();
        return ONE;
    }

    private int leave(long ip) {
        copyOut();
        c.rip = ip;
        resume = null;
        jumpMissed = false;
        return GO_ON;
    }

    @Override
    public int resume() {
        if (before != null) {
            learn(oneOf);
        }
        Translation t = resume;
        resume = null;
        if (t == null
                || !t.valid
                || c.codeGeneration != resumeGeneration
                || c.modeEpoch != resumeEpoch
                || c.checkedStores() != resumeStores
                || counted && t.instructions() - resumeIndex > limit()
                || c.rip != ip(t, resumeIndex)) {
            return GO_ON;
        }
        long target = translations.middle(t, resumeIndex);
        if (target == 0) {
            translations.flushAll();
            return GO_ON;
        }
        int needed = t.fp == null ? 0 : t.fp.loadedAt(resumeIndex);
        if (needed != 0 && !fp.load(needed)) {
            return GO_ON;
        }
        addCount(-resumeIndex);
        return execute(target);
    }

    /** What is left of a counted run. */
    private long limit() {
        return HostMemory.getLong(area + Area.LIMIT) - HostMemory.getLong(area + Area.COUNT);
    }

    private static long ip(Translation t, int index) {
        return index < t.instructions() ? t.ips[index] : t.endIp;
    }

    private void addCount(int instructions) {
        HostMemory.putLong(area + Area.COUNT, HostMemory.getLong(area + Area.COUNT) + instructions);
    }

    /** Generated code went from one context to another. */
    private void arrived(int number) {
        Context to = contexts.byNumber(number);
        s.segments[VcpuState.CS].set(to.cs);
        s.segments[VcpuState.SS].set(to.ss);
        copyFlagsOut();
        c.codeAndStackChanged();
        modeEpoch = c.modeEpoch;
        mode = to.mode;
        translations.use(mode);
        context = to;
        entered = number;
    }

    /** After the interpreter did an INT or IRET: the next time that may be done in host code. */
    private void learn(Translation t) {
        Context from = before;
        before = null;
        if (!t.valid
                || oneIndex != t.instructions() - 1
                || ++t.transitionsLeft < transitionThreshold
                || t.transitionsMade == MOST_TRANSITIONS
                || translations.isFull()) {
            return;
        }
        updateMode();
        if (context == null || !contexts.has(from)) {
            return;
        }
        Instruction in = t.list.getLast();
        long host =
                switch (in.mnemonic()) {
                    case INT -> interrupt(t, (int) in.imm & 0xff, from);
                    case IRET -> returns(t, from);
                    case STAC, CLAC -> access(t, in.mnemonic(), from);
                    case MOV_TO_SREG, POP -> load(t, Segments.register(in), from);
                    default -> fast(t, in.mnemonic(), from);
                };
        if (host != 0) {
            cache.link(t.host + t.transition, host);
            t.transitionsMade++;
        }
    }

    private long interrupt(Translation t, int vector, Context from) {
        Transitions.Interrupt way = ways.interrupt(vector, true, from, context);
        if (way == null || way.equals(t.interrupt)) {
            return 0;
        }
        t.interrupt = way;
        return transitions.interrupt(t, way);
    }

    private long fast(Translation t, Mnemonic how, Context from) {
        Transitions.Fast way = ways.fast(how, from, context);
        if (way == null || t.fast.contains(way)) {
            return 0;
        }
        t.fast = newest(way, t.fast, known -> known.from() == from);
        return transitions.fast(t, t.fast);
    }

    private long access(Translation t, Mnemonic how, Context from) {
        Transitions.Fast way = ways.fast(how, from, context);
        if (way == null || t.accesses.contains(way)) {
            return 0;
        }
        t.accesses = newest(way, t.accesses, known -> known.from() == from);
        return transitions.access(t, t.accesses);
    }

    private long load(Translation t, int segment, Context from) {
        Transitions.Load way = c.rip == t.endIp ? ways.load(segment, from, context) : null;
        if (way == null || t.loads.contains(way) || number(way) < 0) {
            return 0;
        }
        t.loads =
                newest(
                        way,
                        t.loads,
                        known -> known.from() == from && known.selector() == way.selector());
        return transitions.load(t, t.loads, this::number);
    }

    /** In {@link #loadable}, or -1 if there is no more room. */
    private int number(Transitions.Load way) {
        Segment value = way.value();
        for (int i = 0; i < loadable.size(); i++) {
            if (Context.same(loadable.get(i), value)) {
                return i;
            }
        }
        if (loadable.size() == MOST_LOADABLE) {
            return -1;
        }
        loadable.add(value);
        return loadable.size() - 1;
    }

    private long returns(Translation t, Context from) {
        Transitions.Return way = ways.back(from, context);
        if (way == null || t.ways.contains(way)) {
            return 0;
        }
        t.ways = newest(way, t.ways, known -> known.from() == from && known.to() == context);
        return transitions.returns(t, t.ways);
    }

    /** A way before those known, but for those that it replaces and those of no use any more. */
    private <W extends Transitions.Way> List<W> newest(
            W way, List<W> known, Predicate<W> replaced) {
        return Stream.concat(
                        Stream.of(way),
                        known.stream().filter(w -> contexts.has(w.from()) && !replaced.test(w)))
                .limit(MOST_WAYS)
                .toList();
    }

    private void copyIn() {
        devices.offerTsc();
        paging.tell();
        if (contexts.tablesMoved(s)) {
            context = contexts.find(mode, c);
        }
        entered = context == null || s.nmiBlocked ? Contexts.NONE : context.number;
        HostMemory.putInt(area + Area.CONTEXT, entered);
        HostMemory.putLong(area + Area.CR2, s.cr2);
        HostMemory.putLong(area + Area.KERNEL_GS, s.kernelGsBase);
        for (int i = 0; i < 16; i++) {
            HostMemory.putLong(area + Area.REGISTERS + 8 * i, r[i]);
        }
        int flags = c.statusFlags();
        HostMemory.putShort(
                area + Area.FLAGS, (short) ((flags & 0xd5 | 2) << 8 | flags >>> 11 & 1));
        HostMemory.putLong(area + Area.RFLAGS, s.rflags);
    }

    private void copyOut() {
        int loaded = HostMemory.getInt(area + Area.LOADED);
        if (loaded != 0) {
            copySegments(loaded);
        }
        if (fp.loaded()) {
            fp.park();
        }
        if (HostMemory.getLong(area + Area.KERNEL_GS) != s.kernelGsBase) {
            c.swapGs();
        }
        // Outside 64-bit code, groups use the host registers of R8 and R9.
        int registers = mode.is64() ? 16 : 8;
        for (int i = 0; i < registers; i++) {
            r[i] = HostMemory.getLong(area + Area.REGISTERS + 8 * i);
        }
        int flags = HostMemory.getShort(area + Area.FLAGS);
        c.setStatusFlags(flags >>> 8 & 0xd5 | (flags & 1) << 11);
        copyFlagsOut();
    }

    private void copyFlagsOut() {
        s.rflags = s.rflags & STATUS | HostMemory.getLong(area + Area.RFLAGS) & ~(long) STATUS;
    }

    private void copySegments(int loaded) {
        HostMemory.putInt(area + Area.LOADED, 0);
        boolean known = c.modeEpoch == modeEpoch;
        for (int i = 0; i < 6; i++) {
            if ((loaded & 1 << i) == 0) {
                continue;
            }
            if (mode.real()) {
                c.loadedReal(i, HostMemory.getInt(area + Area.SELECTOR + 4 * i));
            } else {
                c.loaded(i, loadable.get(HostMemory.getInt(area + Area.LOADED_NUMBER + 4 * i)));
            }
        }
        if (known) {
            modeEpoch = c.modeEpoch; // the mode is the same, and host code knows the rest
        }
    }

    private void updateMode() {
        if (c.modeEpoch == modeEpoch && mode.counted() == counted) {
            return;
        }
        modeEpoch = c.modeEpoch;
        for (int i = 0; i < 6; i++) {
            HostMemory.putLong(area + Area.SEGMENT_BASE + 8 * i, c.base[i]);
            HostMemory.putLong(area + Area.READ_LIMIT + 8 * i, c.readLimit[i]);
            HostMemory.putLong(area + Area.WRITE_LIMIT + 8 * i, c.writeLimit[i]);
            HostMemory.putInt(area + Area.SELECTOR + 4 * i, s.segments[i].selector);
        }
        useMode();
    }

    private void useMode() {
        Mode now = null;
        for (Mode m : lately) {
            if (m != null && m.is(c, counted)) {
                now = m;
                break;
            }
        }
        if (now == null) {
            now = translations.known(Mode.of(c, counted));
            latest = latest + 1 & LATELY - 1;
            lately[latest] = now;
        }
        use(now);
    }

    private void use(Mode now) {
        mode = now;
        translations.use(now);
        if (pages[now.table()].use(now)) {
            HostMemory.putInt(area + Area.execMode(now), contexts.number(now));
        }
        context = contexts.find(now, c);
    }

    // ---- indirect jumps

    private void rememberJump(Translation t) {
        long entry = area + Area.jumpEntry(t.ip);
        long before = HostMemory.getLong(entry + Area.JUMP_IP);
        if (before != t.ip && before != -1) {
            makeRoom(Area.jumpEntry(t.ip));
        }
        HostMemory.putLong(entry + Area.JUMP_IP, t.ip);
        HostMemory.putLong(entry + Area.JUMP_HOST, t.host);
        HostMemory.putInt(entry + Area.JUMP_COOKIE, t.cookie);
        // In the table of the privilege that jumps, so that no code gets into another's.
        HostMemory.putInt(entry + Area.JUMP_EXEC, t.execEntry - t.mode.exec());
    }

    /** Moves what an entry and its neighbours have by one; the oldest is lost. */
    private void makeRoom(int entry) {
        for (int i = Area.JUMP_NEIGHBOURS.length - 1; i >= 0; i--) {
            int to = entry;
            for (int j = 0; j <= i; j++) {
                to ^= Area.JUMP_NEIGHBOURS[j];
            }
            int from = to ^ Area.JUMP_NEIGHBOURS[i];
            HostMemory.copy(area + Area.JUMPS + from, area + Area.JUMPS + to, Area.JUMP_BYTES);
        }
    }

    private void forgetJump(Translation t) {
        int entry = Area.jumpEntry(t.ip);
        forgetJump(t, entry);
        for (int neighbour : Area.JUMP_NEIGHBOURS) {
            forgetJump(t, entry ^= neighbour);
        }
    }

    private void forgetJump(Translation t, int entry) {
        if (HostMemory.getLong(area + entry + Area.JUMP_HOST) == t.host) {
            clearJump(area + entry);
        }
    }

    /** A guest may well jump to -1: what keeps it out is a cookie that no page ever has. */
    static void clearJump(long entry) {
        HostMemory.putLong(entry + Area.JUMP_IP, -1);
        HostMemory.putInt(entry + Area.JUMP_COOKIE, -1);
        HostMemory.putInt(entry + Area.JUMP_EXEC, 0);
    }

    private void clearJumps() {
        for (int i = 0; i < Area.JUMP_ENTRIES; i++) {
            clearJump(area + (long) i * Area.JUMP_BYTES);
        }
    }

    // ---- what the interpreter tells

    @Override
    public void fetchFp() {
        fp.fetch();
    }

    @Override
    public void flushed() {
        paging.changed();
        inlineTlb.flush();
        windows.closeAll();
        for (ExecTable table : pages) {
            table.clear();
        }
    }

    @Override
    public void flushedLocal() {
        paging.changed();
        inlineTlb.flush();
        windows.switched();
        for (ExecTable table : pages) {
            table.clearLocal();
        }
    }

    @Override
    public void flushedWrites(long hvaPage) {
        inlineTlb.flush();
        windows.closeStores(hvaPage);
    }

    @Override
    public void flushedPage(long linear) {
        inlineTlb.flush();
        windows.close(linear);
        for (ExecTable table : pages) {
            table.clear(linear);
        }
    }

    @Override
    public void interrupt() {
        HostMemory.getAndOrInt(c.vcpu.pendingHva(), Vcpu.ENGINE);
    }

    @Override
    public void interruptSeen() {
        HostMemory.getAndAndInt(c.vcpu.pendingHva(), ~Vcpu.ENGINE);
    }

    @Override
    public long instructions() {
        return HostMemory.getLong(area + Area.COUNT);
    }

    @Override
    public Map<String, Long> counters() {
        Map<String, Long> map = new LinkedHashMap<>();
        map.put("instructions-native", instructions());
        translations.count(map);
        map.put("exceptions-native", faulted);
        map.put("native-entries", entries);
        for (int kind = 0; kind < exits.length; kind++) {
            map.put("exit-" + Exit.name(kind), exits[kind]);
        }
        windows.count(map);
        map.put("interpreted-undefined", undefined);
        map.put("interpreted-slow-access", slowAccesses);
        addLeft(map);
        return map;
    }

    /** The instructions most often left to the interpreter. */
    private void addLeft(Map<String, Long> map) {
        Arrays.stream(Mnemonic.values())
                .filter(m -> left[m.ordinal()] > 0)
                .sorted((a, b) -> Long.compare(left[b.ordinal()], left[a.ordinal()]))
                .limit(MOST_LEFT)
                .forEach(m ->
                        map.put(
                                "interpreted-" + m.name().toLowerCase(Locale.ROOT),
                                left[m.ordinal()]));
    }

    @Override
    public void close() {
        events.run();
        windows.close();
        translations.close();
    }
}
