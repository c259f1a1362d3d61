package trivium.devices.pc.chipset;

import trivium.devices.pc.ByteDevice;
import trivium.devices.pc.States;

/**
 * The PIIX4's SMBus host controller with nothing on the bus: every transaction ends at once with a
 * device error (82371AB data sheet "SMBus I/O Space Registers"). Not modelled: the slave side,
 * interrupts, the block buffer.
 */
final class SmBus implements ByteDevice {
    private static final int STATUS = 0, CONTROL = 2, LAST = 6, REGISTERS = 16;
    private static final int STATUS_ERROR = 4, STATUS_CLEARABLE = 0x1e, START = 0x40;

    private final byte[] registers = new byte[REGISTERS];

    @Override
    public int readByte(int offset) {
        return offset <= LAST ? registers[offset] & 0xff : 0;
    }

    @Override
    public void writeByte(int offset, int value) {
        if (offset == STATUS) {
            registers[STATUS] &= (byte) ~(value & STATUS_CLEARABLE);
        } else if (offset <= LAST) {
            registers[offset] = (byte) (offset == CONTROL ? value & ~START : value);
            if (offset == CONTROL && (value & START) != 0) {
                registers[STATUS] |= STATUS_ERROR;
            }
        }
    }

    void reset() {
        java.util.Arrays.fill(registers, (byte) 0);
    }

    byte[] save() {
        return registers.clone();
    }

    void restore(byte[] saved) {
        States.copy(saved, registers);
    }
}
