package trivium.x86.plain;

import trivium.bus.PortIo;
import trivium.cpu.CpuModel;
import trivium.cpu.LocalApic;
import trivium.cpu.Vcpu;
import trivium.cpu.VcpuState;
import trivium.hostos.AtomicWord;

/**
 * The only vCPU of a board: a state and pending events. There is no interrupt controller, ports
 * read all ones, time stands still, and nothing waits.
 */
public abstract class PlainVcpu implements Vcpu {
    private static final PortIo NO_PORTS =
            new PortIo() {
                @Override
                public int in(int port, int size) {
                    return -1 >>> 32 - 8 * size;
                }

                @Override
                public void out(int port, int size, int value) {}
            };

    private final CpuModel model;
    private final VcpuState state = new VcpuState();
    private final AtomicWord pending = new AtomicWord();

    protected PlainVcpu(CpuModel model) {
        this.model = model;
    }

    /** Sets an event bit. */
    public final void raise(int bit) {
        pending.or(bit);
    }

    /** Forgets all events. */
    protected final void clearEvents() {
        pending.and(0);
    }

    @Override
    public final int index() {
        return 0;
    }

    @Override
    public final VcpuState state() {
        return state;
    }

    @Override
    public final CpuModel model() {
        return model;
    }

    @Override
    public PortIo ports() {
        return NO_PORTS;
    }

    @Override
    public final LocalApic apic() {
        return LocalApic.NONE;
    }

    @Override
    public final int pending() {
        return pending.get();
    }

    @Override
    public final long pendingHva() {
        return pending.hva();
    }

    @Override
    public final boolean take(int bit) {
        return (pending.and(~bit) & bit) != 0;
    }

    @Override
    public int sipiVector() {
        return 0;
    }

    @Override
    public int acknowledgeInterrupt() {
        return -1;
    }

    @Override
    public final void onHalt() {}

    @Override
    public long tsc() {
        return 0;
    }

    @Override
    public final void awaitPending() {}
}
