package trivium.hostos;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** A vCPU of KVM: KVM api.rst "vcpu ioctls". Bound to one thread but for {@link #kick}. */
public final class KvmVcpu implements AutoCloseable {
    private static final int EINTR = 4, EAGAIN = 11;

    private final int fd;
    private final KvmRun run;
    private final MemorySegment state = LibC.newState(Arena.ofAuto());
    private final MemorySegment word = Arena.ofAuto().allocate(8, 8);

    /** The thread in KVM_RUN, or 0. */
    private volatile long runningThread;

    private long thisThread;
    private Thread owner;

    /** Whether the run area gets registers, and whether it has what the vCPU has, or will have. */
    private boolean syncs, fresh;

    KvmVcpu(int fd, int mmapBytes) throws IOException {
        this.fd = fd;
        int protection = Mman.PROT_READ | Mman.PROT_WRITE;
        run = new KvmRun(Mman.mmap("mmap of a vCPU", mmapBytes, protection, Mman.MAP_SHARED, fd));
    }

    /**
     * From now on general and special registers are exchanged in the run area whenever it runs (KVM
     * api.rst "KVM_CAP_SYNC_REGS"), so that getting and setting them costs no ioctl. For those who
     * do so at most exits.
     */
    public void syncRegs() {
        syncs = true;
        run.u64(KvmRun.KVM_VALID_REGS, KvmRun.SYNC_X86_REGS | KvmRun.SYNC_X86_SREGS);
    }

    public KvmRun runArea() {
        return run;
    }

    /** Where the data of an EXIT_IO lies. */
    public long ioDataHva() {
        return run.hva() + run.u64(KvmRun.IO_DATA_OFFSET);
    }

    /**
     * Runs the guest until it exits. A {@link #kick} since the last {@link #armed} ends it at once.
     *
     * @return whether it exited; false: it was interrupted
     */
    public boolean run() throws KvmException {
        if (owner != Thread.currentThread()) {
            owner = Thread.currentThread();
            thisThread = KickSignal.self();
        }
        runningThread = thisThread;
        int result = Kvm.ioctlRaw(fd, KvmIoctl.KVM_RUN, 0, state);
        runningThread = 0;
        fresh = syncs;
        if (result == 0) {
            return true;
        }
        int errno = LibC.errno(state);
        if (errno == EINTR || errno == EAGAIN) {
            return false;
        }
        throw new KvmException("KVM_RUN", errno);
    }

    /** Forgets kicks; look at what they were for after this, before {@link #run}. */
    public void armed() {
        run.immediateExit(false);
        java.lang.invoke.VarHandle.fullFence();
    }

    /** Ends a {@link #run}, the present one or the next. On any thread. */
    public void kick() {
        run.immediateExit(true);
        java.lang.invoke.VarHandle.fullFence();
        long thread = runningThread;
        if (thread != 0) {
            KickSignal.send(thread);
        }
    }

    /**
     * Completes the instruction whose exit was handled, and goes no further.
     *
     * @return whether it exited once more, for the same instruction
     */
    public boolean complete() throws KvmException {
        run.immediateExit(true);
        return run();
    }

    private void ioctl(String what, long request, long argument) throws KvmException {
        Kvm.checked(what, Kvm.ioctlRaw(fd, request, argument, state), state);
    }

    public void get(KvmRegs to) throws KvmException {
        if (fresh) {
            run.copyTo(to, KvmRun.SYNC_REGS, KvmRegs.BYTES);
        } else {
            ioctl("KVM_GET_REGS", KvmIoctl.KVM_GET_REGS, to.hva());
        }
    }

    public void set(KvmRegs from) throws KvmException {
        if (fresh) {
            run.copyFrom(from, KvmRun.SYNC_REGS, KvmRegs.BYTES, KvmRun.SYNC_X86_REGS);
        } else {
            ioctl("KVM_SET_REGS", KvmIoctl.KVM_SET_REGS, from.hva());
        }
    }

    public void get(KvmSregs to) throws KvmException {
        if (fresh) {
            run.copyTo(to, KvmRun.SYNC_SREGS, KvmSregs.BYTES);
        } else {
            ioctl("KVM_GET_SREGS", KvmIoctl.KVM_GET_SREGS, to.hva());
        }
    }

    public void set(KvmSregs from) throws KvmException {
        if (fresh) {
            run.copyFrom(from, KvmRun.SYNC_SREGS, KvmSregs.BYTES, KvmRun.SYNC_X86_SREGS);
        } else {
            ioctl("KVM_SET_SREGS", KvmIoctl.KVM_SET_SREGS, from.hva());
        }
    }

    // spotless:off
    public void get(KvmXsave to) throws KvmException { ioctl("KVM_GET_XSAVE", KvmIoctl.KVM_GET_XSAVE, to.hva()); }

    public void set(KvmXsave from) throws KvmException { ioctl("KVM_SET_XSAVE", KvmIoctl.KVM_SET_XSAVE, from.hva()); }

    public void get(KvmVcpuEvents to) throws KvmException { ioctl("KVM_GET_VCPU_EVENTS", KvmIoctl.KVM_GET_VCPU_EVENTS, to.hva()); }

    public void set(KvmVcpuEvents from) throws KvmException { ioctl("KVM_SET_VCPU_EVENTS", KvmIoctl.KVM_SET_VCPU_EVENTS, from.hva()); }

    public void get(KvmDebugregs to) throws KvmException { ioctl("KVM_GET_DEBUGREGS", KvmIoctl.KVM_GET_DEBUGREGS, to.hva()); }

    public void set(KvmDebugregs from) throws KvmException { ioctl("KVM_SET_DEBUGREGS", KvmIoctl.KVM_SET_DEBUGREGS, from.hva()); }
    // spotless:on

    /**
     * @throws IOException naming the MSR that cannot be read
     */
    public void get(KvmMsrs msrs) throws IOException {
        transfer("KVM_GET_MSRS", KvmIoctl.KVM_GET_MSRS, msrs);
    }

    public void set(KvmMsrs msrs) throws IOException {
        transfer("KVM_SET_MSRS", KvmIoctl.KVM_SET_MSRS, msrs);
    }

    private void transfer(String what, long request, KvmMsrs msrs) throws IOException {
        int done = Kvm.checked(what, Kvm.ioctlRaw(fd, request, msrs.hva(), state), state);
        if (done < msrs.count()) {
            throw new IOException("%s: not %#x".formatted(what, msrs.index(done)));
        }
    }

    public void setCpuid(KvmCpuid2 table) throws KvmException {
        ioctl("KVM_SET_CPUID2", KvmIoctl.KVM_SET_CPUID2, table.hva());
    }

    /** Queues an external interrupt; the guest accepts interrupts now. */
    public void interrupt(int vector) throws KvmException {
        word.set(JAVA_INT, 0, vector);
        ioctl("KVM_INTERRUPT", KvmIoctl.KVM_INTERRUPT, word.address());
    }

    public void nmi() throws KvmException {
        ioctl("KVM_NMI", KvmIoctl.KVM_NMI, 0);
    }

    public void setTscKhz(int khz) throws KvmException {
        ioctl("KVM_SET_TSC_KHZ", KvmIoctl.KVM_SET_TSC_KHZ, khz);
    }

    @Override
    public void close() {
        Kvm.closeFd(fd);
    }
}
