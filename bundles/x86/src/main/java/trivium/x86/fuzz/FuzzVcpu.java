package trivium.x86.fuzz;

import trivium.bus.PortIo;
import trivium.cpu.CpuModel;
import trivium.cpu.LocalApic;
import trivium.cpu.Vcpu;
import trivium.cpu.VcpuState;
import trivium.hostos.AtomicWord;

/**
 * The vCPU of a fuzz board. Ports answer from their number and are logged; a write to {@link
 * #INTERRUPT_PORT} asserts an interrupt, at an instruction boundary that all engines agree on.
 */
final class FuzzVcpu implements Vcpu {
    static final int INTERRUPT_PORT = 0x50, INTERRUPT_VECTOR = 0x40;

    /** Its device writes a NOP into code, at the offset that it is told. */
    static final int DMA_PORT = 0x52;

    private static final int DMA_MASK = 0x1fff, NOP = 0x90;

    private final CpuModel model;
    final AccessLog log = new AccessLog(() -> raise(KICK));
    final FuzzMemory memory = new FuzzMemory(log, () -> raise(KICK));
    private final VcpuState state = new VcpuState();
    private final Ports ports = new Ports();

    private final AtomicWord pending = new AtomicWord();

    FuzzVcpu(CpuModel model) {
        this.model = model;
    }

    /** Forgets what happened before. */
    void reset() {
        pending.and(0);
        log.clear();
    }

    void raise(int bit) {
        pending.or(bit);
    }

    private final class Ports implements PortIo {
        @Override
        public int in(int port, int size) {
            int value = (port * 0x1357 + log.count() * 0x101) & -1 >>> 32 - 8 * size;
            log.add(AccessLog.IN, port, size, value);
            return value;
        }

        @Override
        public void out(int port, int size, int value) {
            log.add(AccessLog.OUT, port, size, value & 0xffff_ffffL >>> 32 - 8 * size);
            if (port == INTERRUPT_PORT) {
                raise(INTR);
            } else if (port == DMA_PORT) {
                memory.write(Layout.CODE + (value & DMA_MASK), 1, NOP);
            }
        }
    }

    @Override
    public int index() {
        return 0;
    }

    @Override
    public VcpuState state() {
        return state;
    }

    @Override
    public CpuModel model() {
        return model;
    }

    @Override
    public FuzzMemory memory() {
        return memory;
    }

    @Override
    public PortIo ports() {
        return ports;
    }

    @Override
    public LocalApic apic() {
        return LocalApic.NONE;
    }

    @Override
    public int pending() {
        return pending.get();
    }

    @Override
    public long pendingHva() {
        return pending.hva();
    }

    @Override
    public boolean take(int bit) {
        return (pending.and(~bit) & bit) != 0;
    }

    @Override
    public int sipiVector() {
        return 0;
    }

    @Override
    public int acknowledgeInterrupt() {
        return take(INTR) ? INTERRUPT_VECTOR : -1;
    }

    @Override
    public void onHalt() {}

    @Override
    public long tsc() {
        return 0x1234_5678_9abcL;
    }

    @Override
    public void awaitPending() {}
}
