package trivium.vt;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.util.concurrent.locks.LockSupport;
import trivium.hostos.HostMemory;
import trivium.hostos.Kvm;
import trivium.hostos.KvmCpuid2;
import trivium.hostos.KvmRegs;
import trivium.hostos.KvmRun;
import trivium.hostos.KvmSregs;
import trivium.hostos.KvmVcpu;
import trivium.hostos.KvmVm;
import trivium.hostos.SharedMemory;

/** A few bytes of guest code in a VM of its own, to find out what KVM does on this host. */
final class TinyGuest implements AutoCloseable {
    /** What the code runs in. */
    enum Mode {
        REAL_16(16, 0, 0x30, 0, 0),
        PROTECTED_32(32, 0, 0x33, 0x600, 0),
        PAGED_32(32, 0, 0x8000_0033L, 0x610, 0),
        USER_32(32, 3, 0x8000_0033L, 0x610, 0),
        COMPATIBLE_32(32, 3, 0x8000_0033L, 0x620, 0xd00),
        LONG_64(64, 0, 0x8000_0033L, 0x620, 0xd00),
        USER_64(64, 3, 0x8000_0033L, 0x620, 0xd00);
        final int bits, cpl;
        final long cr0, cr4, efer;

        Mode(int bits, int cpl, long cr0, long cr4, long efer) {
            this.bits = bits;
            this.cpl = cpl;
            this.cr0 = cr0;
            this.cr4 = cr4;
            this.efer = efer;
        }
    }

    private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();

    static final int CODE = 0x1_0000;
    private static final long CR4_UMIP = 1 << 11, RFLAGS_RF = 1 << 16;
    private static final int BYTES = 4 << 20;
    private static final int PML4 = 0x1000, PDPT = 0x2000, PD = 0x3000, PD_32 = 0x4000;
    private static final int GDT = 0x5000, TSS = 0x6000, STACK = 0x9000;
    private static final int LARGE_USER_PAGE = 0x87, USER_TABLE = 7;

    private final SharedMemory memory;
    private final KvmVm vm;
    private final KvmVcpu vcpu;
    private final KvmRegs regs = new KvmRegs();
    private final KvmSregs sregs = new KvmSregs();

    TinyGuest(Kvm kvm) throws IOException {
        memory = SharedMemory.allocate("trivium-measurement", BYTES);
        vm = kvm.createVm();
        KvmVcpu made = null;
        try {
            vm.setTssAddr(VtVm.TSS_ADDR);
            vm.setUserMemoryRegion(0, 0, 0, BYTES, memory.hva());
            made = vm.createVcpu(0);
            var supported = kvm.supportedCpuid();
            KvmCpuid2 table = new KvmCpuid2(supported.size());
            for (int i = 0; i < supported.size(); i++) {
                table.set(i, marked(supported.get(i)));
            }
            made.setCpuid(table);
        } catch (IOException e) {
            if (made != null) {
                made.close();
            }
            vm.close();
            memory.release();
            throw e;
        }
        vcpu = made;
    }

    /** Leaf 0 has a vendor that no CPU has: whether the guest sees it tells who answers CPUID. */
    static final int VENDOR = 0x5649_5254;

    private static KvmCpuid2.Leaf marked(KvmCpuid2.Leaf leaf) {
        return leaf.function() == 0
                ? new KvmCpuid2.Leaf(0, -1, leaf.eax(), VENDOR, leaf.ecx(), leaf.edx())
                : leaf;
    }

    /** Puts code where it starts, with registers zero, no usable IDT, identity paging. */
    void set(Mode mode, int... code) throws IOException {
        HostMemory.fill(memory.hva(), 0xa000, (byte) 0);
        for (int i = 0; i < code.length; i++) {
            HostMemory.putByte(memory.hva() + CODE + i, (byte) code[i]);
        }
        pageTables();
        vcpu.get(sregs);
        segments(mode);
        sregs.u16(KvmSregs.IDT + KvmSregs.LIMIT, 0);
        sregs.u64(KvmSregs.GDT + KvmSregs.BASE, GDT);
        sregs.u16(KvmSregs.GDT + KvmSregs.LIMIT, 0x7f);
        sregs.u64(KvmSregs.CR0, mode.cr0);
        sregs.u64(KvmSregs.CR3, mode.efer != 0 ? PML4 : PD_32);
        sregs.u64(KvmSregs.CR4, mode.cr4);
        sregs.u64(KvmSregs.EFER, mode.efer);
        vcpu.set(sregs);
        for (int i = 0; i < 16; i++) {
            regs.u64(KvmRegs.gpr(i), 0);
        }
        regs.u64(KvmRegs.gpr(4), STACK);
        regs.u64(KvmRegs.RIP, mode.bits == 16 ? 0 : CODE);
        regs.u64(KvmRegs.RFLAGS, 2);
        vcpu.set(regs);
    }

    private void pageTables() {
        HostMemory.putLong(memory.hva() + PML4, PDPT | USER_TABLE);
        HostMemory.putLong(memory.hva() + PDPT, PD | USER_TABLE);
        for (int i = 0; i < 512; i++) {
            HostMemory.putLong(memory.hva() + PD + 8L * i, (long) i << 21 | LARGE_USER_PAGE);
            HostMemory.putInt(memory.hva() + PD_32 + 4L * i, i << 22 | LARGE_USER_PAGE);
        }
    }

    private void segments(Mode mode) {
        int rpl = mode.cpl;
        for (int i = KvmSregs.CS; i <= KvmSregs.SS; i++) {
            boolean code = i == KvmSregs.CS;
            segment(i, mode.bits == 16 ? (code ? CODE >> 4 : 0) : (code ? 8 : 16) | rpl, code);
            long at = i * KvmSregs.SEGMENT_BYTES;
            boolean flat = mode.bits != 16;
            sregs.u64(at + KvmSregs.BASE, code && !flat ? CODE : 0);
            sregs.u32(at + KvmSregs.LIMIT, flat ? -1 : 0xffff);
            sregs.u8(at + KvmSregs.G, flat ? 1 : 0);
            sregs.u8(at + KvmSregs.DPL, rpl);
            sregs.u8(at + KvmSregs.L, code && mode.bits == 64 ? 1 : 0);
            sregs.u8(at + KvmSregs.DB, flat && !(code && mode.bits == 64) ? 1 : 0);
        }
        long tr = KvmSregs.TR * KvmSregs.SEGMENT_BYTES;
        segment(KvmSregs.TR, 0x38, true);
        sregs.u8(tr + KvmSregs.S, 0);
        sregs.u64(tr + KvmSregs.BASE, TSS);
        sregs.u32(tr + KvmSregs.LIMIT, 0x67);
        sregs.u8(KvmSregs.LDT * KvmSregs.SEGMENT_BYTES + KvmSregs.PRESENT, 0);
        sregs.u8(KvmSregs.LDT * KvmSregs.SEGMENT_BYTES + KvmSregs.UNUSABLE, 1);
    }

    private void segment(int index, int selector, boolean code) {
        long at = index * KvmSregs.SEGMENT_BYTES;
        sregs.u16(at + KvmSregs.SELECTOR, selector);
        sregs.u8(at + KvmSregs.TYPE, code ? 0xb : 3);
        sregs.u8(at + KvmSregs.S, 1);
        sregs.u8(at + KvmSregs.PRESENT, 1);
        sregs.u8(at + KvmSregs.UNUSABLE, 0);
        sregs.u8(at + KvmSregs.G, 0);
        sregs.u8(at + KvmSregs.L, 0);
        sregs.u8(at + KvmSregs.DB, 0);
        sregs.u8(at + KvmSregs.DPL, 0);
    }

    /**
     * Runs until it exits.
     *
     * @return the exit's reason
     */
    int run() throws IOException {
        vcpu.armed();
        return vcpu.run() ? vcpu.runArea().exitReason() : KvmRun.EXIT_INTR;
    }

    /**
     * Runs for a time, however often it exits.
     *
     * @return how much of the thread's time it took, in nanoseconds, whoever else used the host; 0
     *     if it exited for another reason than the one given
     */
    long runFor(long nanos, int exitReason) throws IOException {
        Thread kicker = kickAfter(nanos);
        long start = THREADS.getCurrentThreadCpuTime();
        exits = 0;
        try {
            vcpu.armed();
            while (vcpu.run()) {
                if (vcpu.runArea().exitReason() != exitReason) {
                    return 0;
                }
                exits++;
            }
            return THREADS.getCurrentThreadCpuTime() - start;
        } finally {
            await(kicker);
        }
    }

    /** How often {@link #runFor} exited. */
    long exits;

    private Thread kickAfter(long nanos) {
        return Thread.ofPlatform()
                .daemon()
                .name("trivium-measurement")
                .start(() -> {
                    long end = System.nanoTime() + nanos;
                    for (long left = nanos; left > 0; left = end - System.nanoTime()) {
                        LockSupport.parkNanos(left);
                    }
                    vcpu.kick();
                });
    }

    private static void await(Thread thread) {
        boolean interrupted = false;
        while (true) {
            try {
                thread.join();
                break;
            } catch (InterruptedException _) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    /** A general register, by its number in instructions. */
    long gpr(int number) throws IOException {
        vcpu.get(regs);
        return regs.u64(KvmRegs.gpr(number));
    }

    /** Has CR4.UMIP set in what was {@link #set}. */
    void setUmip() throws IOException {
        vcpu.get(sregs);
        sregs.u64(KvmSregs.CR4, sregs.u64(KvmSregs.CR4) | CR4_UMIP);
        vcpu.set(sregs);
    }

    /** Whether the exception that ended it was a fault: SDM Vol. 3A "Resume Flag". */
    boolean faulted() throws IOException {
        vcpu.get(regs);
        return (regs.u64(KvmRegs.RFLAGS) & RFLAGS_RF) != 0;
    }

    long rip() throws IOException {
        vcpu.get(regs);
        return regs.u64(KvmRegs.RIP);
    }

    @Override
    public void close() {
        vcpu.close();
        vm.close();
        memory.release();
    }
}
