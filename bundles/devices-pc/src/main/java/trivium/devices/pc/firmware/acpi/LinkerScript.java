package trivium.devices.pc.firmware.acpi;

import trivium.devices.pc.firmware.ByteWriter;

/**
 * Commands that firmware executes to place tables and fix their pointers (QEMU
 * hw/acpi/bios-linker-loader, SeaBIOS romfile_loader): 128 bytes each.
 */
final class LinkerScript {
    static final int ZONE_HIGH = 1, ZONE_FSEG = 2;
    private static final int ALLOCATE = 1, ADD_POINTER = 2, ADD_CHECKSUM = 3;
    private static final int COMMAND_BYTES = 128, NAME_BYTES = 56;

    private final ByteWriter out = new ByteWriter();

    LinkerScript allocate(String file, int align, int zone) {
        return command(
                new ByteWriter().u32(ALLOCATE).text(file, NAME_BYTES, 0).u32(align).u8(zone));
    }

    /** Adds where {@code source} was placed to {@code size} bytes at {@code offset}. */
    LinkerScript addPointer(String file, int offset, int size, String source) {
        var command = new ByteWriter().u32(ADD_POINTER).text(file, NAME_BYTES, 0);
        return command(command.text(source, NAME_BYTES, 0).u32(offset).u8(size));
    }

    LinkerScript addChecksum(String file, int offset, int start, int length) {
        var command = new ByteWriter().u32(ADD_CHECKSUM).text(file, NAME_BYTES, 0);
        return command(command.u32(offset).u32(start).u32(length));
    }

    private LinkerScript command(ByteWriter command) {
        out.raw(command.toBytes()).align(COMMAND_BYTES);
        return this;
    }

    byte[] toBytes() {
        return out.toBytes();
    }
}
