package trivium.devices.pc.video;

import java.util.Arrays;
import trivium.devices.pc.States;

/**
 * The Bochs VBE extensions, "DISPI" registers (Bochs doc vbe_display_api): modes beyond VGA with a
 * linear frame buffer. What a guest sets is made to fit video memory at once, as it may read back.
 */
final class BochsVbe {
    static final int ID = 0, XRES = 1, YRES = 2, BPP = 3, ENABLE = 4, BANK = 5, VIRT_WIDTH = 6;
    static final int VIRT_HEIGHT = 7, X_OFFSET = 8, Y_OFFSET = 9, VIDEO_MEMORY_64K = 10;
    private static final int REGISTERS = 10;
    private static final int ID0 = 0xb0c0, ID5 = 0xb0c5;
    private static final int ENABLED = 1, GET_CAPABILITIES = 2, DAC_8BIT = 0x20, NO_CLEAR = 0x80;
    static final int MAX_SIDE = 4096;

    /** What changes of mode do to the rest of the chip. */
    interface Listener {
        /** Clears the first {@code bytes} of video memory. */
        void clear(int bytes);

        void vbeChanged();
    }

    /**
     * @param index of the selected register
     */
    record State(int index, int[] registers) {}

    private final int[] registers = new int[REGISTERS];
    private final int vramBytes;
    private final Listener listener;
    private int index;

    BochsVbe(int vramBytes, Listener listener) {
        this.vramBytes = vramBytes;
        this.listener = listener;
        registers[ID] = ID5;
    }

    boolean enabled() {
        return (registers[ENABLE] & ENABLED) != 0;
    }

    boolean dac8bit() {
        return (registers[ENABLE] & DAC_8BIT) != 0;
    }

    int width() {
        return registers[XRES];
    }

    int height() {
        return registers[YRES];
    }

    /** 4, 8, 15, 16, 24 or 32. */
    int bitsPerPixel() {
        return registers[BPP];
    }

    int bytesPerLine() {
        return registers[VIRT_WIDTH] * storedBits() / 8;
    }

    /** Of the first visible pixel; for 4 bits per pixel in units of video memory, too. */
    long startBytes() {
        return (long) registers[Y_OFFSET] * bytesPerLine() + registers[X_OFFSET] * storedBits() / 8;
    }

    /** Where the A0000 window begins; with 4 bits per pixel an address in each plane. */
    int bankBytes() {
        return enabled() ? registers[BANK] << 16 : 0;
    }

    private int storedBits() {
        return registers[BPP] == 15 ? 16 : registers[BPP];
    }

    int readIndex() {
        return index;
    }

    void writeIndex(int value) {
        index = value & 0xffff;
    }

    int readData() {
        return read(index);
    }

    void writeData(int value) {
        write(index, value & 0xffff);
    }

    int read(int register) {
        if (register == VIDEO_MEMORY_64K) {
            return vramBytes >>> 16;
        }
        if (register >= REGISTERS) {
            return 0;
        }
        if ((registers[ENABLE] & GET_CAPABILITIES) != 0) {
            switch (register) {
                case XRES, YRES -> {
                    return MAX_SIDE;
                }
                case BPP -> {
                    return 32;
                }
                default -> {}
            }
        }
        return registers[register];
    }

    void write(int register, int value) {
        switch (register) {
            case ID -> {
                if (value >= ID0 && value <= ID5) {
                    registers[ID] = value;
                }
            }
            case XRES, YRES, BPP, VIRT_WIDTH, X_OFFSET, Y_OFFSET -> {
                registers[register] = value;
                fit();
            }
            case BANK -> {
                int banks = (vramBytes >>> 16) / (registers[BPP] == 4 ? 4 : 1);
                registers[BANK] = value & banks - 1;
            }
            case ENABLE -> enable(value);
            default -> {} // the rest cannot be written
        }
        listener.vbeChanged();
    }

    private void enable(int value) {
        boolean was = enabled();
        registers[ENABLE] = value & (ENABLED | GET_CAPABILITIES | DAC_8BIT | 0x40 | NO_CLEAR);
        registers[BANK] = 0;
        if (!enabled() || was) {
            return;
        }
        registers[VIRT_WIDTH] = registers[X_OFFSET] = registers[Y_OFFSET] = 0;
        fit();
        if ((value & NO_CLEAR) == 0) {
            listener.clear(Math.min(vramBytes, bytesPerLine() * height()));
        }
    }

    /** Makes an enabled mode one that video memory can hold. */
    private void fit() {
        if (!enabled()) {
            return;
        }
        int[] r = registers;
        if (Arrays.binarySearch(new int[] {4, 8, 15, 16, 24, 32}, r[BPP]) < 0) {
            r[BPP] = 8;
        }
        r[XRES] = Math.clamp(r[XRES], 8, MAX_SIDE) & ~7;
        r[VIRT_WIDTH] = Math.clamp(r[VIRT_WIDTH] & ~7, r[XRES], 2 * MAX_SIDE);
        int lines = vramBytes / bytesPerLine();
        r[YRES] = Math.clamp(r[YRES], 1, Math.min(MAX_SIDE, lines));
        r[VIRT_HEIGHT] = Math.min(lines, 0xffff);
        if (r[X_OFFSET] + r[XRES] > r[VIRT_WIDTH]) {
            // Drivers scroll so into the next line; only what lies past the memory is refused.
            r[X_OFFSET] = Math.min(r[X_OFFSET], r[VIRT_WIDTH]);
        }
        if (startBytes() + r[YRES] * bytesPerLine() > vramBytes) {
            r[Y_OFFSET] = 0;
        }
        if (startBytes() + r[YRES] * bytesPerLine() > vramBytes) {
            r[X_OFFSET] = 0;
        }
    }

    void reset() {
        Arrays.fill(registers, 0);
        registers[ID] = ID5;
        index = 0;
    }

    State save() {
        return new State(index, registers.clone());
    }

    void restore(State state) {
        index = state.index & 0xffff;
        States.copy(state.registers, registers);
        for (int i = 0; i < REGISTERS; i++) {
            registers[i] &= 0xffff;
        }
        registers[BANK] &= (vramBytes >>> 16) - 1;
        fit();
    }
}
