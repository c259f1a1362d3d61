package trivium.devices.pc.timer;

import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.util.Set;
import org.osgi.service.component.annotations.Component;
import trivium.bus.IrqLine;
import trivium.bus.SharedRegister;
import trivium.device.Device;
import trivium.device.DeviceFactory;
import trivium.device.DeviceOptions;
import trivium.device.Platform;
import trivium.device.VirtualClock;
import trivium.device.VirtualTimer;
import trivium.devices.pc.ByteDevice;
import trivium.devices.pc.States;
import trivium.devices.pc.Ticks;
import trivium.vm.VmException;

/**
 * Motorola MC146818 clock with 128 bytes of CMOS memory at ports 70h and 71h, keeping UTC. The
 * interrupt flags of register C are computed when it is read or when an enabled one falls due. Not
 * modelled: daylight saving, the square wave, time bases other than 32,768 Hz, and NMI masking
 * beyond keeping bit 7 of port 70h, since nothing on this board raises NMI.
 */
public final class Mc146818 implements Device, ByteDevice {
    private static final int SECONDS = 0, MINUTES = 2, HOURS = 4, WEEKDAY = 6;
    private static final int DAY = 7, MONTH = 8, YEAR = 9;
    private static final int SECONDS_ALARM = 1, MINUTES_ALARM = 3, HOURS_ALARM = 5;
    private static final int A = 10, B = 11, C = 12, D = 13;
    private static final int A_UIP = 0x80, A_DIVIDER_RESET = 0x60, A_RATE = 0x0f;
    private static final int B_SET = 0x80, B_DM = 4, B_24H = 2;
    private static final int B_DEFAULT = B_24H;

    /** Bits that enable in B, flag in C. */
    private static final int PERIODIC = 0x40, ALARM = 0x20, UPDATE = 0x10;

    private static final int ENABLES = PERIODIC | ALARM | UPDATE;
    private static final int C_IRQF = 0x80, D_VRT = 0x80, HOUR_PM = 0x80;
    private static final int CMOS_SIZE = 128, DONT_CARE = 0xc0;

    /** ACPI's FADT names this byte for the century; IBM PS/2 had it at 37h. */
    private static final int CENTURY = 0x32, CENTURY_PS2 = 0x37;

    private static final Ticks OSCILLATOR = new Ticks(32_768);
    private static final int DAY_SECONDS = 86_400;

    /** Saved registers; the time of day is the VM's clock plus {@code offsetSeconds}. */
    record State(
            byte[] cmos,
            int index,
            long offsetSeconds,
            long checkedSecond,
            long checkedTick,
            int flags,
            boolean irqConnected) {}

    /** Those of {@link #plain} registers are in {@link #memory}. */
    private final byte[] cmos = new byte[CMOS_SIZE];

    private final SharedRegister[] memory;
    private final VirtualClock clock;
    private final VirtualTimer timer;
    private final IrqLine irq;

    /** Port 70h with the NMI mask in bit 7. */
    private final SharedRegister index;

    /** What the guest's idea of the time is ahead of the VM's clock. */
    private long offsetSeconds;

    /** Up to where flags have been computed: guest seconds and periodic ticks. */
    private long checkedSecond, checkedTick;

    /** C without IRQF. */
    private int flags;

    private boolean irqConnected = true;

    Mc146818(Platform platform) {
        clock = platform.clock();
        irq = platform.isaIrq(8);
        timer = platform.newTimer("rtc", this, this::update);
        cmos[A] = 0x26;
        cmos[B] = B_DEFAULT;
        CmosMemory.fill(cmos, platform);
        platform.claimPorts("rtc", 0x70, 2, this);
        index = platform.shareRegister(0x70, 1);
        index.allow(false, true);
        memory = platform.shareRegisters(0x71, 1, index, CMOS_SIZE);
        share();
        checkedSecond = second();
        checkedTick = periodicTick();
        platform.provide(Mc146818.class, this);
    }

    /** Registers that hold what was written and do nothing. */
    private static boolean plain(int r) {
        return r > D && !timeRegister(r);
    }

    private void share() {
        for (int r = 0; r < CMOS_SIZE; r++) {
            memory[r].set(cmos[r]);
            memory[r].allow(plain(r), plain(r));
        }
    }

    @Override
    public int readByte(int offset) {
        return offset == 1 ? readRegister(index.get() & 0x7f) : 0xff;
    }

    @Override
    public void writeByte(int offset, int value) {
        if (offset == 0) {
            index.set(value);
        } else if (offset == 1) {
            writeRegister(index.get() & 0x7f, value);
        }
    }

    // --- time

    /** Guest milliseconds since 1970. */
    private long millis() {
        return clock.epochMillis() + offsetSeconds * 1000;
    }

    private long second() {
        return Math.floorDiv(millis(), 1000);
    }

    /** SET, or the divider held in reset: the time stands and its registers are memory. */
    private boolean stopped() {
        return (cmos[B] & B_SET) != 0 || (cmos[A] & A_DIVIDER_RESET) == A_DIVIDER_RESET;
    }

    private static boolean timeRegister(int r) {
        return r <= YEAR && r != SECONDS_ALARM && r != MINUTES_ALARM && r != HOURS_ALARM
                || r == CENTURY
                || r == CENTURY_PS2;
    }

    /** Fills the time registers from the clock. */
    private void show() {
        if (stopped()) {
            return;
        }
        LocalDateTime t = LocalDateTime.ofEpochSecond(second(), 0, ZoneOffset.UTC);
        cmos[SECONDS] = encode(t.getSecond());
        cmos[MINUTES] = encode(t.getMinute());
        cmos[HOURS] = encodeHour(t.getHour());
        cmos[WEEKDAY] = encode(t.getDayOfWeek().getValue() % 7 + 1);
        cmos[DAY] = encode(t.getDayOfMonth());
        cmos[MONTH] = encode(t.getMonthValue());
        cmos[YEAR] = encode(Math.floorMod(t.getYear(), 100));
        cmos[CENTURY] = cmos[CENTURY_PS2] = encode(Math.floorMod(t.getYear() / 100, 100));
    }

    /** Makes the time registers the guest's time; impossible values give the nearest sane one. */
    private void take() {
        int year = clamp(decode(cmos[CENTURY]), 19, 99) * 100 + clamp(decode(cmos[YEAR]), 0, 99);
        long wanted =
                LocalDateTime.of(
                                        year,
                                        clamp(decode(cmos[MONTH]), 1, 12),
                                        1,
                                        clamp(decodeHour(cmos[HOURS]), 0, 23),
                                        clamp(decode(cmos[MINUTES]), 0, 59),
                                        clamp(decode(cmos[SECONDS]), 0, 59))
                                .toEpochSecond(ZoneOffset.UTC)
                        + (clamp(decode(cmos[DAY]), 1, 31) - 1) * (long) DAY_SECONDS;
        offsetSeconds += wanted - second();
        checkedSecond = second();
    }

    private static int clamp(int n, int min, int max) {
        return Math.clamp(n, min, max);
    }

    private byte encode(int n) {
        return (byte) ((cmos[B] & B_DM) != 0 ? n : n / 10 << 4 | n % 10);
    }

    private int decode(int b) {
        return (cmos[B] & B_DM) != 0 ? b & 0xff : (b >>> 4 & 15) * 10 + (b & 15);
    }

    private byte encodeHour(int hour) {
        if ((cmos[B] & B_24H) != 0) {
            return encode(hour);
        }
        int twelve = hour % 12 == 0 ? 12 : hour % 12;
        return (byte) (encode(twelve) | (hour >= 12 ? HOUR_PM : 0));
    }

    private int decodeHour(int b) {
        if ((cmos[B] & B_24H) != 0) {
            return decode(b);
        }
        return decode(b & 0x7f) % 12 + ((b & HOUR_PM) != 0 ? 12 : 0);
    }

    // --- registers

    private int readRegister(int r) {
        if (plain(r)) {
            return memory[r].get();
        }
        if (timeRegister(r)) {
            show();
            return cmos[r] & 0xff;
        }
        return switch (r) {
            case A -> cmos[A] & 0x7f | (updating() ? A_UIP : 0);
            case C -> readC();
            case D -> D_VRT;
            default -> cmos[r] & 0xff;
        };
    }

    /** UIP comes at least 244 µs before an update; our clock counts milliseconds. */
    private boolean updating() {
        return !stopped() && Math.floorMod(millis(), 1000L) == 999;
    }

    private int readC() {
        collect();
        int value = flags | (requested() ? C_IRQF : 0);
        flags = 0;
        irq.lower();
        schedule();
        return value;
    }

    private void writeRegister(int r, int value) {
        if (plain(r)) {
            memory[r].set(value);
            return;
        }
        switch (r) {
            case A -> writeA(value);
            case B -> writeB(value);
            case C, D -> {} // read-only
            default -> {
                if (timeRegister(r)) {
                    writeTime(r, value);
                } else {
                    collect();
                    cmos[r] = (byte) value;
                    schedule();
                }
            }
        }
    }

    private void writeTime(int r, int value) {
        collect();
        show();
        cmos[r] = (byte) value;
        if (r == CENTURY_PS2) {
            cmos[CENTURY] = (byte) value;
        }
        if (!stopped()) {
            take();
        }
        schedule();
    }

    private void writeA(int value) {
        collect();
        show();
        boolean was = stopped();
        cmos[A] = (byte) (value & 0x7f);
        restartIf(was);
        checkedTick = periodicTick();
        schedule();
    }

    private void writeB(int value) {
        collect();
        show();
        boolean was = stopped();
        cmos[B] = (byte) ((value & B_SET) != 0 ? value & ~UPDATE : value);
        restartIf(was);
        update();
    }

    private void restartIf(boolean wasStopped) {
        if (wasStopped && !stopped()) {
            take();
        }
    }

    // --- interrupts

    /** Oscillator ticks between periodic interrupts; 0 for none (data sheet Table 5). */
    private int period() {
        int rate = cmos[A] & A_RATE;
        if (rate == 0) {
            return 0;
        }
        return 1 << (rate <= 2 ? rate + 6 : rate - 1);
    }

    private long periodicTick() {
        int period = period();
        return period == 0 ? 0 : OSCILLATOR.at(clock.nanos()) / period;
    }

    /** Sets the flags of everything that happened since the last time. */
    private void collect() {
        long tick = periodicTick();
        if (tick != checkedTick) {
            checkedTick = tick;
            flags |= PERIODIC;
        }
        long second = second();
        if (stopped() || second <= checkedSecond) {
            checkedSecond = second;
            return;
        }
        flags |= UPDATE;
        if (nextAlarm(checkedSecond) <= second) {
            flags |= ALARM;
        }
        checkedSecond = second;
    }

    /** The first second after {@code from} that matches the alarm; Long.MAX_VALUE if none does. */
    private long nextAlarm(long from) {
        long t = from + 1;
        long limit = t + DAY_SECONDS;
        while (t < limit) {
            int ofDay = (int) Math.floorMod(t, (long) DAY_SECONDS);
            if (differs(HOURS_ALARM, encodeHour(ofDay / 3600))) {
                t += 3600 - ofDay % 3600;
            } else if (differs(MINUTES_ALARM, encode(ofDay / 60 % 60))) {
                t += 60 - ofDay % 60;
            } else if (differs(SECONDS_ALARM, encode(ofDay % 60))) {
                t++;
            } else {
                return t;
            }
        }
        return Long.MAX_VALUE;
    }

    private boolean differs(int register, byte now) {
        return (cmos[register] & DONT_CARE) != DONT_CARE && cmos[register] != now;
    }

    private boolean requested() {
        return (flags & cmos[B] & ENABLES) != 0;
    }

    private void update() {
        collect();
        irq.set(irqConnected && requested());
        schedule();
    }

    /** Whether the clock reaches IRQ 8; the HPET cuts it in legacy replacement mode. */
    public synchronized void connectIrq(boolean connected) {
        irqConnected = connected;
        update();
    }

    /** Arms the timer for the next flag that is enabled and not set already. */
    private void schedule() {
        long now = clock.nanos();
        int wanted = cmos[B] & ENABLES & ~flags;
        long deadline = Long.MAX_VALUE;
        if ((wanted & PERIODIC) != 0 && period() != 0) {
            deadline = OSCILLATOR.nanos((periodicTick() + 1) * period());
        }
        if ((wanted & (UPDATE | ALARM)) != 0 && !stopped()) {
            long at = (wanted & UPDATE) != 0 ? checkedSecond + 1 : nextAlarm(checkedSecond);
            if (at != Long.MAX_VALUE) {
                deadline = Math.min(deadline, now + (at * 1000 - millis()) * 1_000_000);
            }
        }
        if (deadline == Long.MAX_VALUE) {
            timer.cancel();
        } else {
            timer.arm(deadline);
        }
    }

    /** Data sheet "RESET": enables and flags go; time, memory and dividers stay. */
    @Override
    public void reset() {
        cmos[B] &= (byte) ~(ENABLES | 8);
        flags = 0;
        index.set(0);
        irqConnected = true;
        irq.lower();
        schedule();
    }

    @Override
    public Record save() {
        show();
        for (int r = 0; r < CMOS_SIZE; r++) {
            if (plain(r)) {
                cmos[r] = (byte) memory[r].get();
            }
        }
        return new State(
                cmos.clone(),
                index.get(),
                offsetSeconds,
                checkedSecond,
                checkedTick,
                flags,
                irqConnected);
    }

    @Override
    public void restore(Record state) {
        State s = States.as(State.class, state);
        States.copy(s.cmos, cmos);
        share();
        index.set(s.index);
        offsetSeconds = s.offsetSeconds;
        checkedSecond = s.checkedSecond;
        checkedTick = s.checkedTick;
        flags = s.flags;
        irqConnected = s.irqConnected;
        update();
    }

    @Override
    public void close() {
        timer.cancel();
    }

    /** Makes the clock. */
    @Component(property = DeviceFactory.MODEL + "=rtc")
    public static final class Factory implements DeviceFactory {
        @Override
        public String model() {
            return "rtc";
        }

        @Override
        public String description() {
            return "Motorola MC146818 real-time clock with CMOS memory";
        }

        @Override
        public Device create(Platform platform, DeviceOptions options) throws VmException {
            options.allow(Set.of());
            return new Mc146818(platform);
        }
    }
}
