package trivium.devices.pc.timer;

import java.util.List;
import java.util.Set;
import org.osgi.service.component.annotations.Component;
import trivium.bus.IrqLine;
import trivium.device.Device;
import trivium.device.DeviceFactory;
import trivium.device.DeviceOptions;
import trivium.device.Platform;
import trivium.device.VirtualClock;
import trivium.device.VirtualTimer;
import trivium.devices.pc.ByteDevice;
import trivium.devices.pc.Lateness;
import trivium.devices.pc.States;
import trivium.devices.pc.Ticks;
import trivium.vm.VmException;

/**
 * Intel 8254 interval timer at ports 40h to 43h, clocked at 1.193182 MHz. OUT 0 drives IRQ 0,
 * channel 2 belongs to the speaker. IRQ 0 gets a rising edge for each rise of OUT 0; a control word
 * lowers it, so that programming the timer does not look like a tick. Late ticks follow as {@link
 * Lateness} has it.
 */
public final class I8254 implements Device, ByteDevice {
    public static final Ticks CLOCK = new Ticks(1_193_182);

    private static final int CONTROL = 3, SPEAKER = 2;
    private static final long MAX_LAG_TICKS = CLOCK.at(Lateness.MAX_LAG_NANOS);

    /** Saved registers. */
    record State(List<PitChannel.State> channels, boolean irqConnected) {}

    private final PitChannel[] channels = {
        new PitChannel(true), new PitChannel(true), new PitChannel(false)
    };
    private final VirtualClock clock;
    private final VirtualTimer timer;
    private final IrqLine irq;
    private boolean irqConnected = true;

    /** The tick of the next interrupt that is due. */
    private long nextEdge = PitChannel.NEVER;

    I8254(Platform platform) {
        clock = platform.clock();
        irq = platform.isaIrq(0);
        timer = platform.newTimer("pit", this, this::tick);
        platform.claimPorts("pit", 0x40, 4, this);
        platform.provide(I8254.class, this);
    }

    private long now() {
        return CLOCK.at(clock.nanos());
    }

    @Override
    public int readByte(int offset) {
        return offset < CONTROL ? channels[offset].read(now()) : 0xff;
    }

    @Override
    public void writeByte(int offset, int value) {
        if (offset < CONTROL) {
            long now = now();
            channels[offset].write(value, now);
            if (offset == 0) {
                schedule(now);
            }
        } else if (offset == CONTROL) {
            control(value);
        }
    }

    /** Data sheet "Control Word Format", "Counter Latch Command", "Read-Back Command". */
    private void control(int value) {
        int channel = value >>> 6;
        if (channel == 3) {
            readBack(value);
        } else if ((value & 0x30) == 0) {
            channels[channel].latchCount(now());
        } else {
            channels[channel].control(value);
            if (channel == 0) {
                irq.lower();
                schedule(now());
            }
        }
    }

    private void readBack(int value) {
        for (int c = 0; c < 3; c++) {
            if ((value & 2 << c) != 0) {
                if ((value & 0x20) == 0) {
                    channels[c].latchCount(now());
                }
                if ((value & 0x10) == 0) {
                    channels[c].latchStatus(now());
                }
            }
        }
    }

    /**
     * @param now of the access that changed the channel: were time read anew, a rise in between
     *     would be missed
     */
    private void schedule(long now) {
        nextEdge = channels[0].nextRise(now);
        arm();
    }

    private void arm() {
        if (nextEdge == PitChannel.NEVER) {
            timer.cancel();
        } else {
            timer.arm(CLOCK.nanos(nextEdge));
        }
    }

    private void tick() {
        long now = now();
        if (now < nextEdge) {
            arm();
            return;
        }
        if (irqConnected) {
            irq.lower();
            irq.raise();
        }
        nextEdge = channels[0].nextRise(nextEdge);
        if (now - nextEdge > MAX_LAG_TICKS) { // also false for NEVER
            nextEdge = channels[0].nextRise(now);
        }
        if (nextEdge != PitChannel.NEVER) {
            long period = CLOCK.nanos(channels[0].period());
            timer.arm(Lateness.next(CLOCK.nanos(nextEdge), clock.nanos(), period));
        }
    }

    /** OUT of the speaker's channel. Any thread. */
    synchronized boolean speakerOut() {
        return channels[SPEAKER].out(now());
    }

    synchronized void setSpeakerGate(boolean level) {
        channels[SPEAKER].setGate(level, now());
    }

    /** Whether OUT 0 reaches IRQ 0; the HPET cuts it in legacy replacement mode. */
    public synchronized void connectIrq(boolean connected) {
        irqConnected = connected;
        if (!connected) {
            irq.lower();
        }
    }

    @Override
    public void reset() {
        for (int c = 0; c < 3; c++) {
            channels[c].reset(c != SPEAKER);
        }
        irqConnected = true;
        irq.lower();
        schedule(now());
    }

    @Override
    public Record save() {
        return new State(
                List.of(channels[0].save(), channels[1].save(), channels[2].save()), irqConnected);
    }

    @Override
    public void restore(Record state) {
        State s = States.as(State.class, state);
        for (int c = 0; c < 3; c++) {
            channels[c].restore(s.channels.get(c));
        }
        irqConnected = s.irqConnected;
        schedule(now());
    }

    @Override
    public void close() {
        timer.cancel();
    }

    /** Makes the timer. */
    @Component(property = DeviceFactory.MODEL + "=pit")
    public static final class Factory implements DeviceFactory {
        @Override
        public String model() {
            return "pit";
        }

        @Override
        public String description() {
            return "Intel 8254 interval timer";
        }

        @Override
        public Device create(Platform platform, DeviceOptions options) throws VmException {
            options.allow(Set.of());
            return new I8254(platform);
        }
    }
}
