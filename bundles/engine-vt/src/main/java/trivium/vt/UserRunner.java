package trivium.vt;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.util.concurrent.ThreadLocalRandom;
import trivium.cpu.ExecutionEngine;
import trivium.cpu.Segment;
import trivium.cpu.Vcpu;
import trivium.cpu.VcpuExit;
import trivium.cpu.VcpuState;
import trivium.hostos.KvmRun;
import trivium.mmu.MmuStrategy;
import trivium.vt.Counters.Of;
import trivium.x86.InterpreterEngine;

/**
 * KVM runs long stretches of 64-bit code in ring 3, and a software engine all else: for hosts whose
 * KVM is itself virtualized and emulates ring 0 at a few million instructions a second.
 *
 * <p>In KVM the vCPU has no IDT, page tables without a kernel half ({@link Shadow}), and LSTAR
 * leads to where nothing is mapped: whatever would enter ring 0 shuts it down with its state as it
 * was before, and the software engine does the instruction, the kernel's work, and the return.
 * Interrupts kick it out. Leaving costs tens of microseconds, so code has to prove first that it
 * stays in ring 3: while it is cold the software engine runs it, too. So it does pages of code in
 * which something may be that such a KVM cannot do as the VM's CPU does ({@link Vetting}).
 */
final class UserRunner extends VtRunner {
    /**
     * Cold code is looked at each time so many instructions were run, and is hot when seen thrice;
     * while it is a kernel's or changes, twice as rarely each time.
     */
    private static final long COLD = 50_000, MOST = 4_000_000;

    private static final int HEAT = 3;

    /** After ring 3 in KVM the software engine does not run much more than it must, at first. */
    private static final long KERNEL = 4_000;

    /** What a stay in KVM costs, on the way there and back, and that it exits and enters again. */
    private static final long COST_NANOS = 180_000, EXIT_NANOS = 40_000;

    /**
     * A try that comes to nothing costs some microseconds. So the software engine runs for longer
     * and longer until the next one, but not much longer than this.
     */
    private static final long RETRY_NANOS = 4_000_000;

    /** Stays that have lost so much, compared with software, cool code down. */
    private static final long CREDIT_NANOS = 3_000_000;

    private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();

    /** Each time an address space cools down, it must prove itself four times as long. */
    private static final int MOST_RELUCTANT = 8;

    /** CF, PF, AF, ZF, SF, TF, DF, OF, NT, AC, ID: what ring 3 may change. */
    private static final long USER_FLAGS = 0x24_4dd5;

    private static final long RFLAGS_IOPL = 3 << 12, RFLAGS_NT = 1 << 14;
    private static final long CR0_PG = 1L << 31, CR0_EM = 1 << 2, CR0_TS = 1 << 3;
    private static final long CR4_SSE = 3 << 9, EFER_SCE = 1, EFER_LMA = 1 << 10;
    private static final int BREAKPOINTS = 0xff, SYSCALL_BYTES = 2;
    private static final int INT3 = 0xcc, INT = 0xcd, BREAKPOINT = 3, OVERFLOW = 4;

    /** What ring 3 sees in CS and SS on hosts that have one for all, Linux's own. */
    private static final int USER_CS = 0x33, USER_SS = 0x2b;

    /** Where SYSCALL leads, to nothing: an address that ring 3 does not guess. */
    private final long trapAddress = -1L << 47 | ThreadLocalRandom.current().nextLong() >>> 17;

    private final Shadow shadow;
    private volatile boolean inside;

    /** The address space whose code is hot; -1: none. */
    private long hotCr3 = -1;

    private long lastCr3 = -1, cooledCr3 = -1;
    private int heat, reluctance;

    /** How much longer software would have taken since it became hot. */
    private long balance;

    /** What it cost in this stay that page tables lacked something. */
    private long missNanos;

    /** How many instructions the software engine runs next, and ran last. */
    private long chunk = COLD;

    UserRunner(VtEngine engine, VtVm vm, Vcpu vcpu, MmuStrategy mmu) throws IOException {
        super(engine, vm, vcpu, mmu, softwareFor(vcpu), false);
        try {
            shadow = new Shadow(vm, vm.code, s, vcpu.memory(), vcpu.index(), software, counters);
        } catch (IOException e) {
            super.close();
            throw e;
        }
        vm.add(shadow);
    }

    @Override
    public void close() {
        vm.remove(shadow);
        super.close();
    }

    @Override
    void flushed() {
        shadow.flushed();
    }

    @Override
    boolean inside() {
        return inside;
    }

    private static ExecutionEngine softwareFor(Vcpu vcpu) {
        return vcpu.softwareEngine().orElseGet(InterpreterEngine::new);
    }

    @Override
    VcpuExit runInKvm() throws IOException {
        while (true) {
            boolean hot = s.cr3 == hotCr3;
            if (hot && eligible()) {
                stay();
                counters.count(Of.SOFTWARE_STRETCHES);
            }
            if (hot) {
                chunk = Math.min(chunk * 2, MOST);
            }
            long start = System.nanoTime();
            VcpuExit exit = software.run(chunk);
            long nanos = System.nanoTime() - start;
            counters.add(Of.SOFTWARE_NANOS, nanos);
            if (exit != null) {
                return exit;
            }
            if (!hot) {
                feel();
            } else if (nanos > RETRY_NANOS) {
                chunk = Math.max(chunk / 4, KERNEL);
            }
        }
    }

    private boolean eligible() {
        Segment cs = s.segments[VcpuState.CS];
        return (s.cr0 & CR0_PG) != 0
                && (s.efer & EFER_LMA) != 0
                && (cs.attributes & Segment.L) != 0
                && s.segments[VcpuState.SS].dpl() == 3
                && s.activity == VcpuState.ACTIVE
                && s.interruptShadow == VcpuState.SHADOW_NONE
                && (s.rflags & (RFLAGS_TF | RFLAGS_NT | RFLAGS_IOPL)) == 0
                && (s.cr0 & (CR0_EM | CR0_TS)) == 0
                && (s.cr4 & CR4_SSE) == CR4_SSE
                && (s.dr[7] & BREAKPOINTS) == 0
                && vcpu.memory().a20Mask() == -1;
    }

    /** Whether the code of this address space stays in ring 3. */
    private void feel() {
        if (!eligible() || s.cr3 != lastCr3) {
            heat = 0;
            lastCr3 = s.cr3;
            chunk = eligible() ? COLD : Math.min(chunk * 2, MOST);
        } else if (++heat >= HEAT << (s.cr3 == cooledCr3 ? reluctance : 0)) {
            heat = 0;
            hotCr3 = s.cr3;
            balance = 0;
        }
    }

    /** Runs ring 3 in KVM until something is to be done in software; the state is exact then. */
    private void stay() throws IOException {
        if (wanted()) {
            return;
        }
        long before = System.nanoTime();
        vm.prepare();
        long cr3;
        synchronized (vm) {
            cr3 = shadow.begin(notForKvm());
        }
        if (cr3 == 0) {
            return;
        }
        chunk = KERNEL / 2;
        long cpu = THREADS.getCurrentThreadCpuTime();
        state.loadUser(cr3, trapAddress);
        counters.count(Of.STATE_LOADS);
        missNanos = 0;
        long start = System.nanoTime();
        boolean trapped = loop();
        long end = System.nanoTime(), nanos = end - start;
        cpu = THREADS.getCurrentThreadCpuTime() - cpu;
        store(trapped);
        vm.harvest();
        software.wentOnElsewhere();
        counters.add(Of.KVM_NANOS, nanos);
        counters.add(Of.TRANSFER_NANOS, start - before + System.nanoTime() - end);
        // Software takes some four fifths longer, and misses nothing.
        settle((cpu - missNanos) * 4 / 5 - missNanos - COST_NANOS);
    }

    private void settle(long gain) {
        balance += gain;
        if (balance > CREDIT_NANOS) {
            balance = CREDIT_NANOS;
            reluctance = hotCr3 == cooledCr3 ? Math.max(reluctance - 1, 0) : reluctance;
        } else if (balance < -CREDIT_NANOS) {
            reluctance = hotCr3 == cooledCr3 ? Math.min(reluctance + 2, MOST_RELUCTANT) : 1;
            cooledCr3 = hotCr3;
            hotCr3 = -1;
            chunk = COLD / 2;
        }
    }

    /** What KVM would do otherwise than the VM's CPU as it is now; bits of {@link Vetting}. */
    private int notForKvm() {
        int not = Vetting.HOST | Vetting.SEGMENTS;
        boolean same =
                s.segments[VcpuState.CS].selector == USER_CS
                        && s.segments[VcpuState.SS].selector == USER_SS
                        && null3(VcpuState.DS)
                        && null3(VcpuState.ES)
                        && null3(VcpuState.FS)
                        && null3(VcpuState.GS);
        not |= same ? 0 : Vetting.SELECTORS;
        not |= (s.rflags & RFLAGS_IF) != 0 ? 0 : Vetting.PUSHF;
        return not | ((s.efer & EFER_SCE) != 0 ? 0 : Vetting.SYSCALL);
    }

    private boolean null3(int segment) {
        return s.segments[segment].selector == 0;
    }

    /** Whether something pending cannot wait. */
    private boolean wanted() {
        int pending = vcpu.pending() & ~Vcpu.ENGINE;
        return pending != 0 && (pending != Vcpu.INTR || (s.rflags & RFLAGS_IF) != 0);
    }

    /**
     * @return whether it trapped; false: something is pending
     */
    private boolean loop() throws IOException {
        try {
            while (true) {
                inside = true;
                kvm.armed();
                vm.prepare();
                if (wanted() || !shadow.ready()) {
                    finish();
                    return false;
                }
                boolean exited = enter();
                inside = false;
                if (exited && !access() && !missed()) {
                    countTrap();
                    return true;
                }
            }
        } finally {
            inside = false;
        }
    }

    /** Whether it exited for something that our page tables lacked, and have now. */
    private boolean missed() throws IOException {
        state.fetchTrap();
        if (run.exitReason() != KvmRun.EXIT_SHUTDOWN || (state.rflags & RFLAGS_RF) == 0) {
            return false;
        }
        long start = THREADS.getCurrentThreadCpuTime();
        boolean missed;
        synchronized (vm) {
            missed = shadow.resolve(state.rip, state.cr2);
        }
        if (missed) {
            state.forgetFault();
        }
        missNanos += EXIT_NANOS + THREADS.getCurrentThreadCpuTime() - start;
        return missed;
    }

    private void countTrap() {
        counters.count(
                switch (run.exitReason()) {
                    case KvmRun.EXIT_SHUTDOWN -> Of.EXIT_TRAP;
                    case KvmRun.EXIT_INTERNAL_ERROR -> Of.EXIT_INTERNAL_ERROR;
                    default -> Of.EXIT_FAIL_ENTRY;
                });
    }

    private void store(boolean trapped) throws IOException {
        counters.count(Of.STATE_STORES);
        long flags = s.rflags;
        state.storeUser();
        boolean fault = (s.rflags & RFLAGS_RF) != 0;
        long own = s.rflags;
        if (s.rip == trapAddress) {
            // SDM Vol. 2B "SYSCALL": the state before it, but for RCX and R11, which it changes.
            s.rip = s.gpr[VcpuState.RCX] - SYSCALL_BYTES << 16 >> 16;
            own = s.gpr[11];
        } else if (trapped && !fault) {
            synchronized (vm) {
                s.rip -= interruptBytes(s.rip);
            }
        }
        s.rflags = own & USER_FLAGS | flags & ~(USER_FLAGS | RFLAGS_RF);
    }

    /** INT3 and INT n trap: RIP is behind them. INT1 leaves it where it was. */
    private int interruptBytes(long rip) {
        int last = shadow.codeByte(rip - 1);
        if (last == INT3) {
            return 1;
        }
        boolean trap = last == BREAKPOINT || last == OVERFLOW;
        return trap && shadow.codeByte(rip - 2) == INT ? 2 : 0;
    }
}
