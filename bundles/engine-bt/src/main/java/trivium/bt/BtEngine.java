package trivium.bt;

import java.io.IOException;
import java.util.Map;
import java.util.Optional;
import java.util.WeakHashMap;
import org.osgi.service.component.annotations.Component;
import trivium.cpu.CodeKind;
import trivium.cpu.Estimate;
import trivium.cpu.ExecutionEngine;
import trivium.cpu.Host;
import trivium.cpu.Support;
import trivium.cpu.Vcpu;
import trivium.cpu.VcpuRunner;
import trivium.hostos.GsBase;
import trivium.memory.PhysicalMemory;
import trivium.mmu.MmuStrategy;
import trivium.x86.interp.Cpu;
import trivium.x86.interp.Interpreter;

/** Binary translation: hot guest code becomes host code, the rest is interpreted. */
@Component
public final class BtEngine implements ExecutionEngine {
    /** For the translations of one VM. */
    private static final int MEMORY_BYTES = 128 << 20;

    private static final int LEAST_BYTES = 1 << 20;
    private static final int THRESHOLD = 10;

    private static final int SAMPLING = 4999;

    private final int memoryBytes, threshold, sampling;

    /** By VM: its vCPUs have one memory. */
    private final Map<PhysicalMemory, Budget> budgets = new WeakHashMap<>();

    public BtEngine() {
        this(
                Integer.getInteger("trivium.bt.memoryBytes", MEMORY_BYTES),
                Integer.getInteger("trivium.bt.threshold", THRESHOLD),
                Integer.getInteger("trivium.bt.sampling", SAMPLING));
    }

    /**
     * @param memoryBytes bound for the translations of all vCPUs of a VM, host code and tables; at
     *     least 1 MiB
     * @param threshold how often a block is interpreted before it is translated
     */
    public BtEngine(int memoryBytes, int threshold) {
        this(memoryBytes, threshold, SAMPLING);
    }

    /**
     * @param sampling of so many entries of blocks not known to be hot one is looked at; a block
     *     seen three times is hot; 0: all are from the start, and always use windows
     */
    public BtEngine(int memoryBytes, int threshold, int sampling) {
        this.memoryBytes = Math.max(memoryBytes, LEAST_BYTES) & -4096;
        this.threshold = threshold;
        this.sampling = sampling;
    }

    @Override
    public String name() {
        return "bt";
    }

    @Override
    public String description() {
        return "binary translation to x86-64 host code";
    }

    @Override
    public Support supportOn(Host host) {
        boolean fits =
                host.architecture().equals("amd64") && host.operatingSystem().equals("Linux");
        if (!fits || !GsBase.available()) {
            return new Support.No(
                    "translates to x86-64 code for Linux; this host is %s %s"
                            .formatted(host.operatingSystem(), host.architecture()));
        }
        return host.executableMemory()
                ? Support.YES
                : new Support.No("this host refuses executable memory");
    }

    /** As measured against native code: docs/benchmarks.md. */
    @Override
    public Estimate estimateOn(Host host) {
        return new Estimate(
                Map.of(
                        CodeKind.REAL, 0.3,
                        CodeKind.KERNEL_32, 0.35,
                        CodeKind.KERNEL_64, 0.35,
                        CodeKind.USER_32, 0.55,
                        CodeKind.USER_64, 0.55),
                Optional.empty());
    }

    @Override
    public VcpuRunner attach(Vcpu vcpu, MmuStrategy mmu) {
        Budget budget;
        synchronized (budgets) {
            budget = budgets.computeIfAbsent(vcpu.memory(), _ -> new Budget(memoryBytes));
        }
        Cpu c = new Cpu(vcpu, mmu.attach(vcpu), Area.BYTES);
        try {
            CodeCache cache = new CodeCache("trivium-bt-" + vcpu.index(), memoryBytes);
            return new Interpreter(
                    c, new BtAccelerator(c, cache, budget.join(), threshold, sampling));
        } catch (IOException e) {
            throw new IllegalStateException("no code cache: " + e.getMessage(), e);
        }
    }
}
