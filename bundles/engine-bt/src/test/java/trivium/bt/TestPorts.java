package trivium.bt;

import java.util.List;
import java.util.Optional;
import java.util.function.IntConsumer;
import trivium.bus.PortIo;
import trivium.bus.SharedPorts;
import trivium.bus.SharedRegister;
import trivium.cpu.Vcpu;

/**
 * Ports whose accesses are logged, but for those of shared registers: one byte whose low half does
 * not change, two bytes, four bytes, and sixteen registers of a byte of which the first half may
 * only be read.
 */
final class TestPorts implements PortIo {
    /** Bit 0 written there raises an interrupt. */
    static final int EVENTS = 0x10;

    static final int BYTE = 0x40, WORD = 0x42, DWORD = 0x44, INDEX = 0x48, SELECTED = 0x49;
    private static final int REGISTERS = 16;

    private final List<String> log;
    private final IntConsumer raise;
    private final SharedPorts shared = new SharedPorts();
    private final SharedRegister one = shared.share(BYTE, 1), two = shared.share(WORD, 2);
    private final SharedRegister four = shared.share(DWORD, 4), index = shared.share(INDEX, 1);
    private final SharedRegister[] all = shared.share(SELECTED, 1, index, REGISTERS);

    TestPorts(List<String> log, IntConsumer raise) {
        this.log = log;
        this.raise = raise;
        one.allow(true, true, 0x0f);
        two.allow(true, true);
        four.allow(true, true);
        index.allow(false, true);
        for (int i = 0; i < REGISTERS; i++) {
            all[i].set(0x30 + i);
            all[i].allow(true, i >= REGISTERS / 2);
        }
    }

    private SharedRegister register(int port, int size) {
        return switch (port << 4 | size) {
            case BYTE << 4 | 1 -> one;
            case WORD << 4 | 2 -> two;
            case DWORD << 4 | 4 -> four;
            case INDEX << 4 | 1 -> index;
            case SELECTED << 4 | 1 -> all[index.get() & REGISTERS - 1];
            default -> null;
        };
    }

    @Override
    public int in(int port, int size) {
        SharedRegister register = register(port, size);
        if (register != null) {
            return port == INDEX ? 0x77 : register.get();
        }
        log.add("in %x %d".formatted(port, size));
        return port * 0x0173_5bd1 + log.size() & -1 >>> 32 - 8 * size;
    }

    @Override
    public void out(int port, int size, int value) {
        SharedRegister register = register(port, size);
        if (register != null) {
            if (port != SELECTED || (index.get() & REGISTERS - 1) >= REGISTERS / 2) {
                register.set(port == BYTE ? register.get() & 0x0f | value & 0xf0 : value);
            }
            return;
        }
        log.add("out %x %d %x".formatted(port, size, value & -1 >>> 32 - 8 * size));
        if (port == EVENTS) {
            raise.accept(value & Vcpu.INTR);
        }
    }

    @Override
    public Optional<SharedPorts> shared() {
        return Optional.of(shared);
    }
}
