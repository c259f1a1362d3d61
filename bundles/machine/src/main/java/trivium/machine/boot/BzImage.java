package trivium.machine.boot;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.OptionalInt;
import trivium.vm.VmException;

/**
 * A Linux kernel in bzImage form (Linux Documentation/arch/x86/boot.rst, "The Real-Mode Kernel
 * Header"). Protocol 2.02 and later.
 *
 * @param setup the real-mode part, boot sector included
 * @param payload the protected-mode part, loaded at 1 MiB
 */
record BzImage(String name, byte[] setup, byte[] payload) implements Kernel {
    static final long LOAD = 0x10_0000;

    private static final int SETUP_SECTS = 0x1f1, SYSSIZE = 0x1f4, VID_MODE = 0x1fa;
    private static final int BOOT_FLAG = 0x1fe;
    private static final int MAGIC = 0x202, VERSION = 0x206, TYPE_OF_LOADER = 0x210;
    private static final int LOADFLAGS = 0x211, CODE32_START = 0x214, RAMDISK_IMAGE = 0x218;
    private static final int RAMDISK_SIZE = 0x21c, HEAP_END_PTR = 0x224, CMD_LINE_PTR = 0x228;
    private static final int INITRD_ADDR_MAX = 0x22c, CMDLINE_SIZE = 0x238, INIT_SIZE = 0x260;
    private static final int LOADED_HIGH = 1, CAN_USE_HEAP = 0x80;
    private static final int HDRS = 0x5372_6448, UNDEFINED_LOADER = 0xff;
    private static final int OLDEST = 0x202, HAS_CMDLINE_SIZE = 0x206, HAS_INIT_SIZE = 0x20a;
    private static final int HAS_INITRD_MAX = 0x203;

    static boolean isOne(byte[] image) {
        return image.length >= 0x240
                && Little.u16(image, BOOT_FLAG) == 0xaa55
                && Little.u32(image, MAGIC) == HDRS;
    }

    static BzImage parse(String name, byte[] image) throws VmException {
        int version = Little.u16(image, VERSION);
        if (version < OLDEST || (image[LOADFLAGS] & LOADED_HIGH) == 0) {
            throw new VmException(
                    "kernel %s speaks boot protocol %d.%02d; it takes a bzImage with 2.02 or later"
                            .formatted(name, version >>> 8, version & 0xff));
        }
        int sectors = image[SETUP_SECTS] & 0xff;
        int setupBytes = ((sectors == 0 ? 4 : sectors) + 1) * 512;
        long told = setupBytes + Little.u32(image, SYSSIZE) * 16;
        if (image.length <= setupBytes || image.length + 16 < told) {
            throw new VmException(
                    "kernel %s is truncated: it has %d of %d bytes"
                            .formatted(name, image.length, told));
        }
        return new BzImage(
                name,
                Arrays.copyOf(image, setupBytes),
                Arrays.copyOfRange(image, setupBytes, image.length));
    }

    private int version() {
        return Little.u16(setup, VERSION);
    }

    /** The most bytes of command line it takes, without the final zero. */
    int commandLineLimit() {
        return version() >= HAS_CMDLINE_SIZE ? (int) Little.u32(setup, CMDLINE_SIZE) : 255;
    }

    /** The highest address an initrd may reach. */
    long initrdAddressMax() {
        return version() >= HAS_INITRD_MAX ? Little.u32(setup, INITRD_ADDR_MAX) : 0x37ff_ffffL;
    }

    /** The memory from {@link #LOAD} on that it needs to unpack itself. */
    long workingBytes() {
        long init = version() >= HAS_INIT_SIZE ? Little.u32(setup, INIT_SIZE) : 0;
        return Math.max(init, payload.length);
    }

    /** Where the 32-bit entry is. */
    long code32Start() {
        return Little.u32(setup, CODE32_START);
    }

    /**
     * The real-mode part as a loader leaves it.
     *
     * @param commandLine address of the command line
     * @param initrd address, or 0 without one
     */
    byte[] patchedSetup(long commandLine, long initrd, long initrdBytes) {
        byte[] patched = setup.clone();
        patched[TYPE_OF_LOADER] = (byte) UNDEFINED_LOADER;
        patched[LOADFLAGS] |= (byte) CAN_USE_HEAP;
        Little.put16(patched, HEAP_END_PTR, 0xfe00 - 0x200);
        Little.put32(patched, CMD_LINE_PTR, commandLine);
        Little.put32(patched, RAMDISK_IMAGE, initrd);
        Little.put32(patched, RAMDISK_SIZE, initrdBytes);
        return patched;
    }

    /**
     * boot.rst "Special Command Line Options": the loader, not the kernel, understands {@code
     * vga=}, and puts the mode into the header.
     */
    static void setVideoMode(byte[] patchedSetup, String commandLine) {
        for (String option : commandLine.trim().split("\\s+")) {
            if (option.startsWith("vga=")) {
                videoMode(option.substring(4))
                        .ifPresent(mode -> Little.put16(patchedSetup, VID_MODE, mode));
            }
        }
    }

    private static OptionalInt videoMode(String text) {
        return switch (text) {
            case "normal" -> OptionalInt.of(0xffff);
            case "ext" -> OptionalInt.of(0xfffe);
            case "ask" -> OptionalInt.of(0xfffd);
            default -> numberedMode(text);
        };
    }

    private static OptionalInt numberedMode(String text) {
        try {
            return OptionalInt.of(Integer.decode(text) & 0xffff);
        } catch (NumberFormatException _) {
            return OptionalInt.empty(); // as a loader that cannot read it: the mode stays
        }
    }

    /** The command line as bytes with its final zero. */
    byte[] commandLine(String text) throws VmException {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        if (bytes.length > commandLineLimit()) {
            throw new VmException(
                    "the command line has %d bytes; kernel %s takes %d"
                            .formatted(bytes.length, name, commandLineLimit()));
        }
        return Arrays.copyOf(bytes, bytes.length + 1);
    }
}
