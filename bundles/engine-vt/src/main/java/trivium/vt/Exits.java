package trivium.vt;

import java.io.IOException;
import trivium.bus.PortIo;
import trivium.cpu.Vcpu;
import trivium.device.CurrentVcpu;
import trivium.hostos.HostMemory;
import trivium.hostos.KvmRun;
import trivium.hostos.KvmVcpu;
import trivium.memory.PhysicalMemory;

/**
 * Does what an exit for port I/O or MMIO asks for. KVM ends the instruction at the next entry.
 * Bound to the vCPU's thread.
 */
final class Exits {
    private final Vcpu vcpu;
    private final KvmVcpu kvm;
    private final KvmRun run;
    private final KvmState state;
    private final PortIo ports;
    private final PhysicalMemory memory;

    Exits(Vcpu vcpu, KvmVcpu kvm, KvmState state) {
        this.vcpu = vcpu;
        this.kvm = kvm;
        this.state = state;
        run = kvm.runArea();
        ports = vcpu.ports();
        memory = vcpu.memory();
    }

    /** KVM_EXIT_IO: all accesses of a string instruction's batch, which go to one port. */
    void io() throws IOException {
        int port = run.u16(KvmRun.IO_PORT), size = run.u8(KvmRun.IO_SIZE);
        int count = run.u32(KvmRun.IO_COUNT);
        long data = kvm.ioDataHva();
        boolean out = run.out();
        if (!out && size == 4 && count == 1) {
            inWithRegisters(port, data);
            return;
        }
        for (int i = 0; i < count; i++, data += size) {
            if (out) {
                ports.out(port, size, (int) HostMemory.get(data, size));
            } else {
                HostMemory.put(data, size, ports.in(port, size));
            }
        }
    }

    /** A few ports take their parameters in general registers: {@link CurrentVcpu#registers}. */
    private void inWithRegisters(int port, long data) throws IOException {
        state.fetchGpr();
        HostMemory.put(data, 4, ports.in(port, 4));
        if (!state.gprChanged()) {
            return;
        }
        long[] changed = vcpu.state().gpr.clone();
        kvm.complete();
        System.arraycopy(changed, 1, vcpu.state().gpr, 1, 15);
        state.putGpr();
    }

    /** KVM_EXIT_MMIO. */
    void mmio() {
        long gpa = run.u64(KvmRun.MMIO_PHYS_ADDR), data = run.hva(KvmRun.MMIO_DATA);
        int length = Math.min(run.u32(KvmRun.MMIO_LEN), 8);
        boolean write = run.u8(KvmRun.MMIO_IS_WRITE) != 0;
        for (int done = 0; done < length; ) {
            int size = part(gpa + done, length - done);
            if (write) {
                memory.write(gpa + done, size, HostMemory.get(data + done, size));
            } else {
                HostMemory.put(data + done, size, memory.read(gpa + done, size));
            }
            done += size;
        }
    }

    /** As much as one access can do: a power of two that does not cross a page. */
    private static int part(long gpa, int length) {
        int size = Integer.highestOneBit(length);
        while ((gpa & PhysicalMemory.PAGE_BYTES - 1) + size > PhysicalMemory.PAGE_BYTES) {
            size /= 2;
        }
        return size;
    }
}
