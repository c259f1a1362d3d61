package trivium.x86.interp;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import trivium.cpu.TranslationView;
import trivium.cpu.Vcpu;
import trivium.cpu.VcpuExit;
import trivium.cpu.VcpuRunner;
import trivium.cpu.VcpuState;
import trivium.memory.MemoryListener;
import trivium.mmu.Mmu;

/**
 * The reference interpreter: decodes blocks once, runs their ops one after the other, and looks at
 * interrupts between blocks.
 */
public final class Interpreter implements VcpuRunner, TranslationView {
    /** A power of two. */
    private static final int RECENT = 4096;

    private final Vcpu vcpu;
    private final VcpuState s;
    private final Cpu c;
    private final BlockCache cache;
    private final BlockBuilder builder;
    private final MemoryListener listener = new Watcher();

    /** Stores to code and remappings that other threads told us of; done between blocks. */
    private final Queue<Runnable> foreign = new ConcurrentLinkedQueue<>();

    private volatile boolean foreignWork;
    private Thread thread;
    private Block running;

    /** The op of a running block that runs now; known in counted runs alone. */
    private int position;

    /** Where this run ends: a value of {@link #instructions}. */
    private long end;

    /** Blocks by address, where indirect jumps and returns find them. */
    private final Block[] recent = new Block[RECENT];

    private final boolean is8086;

    // Written by the vCPU's thread alone; readers may see them late.
    private long instructions, interrupts, exceptions, lookups;

    private final Accelerator accelerator;
    private final int threshold;

    public Interpreter(Vcpu vcpu, Mmu mmu) {
        this(new Cpu(vcpu, mmu), null);
    }

    /**
     * @param accelerator bound to {@code c}; closed with this
     */
    public Interpreter(Cpu c, Accelerator accelerator) {
        this.c = c;
        this.accelerator = accelerator;
        threshold = accelerator == null ? 0 : accelerator.threshold();
        c.accelerator = accelerator;
        vcpu = c.vcpu;
        s = vcpu.state();
        cache = new BlockCache(vcpu.memory(), c.codeStores);
        c.codeCache = cache;
        builder = new BlockBuilder(c, cache);
        is8086 = vcpu.model() == trivium.cpu.CpuModel.I8086;
        vcpu.memory().addListener(listener);
    }

    /** See {@link #wentOnElsewhere}. */
    private boolean wentOn;

    /** How {@link #enter} goes on. */
    private enum Pace {
        FREE,
        COUNTED,
        STEP
    }

    @Override
    public VcpuExit run() {
        end = Long.MAX_VALUE;
        return enter(Pace.FREE);
    }

    @Override
    public VcpuExit run(long most) {
        long now = instructions();
        end = most > Long.MAX_VALUE - now ? Long.MAX_VALUE : now + most;
        return enter(Pace.COUNTED);
    }

    @Override
    public VcpuExit step() {
        return enter(Pace.STEP);
    }

    @Override
    public void wentOnElsewhere() {
        wentOn = true;
    }

    private VcpuExit enter(Pace pace) {
        thread = Thread.currentThread();
        c.enterAgain(wentOn);
        wentOn = false;
        if (accelerator != null) {
            accelerator.enter();
        }
        try {
            if (s.activity == VcpuState.SHUTDOWN) {
                return VcpuExit.TRIPLE_FAULT;
            }
            if (s.activity != VcpuState.ACTIVE) {
                VcpuExit exit = attend();
                if (exit != null) {
                    return exit;
                }
            }
            return switch (pace) {
                case FREE -> loop();
                case COUNTED -> countedLoop();
                case STEP -> stepOnce();
            };
        } finally {
            c.leave();
        }
    }

    private VcpuExit loop() {
        Block b = null;
        while (true) {
            boolean straightOn = c.straightOn;
            c.straightOn = false;
            if (((vcpu.pending() | c.attention) != 0 || foreignWork) && !straightOn) {
                VcpuExit exit = attend();
                if (exit != null) {
                    return exit;
                }
                b = null;
                if (attentive()) {
                    if (!single()) {
                        return tripleFault();
                    }
                    continue;
                }
            }
            try {
                b = next(b);
            } catch (GuestException e) {
                if (!exception(e)) {
                    return tripleFault();
                }
                b = null;
                continue;
            }
            if (accelerator != null && accelerated(b)) {
                if (!runAccelerated(b)) {
                    return tripleFault();
                }
                b = null;
            } else if (!execute(b)) {
                return tripleFault();
            }
        }
    }

    private boolean accelerated(Block b) {
        if (b.code == null && ++b.heat == threshold) {
            b.code = accelerator.translate(b);
        }
        return b.code != null;
    }

    /**
     * Lets the accelerator run, and does the instructions that it leaves, as long as it has the
     * blocks that come and nothing is to be looked at. @return false on a triple fault
     */
    private boolean runAccelerated(Block first) {
        Block b = first;
        do {
            c.straightOn = false;
            limitAccelerator();
            int next = accelerator.run(b.code);
            while (next != Accelerator.GO_ON) {
                if (next == Accelerator.ONE ? !executeOne() : !exception(accelerator.fault())) {
                    return false;
                }
                if (interrupted()) {
                    return true;
                }
                limitAccelerator();
                next = accelerator.resume();
            }
            b = recent(c.rip);
        } while (b != null
                && b.code != null
                && !interrupted()
                && b.instructions <= end - (end == Long.MAX_VALUE ? 0 : instructions()));
        return true;
    }

    private void limitAccelerator() {
        accelerator.limit(end == Long.MAX_VALUE ? end : end - instructions());
    }

    /** Whether something is to be looked at before the next block. */
    private boolean interrupted() {
        return vcpu.pending() != 0
                || foreignWork
                || end != Long.MAX_VALUE && instructions() >= end
                || attentive();
    }

    /**
     * Whether the next instruction must run on its own. RF does not ask for that where there are no
     * breakpoints: the instruction clears it, whatever becomes of it.
     */
    private boolean attentive() {
        if (c.attention == Cpu.RESUME) {
            s.rflags &= ~(long) Flags.RF;
            c.attention = 0;
        }
        return c.attention != 0;
    }

    /** The instruction that the accelerator left. @return false on a triple fault */
    private boolean executeOne() {
        Block one = accelerator.one();
        if (one == null || !one.valid) {
            try {
                one = block(c.rip, 1);
            } catch (GuestException e) {
                return exception(e);
            }
            // One on two pages depends on how the second is mapped.
            if (one.lastPage == (one.gpa & -4096)) {
                accelerator.keep(one);
            }
        }
        return execute(one);
    }

    /** Runs one block. @return false on a triple fault */
    private boolean execute(Block b) {
        Op[] ops = b.ops;
        int i = 0;
        running = b;
        try {
            for (; i < ops.length; i++) {
                ops[i].exec(c);
            }
            instructions += b.instructions;
            if (!b.setsIp) {
                c.rip = b.endIp;
            }
            return true;
        } catch (GuestException e) {
            return faulted(b, i, e);
        } catch (Stop e) {
            stopped(b, i);
            return true;
        } finally {
            running = null;
        }
    }

    /** Op {@code i} faulted. @return false on a triple fault */
    private boolean faulted(Block b, int i, GuestException e) {
        Op op = b.op(i);
        // Of a fused pair only the second may fault.
        Op guilty = op.second();
        instructions += b.instructionsBefore(i) + (guilty == op ? 0 : 1);
        // The 8086 does not restart a division.
        c.rip = e.vector == GuestException.DE && is8086 ? guilty.next : guilty.ip;
        return exception(e);
    }

    private void stopped(Block b, int i) {
        instructions += b.instructionsBefore(i);
        c.rip = b.op(i).ip;
        if (!b.valid && b.lastPage == (b.gpa & -4096)) {
            builder.endBefore(b.gpa + (c.rip - b.ip));
        }
    }

    // ---- counted runs

    /** {@link #loop} up to {@code end}, which is looked at before each block. */
    private VcpuExit countedLoop() {
        Block b = null;
        while (true) {
            if ((c.attention & Cpu.EXIT) != 0) {
                return takeExit();
            }
            if (instructions() >= end) {
                return null;
            }
            if (vcpu.pending() != 0 || foreignWork) {
                VcpuExit exit = attend();
                if (exit != null) {
                    return exit;
                }
                b = null;
            }
            boolean alive;
            try {
                b = attentive() ? null : next(b);
                if (b == null || b.instructions > end - instructions()) {
                    alive = single();
                } else if (accelerator != null && accelerated(b)) {
                    alive = runAccelerated(b);
                    b = null;
                } else {
                    alive = executeCounted(b);
                }
            } catch (GuestException e) {
                alive = exception(e);
                b = null;
            }
            if (!alive) {
                return tripleFault();
            }
        }
    }

    /** {@link #execute}, knowing where it is and stopping when something new is pending. */
    private boolean executeCounted(Block b) {
        Op[] ops = b.ops;
        int before = vcpu.pending();
        int i = 0;
        running = b;
        try {
            do {
                position = i;
                ops[i].exec(c);
                i++;
            } while (i < ops.length && (vcpu.pending() & ~before) == 0);
            if (i < ops.length) {
                stopped(b, i);
                return true;
            }
            instructions += b.instructions;
            if (!b.setsIp) {
                c.rip = b.endIp;
            }
            return true;
        } catch (GuestException e) {
            return faulted(b, i, e);
        } catch (Stop e) {
            stopped(b, i);
            return true;
        } finally {
            running = null;
            position = 0;
        }
    }

    private boolean exception(GuestException e) {
        exceptions++;
        return c.system.deliverException(e.vector, e.errorCode);
    }

    private VcpuExit tripleFault() {
        s.activity = VcpuState.SHUTDOWN;
        return VcpuExit.TRIPLE_FAULT;
    }

    /** One instruction on its own, with the interrupt shadow and debug traps that follow it. */
    private boolean single() {
        boolean trap = (c.attention & Cpu.TRAP_FLAG) != 0;
        boolean inhibited = s.interruptShadow == VcpuState.SHADOW_MOV_SS;
        s.interruptShadow = VcpuState.SHADOW_NONE;
        boolean alive;
        if (c.system.debug.before(inhibited)) {
            alive = c.system.events.debugException();
        } else {
            alive = executeSingle(trap);
        }
        c.system.updateAttention();
        return alive;
    }

    private boolean executeSingle(boolean trap) {
        Block b;
        try {
            b = block(c.rip, 1);
        } catch (GuestException e) {
            return exception(e);
        }
        long exceptionsBefore = exceptions;
        boolean alive = execute(b);
        if (alive
                && exceptions == exceptionsBefore
                && s.interruptShadow != VcpuState.SHADOW_MOV_SS) {
            alive = c.system.debug.after(trap);
        }
        return alive;
    }

    private VcpuExit stepOnce() {
        VcpuExit exit = attend();
        if (exit != null) {
            return exit;
        }
        if (!(threshold == 1 && c.attention == 0 ? singleAccelerated() : single())) {
            return tripleFault();
        }
        if ((c.attention & Cpu.EXIT) != 0) {
            return takeExit();
        }
        return null;
    }

    /** One instruction by an accelerator that wants to see all, as a block of its own. */
    private boolean singleAccelerated() {
        Block b;
        try {
            b = block(c.rip, 1);
        } catch (GuestException e) {
            return exception(e);
        }
        if (!accelerated(b)) {
            return single();
        }
        long before = instructions();
        accelerator.limit(1);
        int next = accelerator.run(b.code);
        return next == Accelerator.GO_ON && instructions() > before || single();
    }

    /** Looks at everything that waits for a block boundary. */
    private VcpuExit attend() {
        drainForeign();
        if ((c.attention & Cpu.EXIT) != 0) {
            return takeExit();
        }
        int pending = vcpu.pending();
        if ((pending & Vcpu.KICK) != 0) {
            vcpu.take(Vcpu.KICK);
            return VcpuExit.KICKED;
        }
        if ((pending & Vcpu.INIT) != 0 && vcpu.take(Vcpu.INIT)) {
            c.system.init();
        }
        if (s.activity == VcpuState.WAIT_FOR_SIPI) {
            if (!vcpu.take(Vcpu.SIPI)) {
                return VcpuExit.HALTED;
            }
            c.system.startUp(vcpu.sipiVector());
        } else if ((pending & Vcpu.SIPI) != 0) {
            // A second start-up IPI means nothing to a CPU that runs.
            vcpu.take(Vcpu.SIPI);
        }
        if (s.interruptShadow == VcpuState.SHADOW_NONE && !interrupt(pending)) {
            return tripleFault();
        }
        return s.activity == VcpuState.HALTED ? VcpuExit.HALTED : null;
    }

    /** Takes an NMI or an interrupt if the CPU accepts it now. @return false on a triple fault */
    private boolean interrupt(int pending) {
        boolean alive = true;
        if ((pending & Vcpu.NMI) != 0 && !s.nmiBlocked && vcpu.take(Vcpu.NMI)) {
            s.activity = VcpuState.ACTIVE;
            alive = c.system.deliverNmi();
        } else if ((pending & Vcpu.INTR) != 0 && (s.rflags & Flags.IF) != 0) {
            int vector = vcpu.acknowledgeInterrupt();
            if (vector >= 0) {
                interrupts++;
                s.activity = VcpuState.ACTIVE;
                alive = c.system.deliverInterrupt(vector);
            }
        }
        c.system.updateAttention();
        return alive;
    }

    private VcpuExit takeExit() {
        c.attention &= ~Cpu.EXIT;
        VcpuExit exit = c.exit;
        c.exit = null;
        return exit;
    }

    /** The block at {@code c.rip}, by the chain from the one before or by lookup. */
    private Block next(Block b) {
        long ip = c.rip;
        if (b != null && b.generation == c.codeGeneration) {
            Block n = b.taken;
            if (n != null && n.ip == ip && n.valid && n.matches()) {
                return n;
            }
            n = b.notTaken;
            if (n != null && n.ip == ip && n.valid && n.matches()) {
                return n;
            }
        }
        Block n = recent(ip);
        return n != null ? n : lookup(b, ip);
    }

    /** The block at an address that was found there lately, or null. */
    private Block recent(long ip) {
        Block n = recent[recentSlot(ip)];
        return n != null
                        && n.ip == ip
                        && n.seen == (n.global ? c.globalGeneration : c.codeGeneration)
                        && n.valid
                        && n.matches()
                ? n
                : null;
    }

    private Block lookup(Block b, long ip) {
        lookups++;
        int generation = c.codeGeneration;
        int globalGeneration = c.globalGeneration;
        Block n = block(ip, Integer.MAX_VALUE);
        n.global = isGlobal(n);
        n.seen = n.global ? globalGeneration : generation;
        if (generation == c.codeGeneration) {
            recent[recentSlot(ip)] = n;
            if (b != null) {
                chain(b, n);
            }
        }
        return n;
    }

    private boolean isGlobal(Block n) {
        long linear = c.codeLinear(n.ip);
        return c.globalCode(linear) && c.globalCode(c.codeLinear(n.ip + n.bytes - 1));
    }

    private static int recentSlot(long ip) {
        return (int) (ip ^ ip >>> 12) & RECENT - 1;
    }

    /** The block at {@code ip}, cached or built; of one instruction if {@code max} is 1. */
    private Block block(long ip, int max) {
        long linear = c.codeLinear(ip);
        if (c.mode64 && linear << 16 >> 16 != linear) {
            throw c.gp(0);
        }
        long gpa = c.codeAddress(linear);
        int mode = Block.mode(c.codeSize, max);
        Block n = cache.find(gpa, ip, mode);
        while (n != null && !(stillFits(n, linear) && n.matches())) {
            n = cache.findOther(n);
        }
        if (n == null) {
            boolean restless = accelerator != null && max != 1 && cache.isRestless(gpa, ip, mode);
            n = builder.build(gpa, max, restless);
            if (restless) {
                n.code = accelerator.translate(n);
            }
            if (!builder.wrapped()) {
                cache.add(n);
            }
        }
        return n;
    }

    /** Whether a cached block still lies within the segment's limit and on the same second page. */
    private boolean stillFits(Block n, long linear) {
        if (!c.mode64 && n.ip + n.bytes - 1 > s.segments[VcpuState.CS].limit) {
            return false;
        }
        long firstPage = n.gpa & -4096;
        return n.lastPage == firstPage
                || c.codeAddress(linear + n.bytes - 1 & c.linearMask) >>> 12 == n.lastPage >>> 12;
    }

    private void chain(Block b, Block n) {
        if (b.generation != c.codeGeneration) {
            b.generation = c.codeGeneration;
            b.taken = n;
            b.notTaken = null;
        } else if (b.taken == null || !b.taken.valid) {
            b.taken = n;
        } else {
            b.notTaken = b.taken;
            b.taken = n;
        }
    }

    private void drainForeign() {
        if (foreignWork) {
            foreignWork = false;
            if (accelerator != null) {
                accelerator.interruptSeen();
            }
            for (Runnable work = foreign.poll(); work != null; work = foreign.poll()) {
                work.run();
            }
        }
    }

    @Override
    public long instructions() {
        long done = instructions - c.unfinished;
        if (accelerator != null) {
            done += accelerator.instructions();
        }
        Block b = running;
        return b != null && Thread.currentThread() == thread
                ? done + b.instructionsBefore(position)
                : done;
    }

    @Override
    public Optional<HostCode> translation(long rip) {
        return accelerator == null ? Optional.empty() : accelerator.translation(rip);
    }

    @Override
    public Map<String, Long> counters() {
        Map<String, Long> counters = new LinkedHashMap<>();
        counters.put("interrupts", interrupts);
        counters.put("exceptions", exceptions);
        counters.put("blocks-built", cache.built());
        counters.put("blocks-cached", (long) cache.size());
        counters.put("block-lookups", lookups);
        if (accelerator != null) {
            counters.put("interpreted", instructions);
            counters.putAll(accelerator.counters());
        }
        return counters;
    }

    @Override
    public void close() {
        vcpu.memory().removeListener(listener);
        cache.clear();
        if (accelerator != null) {
            accelerator.close();
        }
        c.mmu.close();
    }

    /** Keeps TLB and blocks in step with memory. */
    private final class Watcher implements MemoryListener {
        @Override
        public void mappingChanged() {
            onThread(() -> {
                c.flushTlb();
                cache.clear();
                if (running != null) {
                    running.stop();
                }
            });
        }

        @Override
        public void storesStale() {
            onThread(c::flushTlb);
        }

        @Override
        public void codeTracked(long gpa) {
            onThread(() -> c.flushWritesTo(c.memory.readableHost(gpa)));
        }

        @Override
        public void codeWritten(long gpa, int length) {
            onThread(() -> {
                cache.invalidate(gpa, length, running);
                c.overwritten |= running != null && !running.valid;
            });
        }

        private void onThread(Runnable work) {
            if (Thread.currentThread() == thread) {
                work.run();
            } else {
                foreign.add(work);
                foreignWork = true;
                if (accelerator != null) {
                    accelerator.interrupt();
                }
            }
        }
    }
}
