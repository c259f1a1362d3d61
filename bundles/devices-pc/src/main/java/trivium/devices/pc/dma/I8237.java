package trivium.devices.pc.dma;

import java.util.Arrays;
import trivium.devices.pc.States;

/**
 * One Intel 8237A DMA controller with its four page registers (Intel 8237A data sheet). Devices
 * pull transfers, so requests need no arbitration. Not modelled: memory-to-memory transfers,
 * software requests, priorities.
 */
final class I8237 {
    private static final int COMMAND_DISABLE = 4;
    private static final int MODE_DECREMENT = 0x20, MODE_AUTO = 0x10, TYPE = 0x0c;
    private static final int TYPE_TO_MEMORY = 4, TYPE_FROM_MEMORY = 8;
    private static final int STATUS = 8, REQUEST = 9, SINGLE_MASK = 10, MODE = 11;
    private static final int CLEAR_FLIP_FLOP = 12, MASTER_CLEAR = 13, CLEAR_MASK = 14;
    private static final int ALL_MASK = 15;

    /** Saved registers. */
    record State(
            int[] baseAddress,
            int[] baseCount,
            int[] address,
            int[] count,
            int[] mode,
            int[] page,
            int command,
            int mask,
            int terminal,
            boolean highByte) {}

    /** How far addresses and counts are shifted: 0 for bytes, 1 for words. */
    private final int shift;

    private final int[] baseAddress = new int[4], baseCount = new int[4];
    private final int[] address = new int[4], count = new int[4];
    private final int[] mode = new int[4], page = new int[4];
    private int command, mask, terminal;
    private boolean highByte;

    I8237(int shift) {
        this.shift = shift;
        masterClear();
    }

    void reset() {
        for (int[] a : new int[][] {baseAddress, baseCount, address, count, mode, page}) {
            Arrays.fill(a, 0);
        }
        masterClear();
    }

    private void masterClear() {
        command = terminal = 0;
        mask = 15;
        highByte = false;
    }

    int page(int channel) {
        return page[channel];
    }

    void setPage(int channel, int value) {
        page[channel] = value;
    }

    /**
     * @return the register's value, or -1 if it is write-only
     */
    int read(int register) {
        return switch (register) {
            case 0, 2, 4, 6 -> half(address[register >> 1]);
            case 1, 3, 5, 7 -> half(count[register >> 1]);
            case STATUS -> {
                int value = terminal;
                terminal = 0;
                yield value;
            }
            case MASTER_CLEAR -> 0; // temporary register: no memory-to-memory transfers
            case ALL_MASK -> mask;
            default -> -1;
        };
    }

    private int half(int word) {
        int value = highByte ? word >>> 8 : word & 0xff;
        highByte = !highByte;
        return value;
    }

    void write(int register, int value) {
        switch (register) {
            case 0, 2, 4, 6 -> {
                int c = register >> 1;
                address[c] = baseAddress[c] = merge(baseAddress[c], value);
            }
            case 1, 3, 5, 7 -> {
                int c = register >> 1;
                count[c] = baseCount[c] = merge(baseCount[c], value);
            }
            case STATUS -> command = value;
            case REQUEST -> {} // no device asks this way
            case SINGLE_MASK -> {
                int bit = 1 << (value & 3);
                mask = (value & 4) != 0 ? mask | bit : mask & ~bit;
            }
            case MODE -> mode[value & 3] = value;
            case CLEAR_FLIP_FLOP -> highByte = false;
            case MASTER_CLEAR -> masterClear();
            case CLEAR_MASK -> mask = 0;
            case ALL_MASK -> mask = value & 15;
            default -> {}
        }
    }

    private int merge(int word, int octet) {
        boolean high = highByte;
        highByte = !highByte;
        return high ? word & 0xff | octet << 8 : word & 0xff00 | octet;
    }

    /** Bytes to terminal count; 0 if the channel does not run. */
    int remaining(int c) {
        boolean off = (mask & 1 << c) != 0 || (command & COMMAND_DISABLE) != 0;
        return off ? 0 : count[c] + 1 << shift;
    }

    /** Where the next byte goes. */
    long gpa(int c) {
        return shift == 0
                ? (long) page[c] << 16 | address[c]
                : (long) (page[c] & 0xfe) << 16 | address[c] << 1;
    }

    boolean decrements(int c) {
        return (mode[c] & MODE_DECREMENT) != 0;
    }

    boolean toMemory(int c) {
        return (mode[c] & TYPE) == TYPE_TO_MEMORY;
    }

    boolean fromMemory(int c) {
        return (mode[c] & TYPE) == TYPE_FROM_MEMORY;
    }

    /** Bytes that can be moved in one piece before the 16-bit address wraps. */
    int contiguous(int c) {
        return decrements(c) ? 1 << shift : 0x10000 - address[c] << shift;
    }

    /** Counts a piece of {@code bytes}, at most {@link #contiguous} and {@link #remaining}. */
    void advance(int c, int bytes) {
        int units = bytes >> shift;
        address[c] = address[c] + (decrements(c) ? -units : units) & 0xffff;
        count[c] -= units;
        if (count[c] < 0) {
            terminalCount(c);
        }
    }

    private void terminalCount(int c) {
        terminal |= 1 << c;
        if ((mode[c] & MODE_AUTO) != 0) {
            address[c] = baseAddress[c];
            count[c] = baseCount[c];
        } else {
            count[c] = 0xffff;
            mask |= 1 << c;
        }
    }

    State save() {
        return new State(
                baseAddress.clone(),
                baseCount.clone(),
                address.clone(),
                count.clone(),
                mode.clone(),
                page.clone(),
                command,
                mask,
                terminal,
                highByte);
    }

    void restore(State s) {
        States.copy(s.baseAddress, baseAddress);
        States.copy(s.baseCount, baseCount);
        States.copy(s.address, address);
        States.copy(s.count, count);
        States.copy(s.mode, mode);
        States.copy(s.page, page);
        command = s.command;
        mask = s.mask;
        terminal = s.terminal;
        highByte = s.highByte;
    }
}
