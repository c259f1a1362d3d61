package trivium.devices.pc.interrupt;

import java.util.List;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.IntConsumer;
import org.osgi.service.component.annotations.Component;
import trivium.bus.BusDevice;
import trivium.cpu.LocalApic;
import trivium.device.ApicBus;
import trivium.device.CurrentVcpu;
import trivium.device.Device;
import trivium.device.DeviceFactory;
import trivium.device.DeviceOptions;
import trivium.device.Platform;
import trivium.device.VirtualTimer;
import trivium.devices.pc.States;
import trivium.memory.MemoryRegions;
import trivium.vm.VmException;

/**
 * The local APICs of all vCPUs and the bus between them. Each vCPU sees its own at FEE00000h; other
 * addresses of that megabyte take message-signalled interrupts.
 *
 * <p>Lock order: IO-APIC, then {@code monitor}. So end-of-interrupt broadcasts leave after {@code
 * monitor} is released; the monitor of the MMIO window may be held then, which nobody takes inside
 * {@code monitor} or the IO-APIC's.
 */
public final class LocalApics implements Device, ApicBus {
    private static final long BASE = 0xfee0_0000L, WINDOW = 0x10_0000, REGISTERS = 0x1000;
    private static final int LOGICAL = 1 << 11, ASSERT = 1 << 14, LEVEL = 1 << 15;
    private static final int SELF = 1, ALL = 2, OTHERS = 3;
    private static final int NO_VECTOR = -1;

    /** Saved registers of each. */
    record State(List<Lapic.State> apics, boolean picLine) {}

    private final Object monitor = new Object();
    private final Lapic[] apics;
    private final List<IntConsumer> eoiListeners = new CopyOnWriteArrayList<>();
    private final MemoryRegions.Mapping mapping;
    private long base = BASE;
    private boolean picLine;

    /** Level-triggered vectors ended by the access in progress; guarded by {@code monitor}. */
    private int ended = NO_VECTOR;

    /** Where the next search for the lowest priority begins, so that equals take turns. */
    private int turn;

    LocalApics(Platform platform) {
        apics = new Lapic[platform.cpuCount()];
        for (int i = 0; i < apics.length; i++) {
            apics[i] = make(platform, i);
        }
        mapping = platform.regions().mapMmio("lapic", BASE, WINDOW, new Window());
        platform.provide(ApicBus.class, this);
    }

    private Lapic make(Platform platform, int i) {
        VirtualTimer timer =
                platform.newTimer("lapic%d".formatted(i), monitor, () -> apics[i].timerFired());
        return new Lapic(i, monitor, new Outgoing(), new ApicTimer(platform.clock(), timer));
    }

    /** What a register access of one APIC does outside it; {@code monitor} is held. */
    private final class Outgoing implements Lapic.Bus {
        @Override
        public void interprocessor(Lapic from, int icrLow, int icrHigh) {
            sendIpi(from, icrLow, icrHigh);
        }

        @Override
        public void ended(int vector) {
            ended = vector;
        }

        @Override
        public void moved(Lapic apic, long to) {
            if (apic == apics[0] && to != base) {
                base = to;
                mapping.moveTo(to);
            }
        }

        @Override
        public int read(Lapic apic, int offset) {
            return readRegister(apic, offset);
        }

        @Override
        public void write(Lapic apic, int offset, int value) {
            writeRegister(apic, offset, value);
        }
    }

    private int readRegister(Lapic apic, int offset) {
        synchronized (monitor) {
            return apic.hardwareEnabled() ? apic.read(offset >> 4) : -1;
        }
    }

    private void writeRegister(Lapic apic, int offset, int value) {
        int vector;
        synchronized (monitor) {
            ended = NO_VECTOR;
            if (apic.hardwareEnabled()) {
                apic.write(offset >> 4, value);
            }
            vector = ended;
        }
        if (vector != NO_VECTOR) {
            for (IntConsumer listener : eoiListeners) {
                listener.accept(vector);
            }
        }
    }

    private final class Window implements BusDevice {
        @Override
        public long read(long offset, int size) {
            if (offset >= REGISTERS || (offset & 15) + size > 4) {
                return offset >= REGISTERS ? -1 : 0; // only aligned dwords are defined
            }
            int value = readRegister(current(), (int) offset);
            return (value >>> (int) (offset & 3) * 8) & -1L >>> 64 - size * 8;
        }

        @Override
        public void write(long offset, int size, long value) {
            if ((offset & 15) != 0 || size != 4) {
                return;
            }
            if (offset >= REGISTERS || offset == 0) {
                message(offset, (int) value);
                return;
            }
            writeRegister(current(), (int) offset, (int) value);
        }
    }

    private Lapic current() {
        return apics[Math.min(CurrentVcpu.index(), apics.length - 1)];
    }

    /** SDM Vol. 3A "Message Address Register Format" and "Message Data Register Format". */
    private void message(long offset, int data) {
        boolean logical = (offset & 4) != 0;
        boolean level = (data & LEVEL) != 0;
        deliver((int) (offset >>> 12) & 0xff, logical, data >>> 8 & 7, data & 0xff, level);
    }

    // --- ApicBus

    @Override
    public LocalApic apic(int index) {
        return apics[index];
    }

    @Override
    public void connect(int index, Target target) {
        synchronized (monitor) {
            apics[index].connect(target);
        }
    }

    @Override
    public void deliver(int destination, boolean logical, int mode, int vector, boolean level) {
        synchronized (monitor) {
            if (mode == Lapic.LOWEST) {
                deliverLowest(destination, logical, vector, level);
                return;
            }
            for (Lapic apic : apics) {
                if (apic.matches(destination, logical)) {
                    apic.deliver(mode, vector, level);
                }
            }
        }
    }

    private void deliverLowest(int destination, boolean logical, int vector, boolean level) {
        Lapic best = null;
        for (int i = 0; i < apics.length; i++) {
            Lapic apic = apics[(turn + i) % apics.length];
            boolean candidate = apic.softwareEnabled() && apic.matches(destination, logical);
            if (candidate
                    && (best == null || apic.processorPriority() < best.processorPriority())) {
                best = apic;
            }
        }
        turn = (turn + 1) % apics.length;
        if (best != null) {
            best.deliver(Lapic.FIXED, vector, level);
        }
    }

    /** SDM Vol. 3A "Interrupt Command Register (ICR)". */
    private void sendIpi(Lapic from, int icrLow, int icrHigh) {
        int mode = icrLow >>> 8 & 7;
        int vector = icrLow & 0xff;
        if (mode == Lapic.INIT && (icrLow & (ASSERT | LEVEL)) == LEVEL) {
            return; // INIT level de-assert: arbitration IDs only
        }
        if (mode <= Lapic.LOWEST && vector < 16) {
            from.error(Lapic.SEND_ILLEGAL_VECTOR);
            return;
        }
        switch (icrLow >>> 18 & 3) {
            case SELF -> from.deliver(mode, vector, false);
            case ALL, OTHERS -> {
                for (Lapic apic : apics) {
                    if ((apic != from || icrLow >>> 18 == ALL) && apic.hardwareEnabled()) {
                        apic.deliver(mode, vector, false);
                    }
                }
            }
            default -> deliver(icrHigh >>> 24, (icrLow & LOGICAL) != 0, mode, vector, false);
        }
    }

    @Override
    public void addEoiListener(IntConsumer vector) {
        eoiListeners.add(vector);
    }

    @Override
    public void removeEoiListener(IntConsumer vector) {
        eoiListeners.remove(vector);
    }

    @Override
    public boolean interruptPending(int index) {
        return apics[index].pending();
    }

    @Override
    public int acknowledge(int index) {
        synchronized (monitor) {
            return apics[index].acknowledge();
        }
    }

    @Override
    public boolean acceptsPic(int index) {
        return apics[index].acceptsPic();
    }

    @Override
    public void setPicLine(boolean asserted) {
        synchronized (monitor) {
            boolean rises = asserted && !picLine;
            picLine = asserted;
            if (rises) {
                for (Lapic apic : apics) {
                    apic.lint0();
                }
            }
        }
    }

    // --- Device

    @Override
    public void reset() {
        synchronized (monitor) {
            for (Lapic apic : apics) {
                apic.powerOn();
            }
            if (base != BASE) {
                base = BASE;
                mapping.moveTo(BASE);
            }
        }
    }

    @Override
    public Record save() {
        synchronized (monitor) {
            return new State(Lapic.saveAll(apics), picLine);
        }
    }

    @Override
    public void restore(Record state) {
        State s = States.as(State.class, state);
        if (s.apics.size() != apics.length) {
            throw new IllegalArgumentException(
                    "state of %d local APICs, not %d".formatted(s.apics.size(), apics.length));
        }
        synchronized (monitor) {
            picLine = s.picLine;
            for (int i = 0; i < apics.length; i++) {
                apics[i].restore(s.apics.get(i));
            }
        }
    }

    /** Makes the local APICs. */
    @Component(property = DeviceFactory.MODEL + "=lapic")
    public static final class Factory implements DeviceFactory {
        @Override
        public String model() {
            return "lapic";
        }

        @Override
        public String description() {
            return "Local APICs of all vCPUs";
        }

        @Override
        public Device create(Platform platform, DeviceOptions options) throws VmException {
            options.allow(Set.of());
            return new LocalApics(platform);
        }
    }
}
