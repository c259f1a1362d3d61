package trivium.devices.pc.storage;

import trivium.memory.PhysicalMemory;

/**
 * One channel of the PIIX3's bus master IDE (82371SB "Bus Master IDE I/O Registers"): walks a table
 * of physical region descriptors while its drive moves data. A table ends after 64 KiB whatever it
 * says, so no guest can make it endless.
 */
final class BusMaster {
    private static final int START = 1, TO_MEMORY = 8;
    private static final int ACTIVE = 1, ERROR = 2, INTERRUPT = 4, CAPABLE = 0x60;
    private static final int MAX_DESCRIPTORS = 65_536 / 8;
    private static final int LAST = 1 << 31;

    /** Registers, then the place in the table. */
    record State(int command, int status, int table, int index, int address, int left, int last) {}

    private final PhysicalMemory memory;
    private int command;
    private int status;
    private int table;
    private int index;
    private int address;
    private int left;
    private boolean last;

    BusMaster(PhysicalMemory memory) {
        this.memory = memory;
    }

    boolean started() {
        return (command & START) != 0;
    }

    /** The drive interrupted; also seen for transfers that are no DMA. */
    void interrupt() {
        status |= INTERRUPT;
    }

    /** The drive is done: still active only if the table has room for more. */
    void finish() {
        if (left == 0 && last) {
            status &= ~ACTIVE;
        }
    }

    /** The table ended first, or the direction was wrong: no interrupt tells of it. */
    void fail(boolean error) {
        status &= ~ACTIVE;
        status |= error ? ERROR : 0;
    }

    boolean directionIs(boolean toMemory) {
        return (command & TO_MEMORY) != 0 == toMemory;
    }

    int read(int register) {
        return switch (register) {
            case 0 -> command;
            case 2 -> status;
            case 4, 5, 6, 7 -> table >>> 8 * (register - 4) & 0xff;
            default -> 0xff;
        };
    }

    /**
     * @return whether the guest just started the engine
     */
    boolean write(int register, int value) {
        switch (register) {
            case 0 -> {
                boolean was = started();
                command = value & (START | TO_MEMORY);
                if (!started()) {
                    status &= ~ACTIVE;
                } else if (!was) {
                    begin();
                    return true;
                }
            }
            case 2 -> {
                int cleared = value & (ERROR | INTERRUPT);
                status = status & ~cleared & ~CAPABLE | value & CAPABLE;
            }
            case 4, 5, 6, 7 -> {
                int shift = 8 * (register - 4);
                table = (table & ~(0xff << shift) | value << shift) & ~3;
            }
            default -> {} // reserved
        }
        return false;
    }

    private void begin() {
        status |= ACTIVE;
        index = 0;
        left = 0;
        last = false;
    }

    /**
     * @return bytes moved; fewer than {@code length} at the end of the table
     */
    int toMemory(byte[] from, int offset, int length) {
        int done = 0;
        while (done < length && available()) {
            int count = Math.min(left, length - done);
            memory.write(address & 0xffff_ffffL, from, offset + done, count);
            done += advance(count);
        }
        return done;
    }

    int fromMemory(byte[] into, int offset, int length) {
        int done = 0;
        while (done < length && available()) {
            int count = Math.min(left, length - done);
            memory.read(address & 0xffff_ffffL, into, offset + done, count);
            done += advance(count);
        }
        return done;
    }

    private int advance(int count) {
        address += count;
        left -= count;
        return count;
    }

    private boolean available() {
        if (left == 0 && !last && index < MAX_DESCRIPTORS) {
            long at = (table & 0xffff_ffffL) + index++ * 8L;
            address = (int) memory.read(at, 4) & ~1;
            int control = (int) memory.read(at + 4, 4);
            left = (control & 0xfffe) == 0 ? 0x10000 : control & 0xfffe;
            last = (control & LAST) != 0 || index == MAX_DESCRIPTORS;
        }
        return left > 0;
    }

    void reset() {
        restore(new State(0, status & CAPABLE, 0, 0, 0, 0, 0));
    }

    State save() {
        return new State(command, status, table, index, address, left, last ? 1 : 0);
    }

    void restore(State s) {
        command = s.command & (START | TO_MEMORY);
        status = s.status & (ACTIVE | ERROR | INTERRUPT | CAPABLE);
        table = s.table & ~3;
        index = Math.clamp(s.index, 0, MAX_DESCRIPTORS);
        address = s.address;
        left = Math.clamp(s.left, 0, 0x10000);
        last = s.last != 0;
    }
}
