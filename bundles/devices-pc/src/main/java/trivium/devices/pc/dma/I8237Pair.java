package trivium.devices.pc.dma;

import java.util.Set;
import org.osgi.service.component.annotations.Component;
import trivium.bus.DmaChannel;
import trivium.device.Device;
import trivium.device.DeviceFactory;
import trivium.device.DeviceOptions;
import trivium.device.IsaDma;
import trivium.device.Platform;
import trivium.devices.pc.ByteDevice;
import trivium.devices.pc.States;
import trivium.vm.VmException;

/**
 * The two 8237As of an AT: byte channels 0 to 3 at port 0, word channels 4 to 7 at C0h, page
 * registers at 81h to 8Fh; port 80h is left to POST codes. Channel 4 cascades the first chip; its
 * mask is not looked at.
 */
public final class I8237Pair implements Device, IsaDma, ByteDevice {
    private static final int PAGES = 0x81, PAGE_PORTS = 15;
    private static final int CASCADE = 4;

    /** Channel by page register from 81h on; -1 is memory only. */
    private static final int[] PAGE_CHANNEL = {2, 3, 1, -1, -1, -1, 0, -1, 6, 7, 5, -1, -1, -1, 4};

    /** Saved registers. */
    record State(I8237.State bytes, I8237.State words, int[] spare) {}

    private final Platform platform;
    private final I8237 bytes = new I8237(0), words = new I8237(1);
    private final Channel[] channels = new Channel[8];

    /** Page registers that belong to no channel. */
    private final int[] spare = new int[PAGE_PORTS];

    I8237Pair(Platform platform) {
        this.platform = platform;
        for (int n = 0; n < channels.length; n++) {
            channels[n] = new Channel(n);
        }
        platform.claimPorts("dma 0-3", 0x00, 16, this);
        platform.claimPorts("dma 4-7", 0xc0, 32, this, new Words());
        platform.claimPorts("dma pages", PAGES, PAGE_PORTS, this, new Pages());
        platform.provide(IsaDma.class, this);
    }

    @Override
    public DmaChannel channel(int channel) {
        return channels[channel];
    }

    @Override
    public int readByte(int offset) {
        return bytes.read(offset);
    }

    @Override
    public void writeByte(int offset, int value) {
        bytes.write(offset, value);
    }

    /** The second chip's registers lie two ports apart. */
    private final class Words implements ByteDevice {
        @Override
        public int readByte(int offset) {
            return words.read(offset >> 1);
        }

        @Override
        public void writeByte(int offset, int value) {
            words.write(offset >> 1, value);
        }
    }

    private final class Pages implements ByteDevice {
        @Override
        public int readByte(int offset) {
            if (offset >= PAGE_PORTS) {
                return 0xff;
            }
            int n = PAGE_CHANNEL[offset];
            return n < 0 ? spare[offset] : chip(n).page(n & 3);
        }

        @Override
        public void writeByte(int offset, int value) {
            if (offset >= PAGE_PORTS) {
                return;
            }
            int n = PAGE_CHANNEL[offset];
            if (n < 0) {
                spare[offset] = value;
            } else {
                chip(n).setPage(n & 3, value);
            }
        }
    }

    private I8237 chip(int channel) {
        return channel < 4 ? bytes : words;
    }

    private final class Channel implements DmaChannel {
        private final int number, c;
        private final I8237 chip;

        Channel(int number) {
            this.number = number;
            c = number & 3;
            chip = chip(number);
        }

        @Override
        public int remaining() {
            synchronized (I8237Pair.this) {
                return number == CASCADE ? 0 : chip.remaining(c);
            }
        }

        @Override
        public int toMemory(byte[] from, int offset, int length) {
            return transfer(from, offset, length, true);
        }

        @Override
        public int fromMemory(byte[] into, int offset, int length) {
            return transfer(into, offset, length, false);
        }

        /** A verify, or the wrong direction, counts but moves nothing. */
        private int transfer(byte[] data, int offset, int length, boolean in) {
            synchronized (I8237Pair.this) {
                int left = Math.min(length, remaining()) & -(number < 4 ? 1 : 2);
                int done = 0;
                while (done < left) {
                    int piece = Math.min(left - done, chip.contiguous(c));
                    move(data, offset + done, piece, in);
                    chip.advance(c, piece);
                    done += piece;
                }
                return done;
            }
        }

        private void move(byte[] data, int offset, int length, boolean in) {
            if (in && chip.toMemory(c)) {
                platform.memory().write(chip.gpa(c), data, offset, length);
            } else if (!in && chip.fromMemory(c)) {
                platform.memory().read(chip.gpa(c), data, offset, length);
            }
        }
    }

    @Override
    public void reset() {
        bytes.reset();
        words.reset();
    }

    @Override
    public Record save() {
        return new State(bytes.save(), words.save(), spare.clone());
    }

    @Override
    public void restore(Record state) {
        State s = States.as(State.class, state);
        bytes.restore(s.bytes);
        words.restore(s.words);
        States.copy(s.spare, spare);
    }

    /** Makes the pair. */
    @Component(property = DeviceFactory.MODEL + "=dma")
    public static final class Factory implements DeviceFactory {
        @Override
        public String model() {
            return "dma";
        }

        @Override
        public String description() {
            return "Pair of Intel 8237A DMA controllers";
        }

        @Override
        public Device create(Platform platform, DeviceOptions options) throws VmException {
            options.allow(Set.of());
            return new I8237Pair(platform);
        }
    }
}
