package trivium.vt;

import trivium.bus.PortIo;
import trivium.cpu.CpuModel;
import trivium.memory.PhysicalMemory;
import trivium.x86.plain.PlainVcpu;

/** A vCPU with a state, without memory and devices. */
final class IdleVcpu extends PlainVcpu {
    IdleVcpu() {
        super(CpuModel.X86_64);
    }

    @Override
    public PhysicalMemory memory() {
        throw new AssertionError("no memory");
    }

    @Override
    public PortIo ports() {
        throw new AssertionError("no ports");
    }
}
