package trivium.vt;

import java.io.IOException;
import java.util.Map;
import java.util.TreeMap;
import trivium.cpu.CpuModel;
import trivium.cpu.ExecutionEngine;
import trivium.cpu.LocalApic;
import trivium.cpu.Vcpu;
import trivium.cpu.VcpuExit;
import trivium.cpu.VcpuRunner;
import trivium.cpu.VcpuState;
import trivium.hostos.KvmRun;
import trivium.hostos.KvmVcpu;
import trivium.mmu.MmuStrategy;
import trivium.x86.plain.WrappedStrategy;

/**
 * What both ways of running a vCPU in KVM share. Instructions that KVM runs are not counted; runs
 * that are counted, and single steps, are the software engine's.
 */
abstract class VtRunner implements VcpuRunner {
    private static final long APIC_ENABLED = 1 << 11;
    static final long RFLAGS_IF = 1 << 9, RFLAGS_TF = 1 << 8, RFLAGS_RF = 1 << 16;

    private final VtEngine engine;
    final VtVm vm;
    final Vcpu vcpu;
    final VcpuState s;
    final KvmVcpu kvm;
    final KvmRun run;
    final KvmState state;
    final Exits exits;
    final Software software;
    final SoftwareVcpu softwareVcpu;
    final Counters counters = new Counters();

    /** Whether an instruction waits for the next entry to be completed. */
    private boolean incomplete;

    private boolean closed;

    VtRunner(
            VtEngine engine,
            VtVm vm,
            Vcpu vcpu,
            MmuStrategy mmu,
            ExecutionEngine softwareEngine,
            boolean ownTsc)
            throws IOException {
        this.engine = engine;
        this.vm = vm;
        this.vcpu = vcpu;
        s = vcpu.state();
        kvm = vm.join(vcpu.index(), this);
        try {
            run = kvm.runArea();
            setCpuid();
            if (ownTsc) {
                kvm.setTscKhz(TSC_KHZ);
            }
            state = new KvmState(vcpu, kvm, ownTsc);
            exits = new Exits(vcpu, kvm, state);
        } catch (IOException e) {
            engine.leave(vm, vcpu, this);
            throw e;
        }
        softwareVcpu = new SoftwareVcpu(vcpu);
        var watched = new WrappedStrategy(mmu, seen -> new WatchedMmu(seen, this::flushed));
        software = new Software(softwareVcpu, softwareEngine, watched);
    }

    /** {@link Vcpu#tsc} counts nanoseconds. */
    private static final int TSC_KHZ = 1_000_000;

    private void setCpuid() throws IOException {
        boolean apic = vcpu.apic() != LocalApic.NONE && (s.apicBase & APIC_ENABLED) != 0;
        if (fits()) {
            kvm.setCpuid(CpuidTable.of(vcpu.model(), apic, vcpu.apic().id()));
        }
    }

    /** Whether KVM has CPUs like this one. */
    final boolean fits() {
        return vcpu.model().atLeast(CpuModel.PENTIUM3);
    }

    @Override
    public final VcpuExit run() {
        if (!fits()) {
            return software.run();
        }
        try {
            return runInKvm();
        } catch (IOException e) {
            return new VcpuExit.Failed("KVM: " + e.getMessage());
        }
    }

    abstract VcpuExit runInKvm() throws IOException;

    /** The guest flushed a TLB in software. */
    abstract void flushed();

    /** Whether it is in KVM, or about to be without another look at what changed. */
    boolean inside() {
        return true;
    }

    @Override
    public VcpuExit run(long instructions) {
        return software.run(instructions);
    }

    @Override
    public VcpuExit step() {
        return software.step();
    }

    /** Enters the guest. @return whether it exited, false if it was interrupted */
    final boolean enter() throws IOException {
        counters.count(Counters.Of.KVM_ENTRIES);
        run.u64(KvmRun.CR8, vcpu.apic().taskPriority());
        boolean exited = kvm.run();
        incomplete = false;
        lookAtApic();
        if (!exited) {
            counters.count(Counters.Of.EXIT_KICK);
        }
        return exited;
    }

    /**
     * Does the port or memory access it exited for. @return false if it exited for another reason
     */
    final boolean access() throws IOException {
        switch (run.exitReason()) {
            case KvmRun.EXIT_IO -> {
                counters.count(Counters.Of.EXIT_IO);
                exits.io();
            }
            case KvmRun.EXIT_MMIO -> {
                counters.count(Counters.Of.EXIT_MMIO);
                exits.mmio();
            }
            default -> {
                return false;
            }
        }
        incomplete = true;
        return true;
    }

    /** Completes the instruction whose access was done last. */
    final void finish() throws IOException {
        while (incomplete && kvm.complete() && access()) {
            // an instruction with several accesses
        }
        incomplete = false;
    }

    /** What instructions change of the local APIC without an exit of their own. */
    private void lookAtApic() {
        int priority = (int) run.u64(KvmRun.CR8);
        if (priority != vcpu.apic().taskPriority()) {
            s.cr8 = priority;
            vcpu.apic().setTaskPriority(priority);
        }
        long base = run.u64(KvmRun.APIC_BASE);
        if (base != s.apicBase) {
            s.apicBase = base;
            vcpu.apic().setBase(base);
        }
    }

    @Override
    public synchronized void kick() {
        if (!closed && kvm != null) { // null: still being made
            kvm.kick();
        }
    }

    @Override
    public long instructions() {
        return software.instructions();
    }

    @Override
    public Map<String, Long> counters() {
        Map<String, Long> all = new TreeMap<>(software.counters());
        counters.addTo(all);
        return all;
    }

    @Override
    public void close() {
        synchronized (this) {
            closed = true; // the thread may end now: it gets no signal any more
        }
        software.close();
        engine.leave(vm, vcpu, this);
    }
}
