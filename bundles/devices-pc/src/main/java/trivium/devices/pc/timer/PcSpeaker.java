package trivium.devices.pc.timer;

import java.util.Set;
import org.osgi.service.component.annotations.Component;
import trivium.device.Device;
import trivium.device.DeviceFactory;
import trivium.device.DeviceOptions;
import trivium.device.Platform;
import trivium.devices.pc.ByteDevice;
import trivium.devices.pc.States;
import trivium.vm.VmException;

/**
 * Port 61h: gate and output of the 8254's channel 2, the speaker's data bit and the refresh toggle
 * (82371SB data sheet "NMI Status and Control"). Not modelled: sound, and the parity and channel
 * check NMIs, which never happen.
 */
public final class PcSpeaker implements Device, ByteDevice {
    private static final int GATE = 1, WRITABLE = 0x0f;
    private static final int REFRESH = 1 << 4, OUT2 = 1 << 5;

    /** PIT clocks between two refreshes: channel 1 as every BIOS programs it. */
    private static final int REFRESH_TICKS = 18;

    /** Saved register. */
    record State(int control) {}

    private final Platform platform;
    private int control;

    PcSpeaker(Platform platform) {
        this.platform = platform;
        platform.claimPorts("speaker", 0x61, 1, this);
    }

    @Override
    public int readByte(int offset) {
        int value = control;
        if ((I8254.CLOCK.at(platform.clock().nanos()) / REFRESH_TICKS & 1) != 0) {
            value |= REFRESH;
        }
        boolean out = platform.find(I8254.class).map(I8254::speakerOut).orElse(false);
        return out ? value | OUT2 : value;
    }

    @Override
    public void writeByte(int offset, int value) {
        control = value & WRITABLE;
        connect();
    }

    private void connect() {
        boolean gate = (control & GATE) != 0;
        platform.find(I8254.class).ifPresent(pit -> pit.setSpeakerGate(gate));
    }

    @Override
    public void reset() {
        control = 0;
        connect();
    }

    @Override
    public Record save() {
        return new State(control);
    }

    @Override
    public void restore(Record state) {
        control = States.as(State.class, state).control;
    }

    /** Makes the port. */
    @Component(property = DeviceFactory.MODEL + "=speaker")
    public static final class Factory implements DeviceFactory {
        @Override
        public String model() {
            return "speaker";
        }

        @Override
        public String description() {
            return "PC speaker and port 61h";
        }

        @Override
        public Device create(Platform platform, DeviceOptions options) throws VmException {
            options.allow(Set.of());
            return new PcSpeaker(platform);
        }
    }
}
