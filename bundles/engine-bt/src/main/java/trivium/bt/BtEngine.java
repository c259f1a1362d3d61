package trivium.bt;

import java.io.IOException;
import org.osgi.service.component.annotations.Component;
import trivium.cpu.ExecutionEngine;
import trivium.cpu.Host;
import trivium.cpu.Support;
import trivium.cpu.Vcpu;
import trivium.cpu.VcpuRunner;
import trivium.hostos.GsBase;
import trivium.mmu.MmuStrategy;
import trivium.x86.interp.Cpu;
import trivium.x86.interp.Interpreter;

/** Binary translation: hot guest code becomes host code, the rest is interpreted. */
@Component
public final class BtEngine implements ExecutionEngine {
    /** Bytes of the code cache of one vCPU. */
    private static final int CACHE_BYTES = 64 << 20;

    private static final int THRESHOLD = 10;

    private final int cacheBytes, threshold;

    public BtEngine() {
        this(
                Integer.getInteger("trivium.bt.cacheBytes", CACHE_BYTES),
                Integer.getInteger("trivium.bt.threshold", THRESHOLD));
    }

    /**
     * @param cacheBytes size of a vCPU's code cache, a multiple of 4096
     * @param threshold how often a block is interpreted before it is translated
     */
    public BtEngine(int cacheBytes, int threshold) {
        this.cacheBytes = cacheBytes;
        this.threshold = threshold;
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
        if (!host.architecture().equals("amd64") || !GsBase.available()) {
            return new Support.No(
                    "translates to x86-64 code for Linux; this host is %s %s"
                            .formatted(host.operatingSystem(), host.architecture()));
        }
        return host.executableMemory()
                ? Support.YES
                : new Support.No("this host refuses executable memory");
    }

    @Override
    public VcpuRunner attach(Vcpu vcpu, MmuStrategy mmu) {
        Cpu c = new Cpu(vcpu, mmu.attach(vcpu), Area.BYTES);
        try {
            return new Interpreter(c, new BtAccelerator(c, cacheBytes, threshold));
        } catch (IOException e) {
            throw new IllegalStateException("no code cache: " + e.getMessage(), e);
        }
    }
}
