package trivium.x86.fuzz;

import trivium.bus.PortIo;
import trivium.cpu.CpuModel;
import trivium.x86.plain.PlainVcpu;

/**
 * The vCPU of a fuzz board. Ports answer from their number and are logged; a write to {@link
 * #INTERRUPT_PORT} asserts an interrupt, at an instruction boundary that all engines agree on.
 */
final class FuzzVcpu extends PlainVcpu {
    static final int INTERRUPT_PORT = 0x50, INTERRUPT_VECTOR = 0x40;

    /** Its device writes a NOP into code, at the offset that it is told. */
    static final int DMA_PORT = 0x52;

    private static final int DMA_MASK = 0x1fff, NOP = 0x90;

    final AccessLog log = new AccessLog(() -> raise(KICK));
    final FuzzMemory memory = new FuzzMemory(log, () -> raise(KICK));
    private final Ports ports = new Ports();

    FuzzVcpu(CpuModel model) {
        super(model);
    }

    /** Forgets what happened before. */
    void reset() {
        clearEvents();
        log.clear();
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
    public FuzzMemory memory() {
        return memory;
    }

    @Override
    public PortIo ports() {
        return ports;
    }

    @Override
    public int acknowledgeInterrupt() {
        return take(INTR) ? INTERRUPT_VECTOR : -1;
    }

    @Override
    public long tsc() {
        return 0x1234_5678_9abcL;
    }
}
