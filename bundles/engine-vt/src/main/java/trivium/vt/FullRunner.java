package trivium.vt;

import java.io.IOException;
import trivium.cpu.Vcpu;
import trivium.cpu.VcpuExit;
import trivium.cpu.VcpuState;
import trivium.hostos.KvmRun;
import trivium.mmu.MmuStrategy;
import trivium.vt.Counters.Of;
import trivium.x86.InterpreterEngine;

/**
 * KVM runs all the guest code it can: for hosts whose CPU does so natively. What it cannot run, and
 * MSRs whose meaning is ours, the interpreter does; it starts without caches each time, since KVM
 * writes memory behind its back.
 *
 * <p>Not exact: a debug trap that waits to be delivered in the very moment in which state leaves
 * KVM is lost.
 */
final class FullRunner extends VtRunner {
    private static final long LONGEST_STRETCH = 1 << 20, SHORT_MICROS = 1000;

    /** Whether the state is in KVM; else it is the canonical one. */
    private boolean inKvm;

    /** Whether the state was just put there: the run area tells nothing yet. */
    private boolean fresh;

    /** How many instructions the next stretch of software takes, and when the last one ended. */
    private long stretch = 1, stretchEnd;

    FullRunner(VtEngine engine, VtVm vm, Vcpu vcpu, MmuStrategy mmu, boolean ownTsc)
            throws IOException {
        super(engine, vm, vcpu, mmu, new InterpreterEngine(), ownTsc);
    }

    @Override
    void flushed() {
        vm.translationsChanged();
    }

    @Override
    VcpuExit runInKvm() throws IOException {
        software.close(); // it was left open by counted runs
        while (true) {
            VcpuExit exit = attend();
            if (exit == null) {
                exit = go();
            }
            if (exit != null) {
                VcpuExit owed = leave();
                return owed != null ? owed : exit;
            }
        }
    }

    /** What must be looked at with the state here. @return null to go on */
    private VcpuExit attend() throws IOException {
        int pending = vcpu.pending();
        if ((pending & Vcpu.KICK) != 0) {
            vcpu.take(Vcpu.KICK);
            return VcpuExit.KICKED;
        }
        if (!inKvm && s.activity == VcpuState.SHUTDOWN) {
            return VcpuExit.TRIPLE_FAULT;
        }
        if (!inKvm && s.activity == VcpuState.HALTED && wakes(pending)) {
            s.activity = VcpuState.ACTIVE;
        }
        boolean startUp = (pending & (Vcpu.INIT | Vcpu.SIPI)) != 0;
        boolean asleep = !inKvm && s.activity != VcpuState.ACTIVE;
        if (startUp || asleep || vcpu.memory().a20Mask() != -1) {
            VcpuExit owed = leave();
            return owed != null ? owed : stretch(startUp || asleep ? 1 : LONGEST_STRETCH);
        }
        return null;
    }

    /** Whether an event ends HLT. */
    private boolean wakes(int pending) {
        return (pending & Vcpu.NMI) != 0 && !s.nmiBlocked
                || (pending & Vcpu.INTR) != 0 && (s.rflags & RFLAGS_IF) != 0;
    }

    /** Runs the guest to its next exit. */
    private VcpuExit go() throws IOException {
        vm.prepare();
        if (!inKvm) {
            state.load();
            counters.count(Of.STATE_LOADS);
            inKvm = true;
            fresh = true;
        }
        kvm.armed();
        int pending = vcpu.pending();
        if ((pending & ~(Vcpu.INTR | Vcpu.NMI | Vcpu.ENGINE)) != 0) {
            return null;
        }
        inject(pending);
        boolean exited = enter();
        fresh = false;
        return exited ? handle() : null;
    }

    private void inject(int pending) throws IOException {
        if ((pending & Vcpu.NMI) != 0 && vcpu.take(Vcpu.NMI)) {
            kvm.nmi();
        }
        boolean waits = (pending & Vcpu.INTR) != 0;
        if (waits && accepts()) {
            int vector = vcpu.acknowledgeInterrupt();
            if (vector >= 0) {
                kvm.interrupt(vector);
            }
            waits = (vcpu.pending() & Vcpu.INTR) != 0;
        }
        run.u8(KvmRun.REQUEST_INTERRUPT_WINDOW, waits ? 1 : 0);
    }

    /** Whether the guest takes an interrupt right now. */
    private boolean accepts() {
        if (fresh) {
            return (s.rflags & RFLAGS_IF) != 0 && s.interruptShadow == VcpuState.SHADOW_NONE;
        }
        return run.u8(KvmRun.READY_FOR_INTERRUPT_INJECTION) != 0 && run.u8(KvmRun.IF_FLAG) != 0;
    }

    private VcpuExit handle() throws IOException {
        if (access()) {
            return null;
        }
        switch (run.exitReason()) {
            case KvmRun.EXIT_IRQ_WINDOW_OPEN -> {
                counters.count(Of.EXIT_IRQ_WINDOW);
                return null;
            }
            case KvmRun.EXIT_SET_TPR -> {
                counters.count(Of.EXIT_TPR);
                return null;
            }
            case KvmRun.EXIT_INTR -> {
                return null;
            }
            case KvmRun.EXIT_HLT -> {
                return halted();
            }
            case KvmRun.EXIT_X86_RDMSR, KvmRun.EXIT_X86_WRMSR -> {
                return msr();
            }
            case KvmRun.EXIT_SHUTDOWN -> {
                return shutdown();
            }
            case KvmRun.EXIT_INTERNAL_ERROR -> {
                counters.count(Of.EXIT_INTERNAL_ERROR);
                return unable();
            }
            case KvmRun.EXIT_FAIL_ENTRY -> {
                counters.count(Of.EXIT_FAIL_ENTRY);
                return unable();
            }
            default -> {
                return new VcpuExit.Failed("KVM exited for reason " + run.exitReason());
            }
        }
    }

    private VcpuExit halted() throws IOException {
        counters.count(Of.EXIT_HLT);
        vcpu.onHalt();
        VcpuExit owed = leave();
        if (owed != null) {
            return owed;
        }
        s.activity = VcpuState.HALTED;
        return VcpuExit.HALTED;
    }

    /** The instruction is the interpreter's; what KVM makes of it is overwritten. */
    private VcpuExit msr() throws IOException {
        counters.count(Of.EXIT_MSR);
        store();
        VcpuExit exit = stretch(1);
        while (kvm.complete()) {
            // nothing more comes of it
        }
        return exit;
    }

    /**
     * A triple fault, or something that this host's KVM cannot run; where the state survived, the
     * interpreter knows.
     */
    private VcpuExit shutdown() throws IOException {
        counters.count(Of.EXIT_SHUTDOWN);
        if (Measurement.quick().trapNanos() > 0) {
            return unable();
        }
        leave();
        s.activity = VcpuState.SHUTDOWN;
        return VcpuExit.TRIPLE_FAULT;
    }

    /** Stretches get longer while KVM gets nowhere between them. */
    private VcpuExit unable() throws IOException {
        long micros = (System.nanoTime() - stretchEnd) / 1000;
        stretch = micros < SHORT_MICROS ? Math.min(stretch * 4, LONGEST_STRETCH) : 1;
        VcpuExit owed = leave();
        VcpuExit exit = owed != null ? owed : stretch(stretch);
        stretchEnd = System.nanoTime();
        return exit;
    }

    private VcpuExit stretch(long instructions) {
        counters.count(Of.SOFTWARE_STRETCHES);
        try {
            return software.run(instructions);
        } finally {
            software.close();
        }
    }

    /**
     * Makes the canonical state exact.
     *
     * @return an exit of the instructions that had to be run for that, or null
     */
    private VcpuExit leave() throws IOException {
        if (!inKvm) {
            return null;
        }
        finish();
        store();
        VcpuExit exit = null;
        while (exit == null && softwareVcpu.owing()) {
            exit = stretch(1);
        }
        return exit;
    }

    private void store() throws IOException {
        state.store();
        softwareVcpu.owe(state.owedVector, state.owedNmi);
        counters.count(Of.STATE_STORES);
        inKvm = false;
    }
}
