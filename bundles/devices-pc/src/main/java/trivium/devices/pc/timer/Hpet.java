package trivium.devices.pc.timer;

import java.util.Arrays;
import java.util.List;
import java.util.Set;
import org.osgi.service.component.annotations.Component;
import trivium.bus.BusDevice;
import trivium.bus.IrqLine;
import trivium.device.Device;
import trivium.device.DeviceFactory;
import trivium.device.DeviceOptions;
import trivium.device.Platform;
import trivium.device.VirtualClock;
import trivium.devices.pc.States;
import trivium.vm.VmException;

/**
 * High precision event timer at FED00000h: a 64-bit counter at 100 MHz and three timers, each
 * periodic if wanted (IA-PC HPET Specification 1.0a). Timers may be routed to IO-APIC input 2, or
 * by legacy replacement to IRQ 0 and IRQ 8 in place of PIT and RTC. Not modelled: FSB delivery.
 */
public final class Hpet implements Device, BusDevice {
    private static final long BASE = 0xfed0_0000L;
    private static final int TIMERS = 3, NANOS_PER_TICK = 10;
    private static final int CAPABILITIES = 0x000, CONFIG = 0x010, STATUS = 0x020, COUNTER = 0x0f0;
    private static final int TIMER0 = 0x100, TIMER_BYTES = 0x20;
    private static final int ENABLE = 1, LEGACY = 2;

    /** 10,000,000 fs a tick, vendor 8086, legacy routes, 64 bits, three timers, revision 1. */
    private static final long CAPABILITY_BITS = 0x0098_9680_8086_a201L;

    private static final int ROUTES = 1 << 2;

    /** Saved registers. */
    record State(int config, int status, long counter, List<HpetTimer.State> timers) {}

    private final Platform platform;
    private final VirtualClock clock;
    private final HpetTimer[] timers = new HpetTimer[TIMERS];
    private final IrqLine irq0, irq8;
    private final IrqLine gsi2;
    private int config, status;

    /** The counter while it stands; while it runs, what to add to the clock's ticks. */
    private long counter;

    Hpet(Platform platform) {
        this.platform = platform;
        clock = platform.clock();
        irq0 = platform.isaIrq(0);
        irq8 = platform.isaIrq(8);
        gsi2 = platform.gsi(2);
        for (int i = 0; i < TIMERS; i++) {
            int n = i;
            timers[i] =
                    new HpetTimer(ROUTES, platform.newTimer("hpet" + i, this, () -> timerFired(n)));
            timers[i].reset();
        }
        platform.regions().mapMmio("hpet", BASE, 0x400, this);
    }

    private boolean running() {
        return (config & ENABLE) != 0;
    }

    private boolean legacy() {
        return (config & LEGACY) != 0;
    }

    private long counter() {
        return running() ? counter + clock.nanos() / NANOS_PER_TICK : counter;
    }

    // --- registers: 64 bits wide, reached by dwords or quadwords

    @Override
    public long read(long offset, int size) {
        long value = register((int) offset & ~7);
        return value >>> (int) (offset & 7) * 8 & -1L >>> 64 - size * 8;
    }

    private long register(int offset) {
        return switch (offset) {
            case CAPABILITIES -> CAPABILITY_BITS;
            case CONFIG -> config;
            case STATUS -> status;
            case COUNTER -> counter();
            default -> timerRegister(offset);
        };
    }

    private long timerRegister(int offset) {
        HpetTimer timer = timer(offset);
        if (timer == null) {
            return 0;
        }
        return switch (offset & TIMER_BYTES - 1) {
            case 0 -> timer.capabilitiesAndConfig();
            case 8 -> timer.comparator();
            default -> 0;
        };
    }

    private HpetTimer timer(int offset) {
        int n = (offset - TIMER0) / TIMER_BYTES;
        return offset >= TIMER0 && n < TIMERS ? timers[n] : null;
    }

    @Override
    public void write(long offset, int size, long value) {
        if (size < 4) {
            return; // IA-PC HPET 1.0a: dword or quadword accesses only
        }
        int shift = (int) (offset & 7) * 8;
        long mask = (-1L >>> 64 - size * 8) << shift;
        writeRegister((int) offset & ~7, value << shift, mask);
    }

    private void writeRegister(int offset, long value, long mask) {
        switch (offset) {
            case CAPABILITIES -> {} // read-only
            case CONFIG -> writeConfig((int) (config & ~mask | value & mask));
            case STATUS -> clearStatus((int) (value & mask));
            case COUNTER -> writeCounter(value, mask);
            default -> writeTimer(offset, value, mask);
        }
    }

    private void writeConfig(int value) {
        long now = counter();
        boolean wasLegacy = legacy(), wasRunning = running();
        config = value & (ENABLE | LEGACY);
        counter = running() ? now - clock.nanos() / NANOS_PER_TICK : now;
        if (legacy() != wasLegacy) {
            for (HpetTimer timer : timers) {
                timer.lower();
            }
            connectLegacyTimers();
        }
        if (running() != wasRunning) {
            schedule();
        }
    }

    private void connectLegacyTimers() {
        boolean connected = !legacy();
        platform.find(I8254.class).ifPresent(pit -> pit.connectIrq(connected));
        platform.find(Mc146818.class).ifPresent(rtc -> rtc.connectIrq(connected));
    }

    private void clearStatus(int bits) {
        for (int n = 0; n < TIMERS; n++) {
            if ((bits & status & 1 << n) != 0) {
                timers[n].lower();
            }
        }
        status &= ~bits;
    }

    private void writeCounter(long value, long mask) {
        long to = counter() & ~mask | value & mask;
        counter = running() ? to - clock.nanos() / NANOS_PER_TICK : to;
        schedule();
    }

    private void writeTimer(int offset, long value, long mask) {
        HpetTimer timer = timer(offset);
        if (timer == null) {
            return;
        }
        switch (offset & TIMER_BYTES - 1) {
            case 0 -> {
                timer.writeConfig((int) (timer.config & ~mask | value & mask));
                boolean drop = !timer.enabled() || !timer.levelTriggered();
                if (drop) {
                    timer.lower();
                }
            }
            case 8 -> timer.writeComparator(value, mask);
            default -> platform.unimplemented("hpet", "FSB route", value);
        }
        schedule(timer, (offset & TIMER_BYTES - 1) == 8);
    }

    // --- interrupts

    private void schedule() {
        for (HpetTimer timer : timers) {
            schedule(timer, false);
        }
    }

    private void schedule(HpetTimer timer, boolean written) {
        if (running()) {
            timer.start(counter(), clock.nanos(), written);
        } else {
            timer.stop();
        }
    }

    private void timerFired(int n) {
        HpetTimer timer = timers[n];
        if (!running() || !timer.expired(counter(), clock.nanos())) {
            return;
        }
        IrqLine line = line(n);
        if (timer.levelTriggered()) {
            status |= 1 << n;
            if (timer.enabled() && line != null) {
                timer.raise(line);
            }
        } else if (timer.enabled() && line != null) {
            line.pulse();
        }
    }

    /** Where timer {@code n} interrupts, or null. */
    private IrqLine line(int n) {
        if (legacy() && n < 2) {
            return n == 0 ? irq0 : irq8;
        }
        return timers[n].routable() ? gsi2 : null;
    }

    @Override
    public void reset() {
        boolean wasLegacy = legacy();
        config = status = 0;
        counter = 0;
        for (HpetTimer timer : timers) {
            timer.reset();
        }
        if (wasLegacy) {
            connectLegacyTimers();
        }
    }

    /** The counter's value is saved, not its distance to the clock. */
    @Override
    public Record save() {
        List<HpetTimer.State> each = Arrays.stream(timers).map(HpetTimer::save).toList();
        return new State(config, status, counter(), each);
    }

    @Override
    public void restore(Record state) {
        State s = States.as(State.class, state);
        if (s.timers.size() != TIMERS) {
            throw new IllegalArgumentException("state of %d timers".formatted(s.timers.size()));
        }
        config = s.config;
        status = s.status;
        counter = running() ? s.counter - clock.nanos() / NANOS_PER_TICK : s.counter;
        for (int n = 0; n < TIMERS; n++) {
            timers[n].lower();
            timers[n].restore(s.timers.get(n));
            IrqLine line = line(n);
            if (s.timers.get(n).active() && line != null) {
                timers[n].raise(line);
            }
        }
        connectLegacyTimers();
        schedule();
    }

    @Override
    public void close() {
        for (HpetTimer timer : timers) {
            timer.stop();
            timer.lower();
        }
    }

    /** Makes the timer. */
    @Component(property = DeviceFactory.MODEL + "=hpet")
    public static final class Factory implements DeviceFactory {
        @Override
        public String model() {
            return "hpet";
        }

        @Override
        public String description() {
            return "High precision event timer";
        }

        @Override
        public Device create(Platform platform, DeviceOptions options) throws VmException {
            options.allow(Set.of());
            return new Hpet(platform);
        }
    }
}
