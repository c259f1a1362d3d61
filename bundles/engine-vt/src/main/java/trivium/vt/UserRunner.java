package trivium.vt;

import java.io.IOException;
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
 * <p>In KVM the vCPU has no IDT, and LSTAR leads to where nothing is mapped: whatever would enter
 * ring 0 shuts it down with its state as it was before, and the software engine does the
 * instruction, the kernel's work, and the return. Interrupts kick it out. Leaving costs tens of
 * microseconds, so code has to prove first that it stays in ring 3: while it is cold the software
 * engine runs it, too.
 */
final class UserRunner extends VtRunner {
    /**
     * Cold code is looked at each time so many instructions were run, and is hot when seen thrice.
     */
    private static final long COLD = 50_000;

    private static final int HEAT = 3;

    /** After ring 3 in KVM the software engine does not run much more than it must, at first. */
    private static final long KERNEL = 4_000;

    /** So many stays in KVM that are not worth it cool code down. */
    private static final int PATIENCE = 16;

    private static final long WORTH_NANOS = 300_000;

    /** Of the entries of a PML4 those for kernels; the first is one that Linux leaves free. */
    private static final int KERNEL_HALF = 256, PML4_ENTRIES = 512, PML4_SHIFT = 39;

    private static final long PML4_ADDRESS = 0x000f_ffff_ffff_f000L;

    /** CF, PF, AF, ZF, SF, TF, DF, OF, NT, AC, ID: what ring 3 may change. */
    private static final long USER_FLAGS = 0x24_4dd5;

    private static final int IOPL_SHIFT = 12;
    private static final long CR0_PG = 1L << 31, EFER_LMA = 1 << 10;
    private static final int BREAKPOINTS = 0xff, SYSCALL_BYTES = 2;

    /** Where SYSCALL leads, to nothing; 0: not set yet. */
    private long trapAddress;

    /** The address space whose code is hot; -1: none. */
    private long hotCr3 = -1;

    private long lastCr3 = -1;
    private int heat, shortStays;

    /** How many instructions the software engine runs next, and ran last. */
    private long chunk = COLD;

    UserRunner(VtEngine engine, VtVm vm, Vcpu vcpu, MmuStrategy mmu) throws IOException {
        super(engine, vm, vcpu, mmu, softwareFor(vcpu), false);
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
            chunk = hot ? Math.min(chunk * 2, COLD) : COLD;
            long start = System.nanoTime();
            VcpuExit exit = software.run(chunk);
            counters.add(Of.SOFTWARE_NANOS, System.nanoTime() - start);
            if (exit != null) {
                return exit;
            }
            if (!hot) {
                feel();
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
                && (s.rflags & RFLAGS_TF) == 0
                && (s.dr[7] & BREAKPOINTS) == 0
                && vcpu.memory().a20Mask() == -1;
    }

    /** Whether the code of this address space stays in ring 3. */
    private void feel() {
        if (!eligible() || s.cr3 != lastCr3) {
            heat = 0;
            lastCr3 = s.cr3;
        } else if (++heat == HEAT) {
            heat = 0;
            shortStays = 0;
            hotCr3 = s.cr3;
        }
    }

    /** Runs ring 3 in KVM until something is to be done in software; the state is exact then. */
    private void stay() throws IOException {
        if (wanted()) {
            return;
        }
        chunk = KERNEL / 2;
        long before = System.nanoTime();
        vm.prepare();
        long unmapped = unmappedAddress();
        if (unmapped == 0) {
            return;
        }
        state.loadUser(unmapped != trapAddress, unmapped);
        trapAddress = unmapped;
        counters.count(Of.STATE_LOADS);
        long start = System.nanoTime();
        boolean trapped = loop();
        long end = System.nanoTime(), nanos = end - start;
        store();
        vm.harvest();
        software.wentOnElsewhere();
        counters.add(Of.KVM_NANOS, nanos);
        counters.add(Of.TRANSFER_NANOS, start - before + System.nanoTime() - end);
        if (nanos >= WORTH_NANOS) {
            shortStays = 0;
        } else if (trapped && ++shortStays == PATIENCE) {
            hotCr3 = -1;
        }
    }

    /** Where the guest has no kernel memory: the start of a PML4 entry that is free; 0: nowhere. */
    private long unmappedAddress() {
        int last = (int) (trapAddress >>> PML4_SHIFT) & PML4_ENTRIES - 1;
        if (trapAddress != 0 && free(last)) {
            return trapAddress;
        }
        for (int entry = KERNEL_HALF; entry < PML4_ENTRIES; entry++) {
            if (free(entry)) {
                return (long) entry << PML4_SHIFT | -1L << PML4_SHIFT + 9;
            }
        }
        return 0;
    }

    private boolean free(int entry) {
        return (vcpu.memory().read((s.cr3 & PML4_ADDRESS) + 8L * entry, 8) & 1) == 0;
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
        while (true) {
            kvm.armed();
            if (wanted()) {
                finish();
                return false;
            }
            vm.prepare();
            if (enter() && !access()) {
                countTrap();
                return true;
            }
        }
    }

    private void countTrap() {
        counters.count(
                switch (run.exitReason()) {
                    case KvmRun.EXIT_SHUTDOWN -> Of.EXIT_TRAP;
                    case KvmRun.EXIT_INTERNAL_ERROR -> Of.EXIT_INTERNAL_ERROR;
                    default -> Of.EXIT_FAIL_ENTRY;
                });
    }

    private void store() throws IOException {
        counters.count(Of.STATE_STORES);
        long flags = s.rflags;
        state.storeUser();
        s.rflags &= ~RFLAGS_RF | flags;
        if (s.rip == trapAddress) {
            // SDM Vol. 2B "SYSCALL": the state before it, but for RCX and R11, which it changes.
            // Ring 3 may have jumped here by itself, so it gets no flags that are not its own.
            boolean ownIf = (flags >>> IOPL_SHIFT & 3) == 3;
            long own = ownIf ? USER_FLAGS | RFLAGS_IF : USER_FLAGS;
            s.rip = s.gpr[VcpuState.RCX] - SYSCALL_BYTES << 16 >> 16;
            s.rflags = s.gpr[11] & own | flags & ~own;
        } else {
            state.storeCodeAndStack();
        }
    }
}
