package trivium.x86.vectors;

import trivium.cpu.CpuModel;
import trivium.x86.plain.PlainVcpu;

/** A vCPU with nothing around it but memory and time. */
final class VectorVcpu extends PlainVcpu {
    private final VectorMemory memory;

    VectorVcpu(CpuModel model, VectorMemory memory) {
        super(model);
        this.memory = memory;
    }

    @Override
    public VectorMemory memory() {
        return memory;
    }

    @Override
    public long tsc() {
        return System.nanoTime();
    }
}
