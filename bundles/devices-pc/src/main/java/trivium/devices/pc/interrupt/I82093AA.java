package trivium.devices.pc.interrupt;

import java.util.Arrays;
import java.util.Set;
import java.util.function.IntConsumer;
import org.osgi.service.component.annotations.Component;
import trivium.bus.BusDevice;
import trivium.device.ApicBus;
import trivium.device.Device;
import trivium.device.DeviceFactory;
import trivium.device.DeviceOptions;
import trivium.device.IoApic;
import trivium.device.Platform;
import trivium.devices.pc.States;
import trivium.vm.VmException;

/**
 * Intel 82093AA I/O APIC with 24 inputs at FEC00000h (82093AA data sheet). Inputs are active high
 * whatever their polarity bit says, as boards describe them. An edge at a masked input is lost, as
 * on the chip. Not modelled: ExtINT from the PIC (it goes to LINT0), the arbitration bus.
 */
public final class I82093AA implements Device, IoApic, BusDevice {
    private static final long BASE = 0xfec0_0000L;
    private static final int PINS = 24, VERSION = (PINS - 1) << 16 | 0x11;
    private static final int SELECT = 0x00, DATA = 0x10;
    private static final int REMOTE_IRR = 1 << 14, LEVEL = 1 << 15, MASKED = 1 << 16;
    private static final int LOGICAL = 1 << 11;
    private static final int LOW_WRITABLE = 0x1_afff;
    private static final int EXTINT = 7;

    /** Saved registers. */
    record State(int id, int select, int[] low, int[] high, int lines) {}

    private final Platform platform;

    /** The redirection table: vector and flags, destination in bits 24 to 31. */
    private final int[] low = new int[PINS], high = new int[PINS];

    private int id, select, lines;
    private final IntConsumer eoi = this::endOfInterrupt;
    private ApicBus apics;

    I82093AA(Platform platform) {
        this.platform = platform;
        Arrays.fill(low, MASKED);
        platform.regions().mapMmio("ioapic", BASE, 0x1000, this);
        platform.provide(IoApic.class, this);
    }

    /** The local APICs, once they are there; they may be replaced. */
    private ApicBus apics() {
        ApicBus now = platform.find(ApicBus.class).orElse(null);
        if (now != apics) {
            leaveApics();
            apics = now;
            if (now != null) {
                now.addEoiListener(eoi);
            }
        }
        return now;
    }

    private void leaveApics() {
        if (apics != null) {
            apics.removeEoiListener(eoi);
            apics = null;
        }
    }

    @Override
    public long read(long offset, int size) {
        int value =
                switch ((int) offset & ~3) {
                    case SELECT -> select;
                    case DATA -> readRegister();
                    default -> {
                        unimplemented(offset, 0);
                        yield 0;
                    }
                };
        return (value >>> (int) (offset & 3) * 8) & -1L >>> 64 - size * 8;
    }

    private int readRegister() {
        if (select >= 0x10 && select < 0x10 + 2 * PINS) {
            int pin = select - 0x10 >> 1;
            return (select & 1) == 0 ? low[pin] : high[pin];
        }
        return switch (select) {
            case 0, 2 -> id << 24;
            case 1 -> VERSION;
            default -> 0;
        };
    }

    @Override
    public void write(long offset, int size, long value) {
        switch ((int) offset & ~3) {
            case SELECT -> select = (int) value & 0xff;
            case DATA -> writeRegister((int) value);
            default -> unimplemented(offset, value);
        }
    }

    private void unimplemented(long offset, long value) {
        if (offset != 0x40) { // EOI register of later versions: guests that see ours do not use it
            platform.unimplemented("ioapic", "offset %03x".formatted(offset & 0xffc), value);
        }
    }

    private void writeRegister(int value) {
        if (select >= 0x10 && select < 0x10 + 2 * PINS) {
            int pin = select - 0x10 >> 1;
            if ((select & 1) == 0) {
                writeLow(pin, value);
            } else {
                high[pin] = value & 0xff00_0000;
            }
        } else if (select == 0) {
            id = value >>> 24 & 15;
        }
    }

    private void writeLow(int pin, int value) {
        int readOnly = low[pin] & REMOTE_IRR;
        low[pin] = value & LOW_WRITABLE | readOnly;
        if ((low[pin] & LEVEL) == 0) {
            low[pin] &= ~REMOTE_IRR; // how software clears it without an EOI
        }
        serviceLevel(pin);
    }

    @Override
    public synchronized void setLine(int line, boolean asserted) {
        if (line < 0 || line >= PINS) {
            return;
        }
        int bit = 1 << line;
        boolean rises = asserted && (lines & bit) == 0;
        lines = asserted ? lines | bit : lines & ~bit;
        if ((low[line] & LEVEL) != 0) {
            serviceLevel(line);
        } else if (rises && (low[line] & MASKED) == 0) {
            send(line, false);
        }
    }

    private void serviceLevel(int pin) {
        boolean ready = (low[pin] & (LEVEL | MASKED | REMOTE_IRR)) == LEVEL;
        if (ready && (lines & 1 << pin) != 0) {
            low[pin] |= REMOTE_IRR;
            send(pin, true);
        }
    }

    private void send(int pin, boolean level) {
        int entry = low[pin];
        int mode = entry >>> 8 & 7;
        ApicBus bus = apics();
        if (bus != null && mode != EXTINT) {
            boolean logical = (entry & LOGICAL) != 0;
            bus.deliver(high[pin] >>> 24, logical, mode, entry & 0xff, level);
        }
    }

    /** A local APIC's EOI broadcast. */
    private synchronized void endOfInterrupt(int vector) {
        for (int pin = 0; pin < PINS; pin++) {
            boolean mine = (low[pin] & (LEVEL | REMOTE_IRR)) == (LEVEL | REMOTE_IRR);
            if (mine && (low[pin] & 0xff) == vector) {
                low[pin] &= ~REMOTE_IRR;
                serviceLevel(pin);
            }
        }
    }

    @Override
    public void reset() {
        id = select = 0;
        Arrays.fill(low, MASKED);
        Arrays.fill(high, 0);
    }

    @Override
    public Record save() {
        return new State(id, select, low.clone(), high.clone(), lines);
    }

    @Override
    public void restore(Record state) {
        State s = States.as(State.class, state);
        id = s.id;
        select = s.select;
        States.copy(s.low, low);
        States.copy(s.high, high);
        lines = s.lines;
        apics(); // hears of EOIs from the start
    }

    @Override
    public void close() {
        leaveApics();
    }

    /** Makes the I/O APIC. */
    @Component(property = DeviceFactory.MODEL + "=ioapic")
    public static final class Factory implements DeviceFactory {
        @Override
        public String model() {
            return "ioapic";
        }

        @Override
        public String description() {
            return "Intel 82093AA I/O APIC";
        }

        @Override
        public Device create(Platform platform, DeviceOptions options) throws VmException {
            options.allow(Set.of());
            return new I82093AA(platform);
        }
    }
}
