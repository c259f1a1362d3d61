package trivium.devices.pc.timer;

import java.util.List;
import trivium.device.BlockBackend;
import trivium.device.Platform;
import trivium.devices.pc.firmware.MemoryMap;

/** The CMOS bytes that tell SeaBIOS what the board holds, laid out as QEMU's PC does. */
final class CmosMemory {
    private static final int FLOPPY_TYPES = 0x10, DISK_TYPES = 0x12, EQUIPMENT = 0x14;
    private static final int BASE_KIB = 0x15, EXTENDED_KIB = 0x17, EXTENDED_KIB_POST = 0x30;
    private static final int ABOVE_16M = 0x34, ABOVE_4G = 0x5b, CPUS = 0x5f;
    private static final int BOOT_THIRD = 0x38, BOOT_FIRST = 0x3d, TRANSLATION = 0x39;
    private static final int CHECKSUM = 0x2e;
    private static final int EQUIPMENT_FPU = 2, EQUIPMENT_MOUSE = 4;
    private static final int CHUNK = 64 << 10;

    private CmosMemory() {}

    static void fill(byte[] cmos, Platform platform) {
        memory(cmos, MemoryMap.of(platform.memory()));
        floppies(cmos, platform);
        disks(cmos, platform);
        bootOrder(cmos, platform.property("boot-order").orElse(""));
        cmos[CPUS] = (byte) (platform.cpuCount() - 1);
        checksum(cmos);
    }

    private static void memory(byte[] cmos, MemoryMap map) {
        put(cmos, BASE_KIB, 2, Math.min(640, map.lowBytes() >> 10));
        long extended = Math.min(0xffff, Math.max(0, map.lowBytes() - (1 << 20)) >> 10);
        put(cmos, EXTENDED_KIB, 2, extended);
        put(cmos, EXTENDED_KIB_POST, 2, extended);
        long above = Math.max(0, map.lowBytes() - (16 << 20)) / CHUNK;
        put(cmos, ABOVE_16M, 2, Math.min(0xffff, above));
        put(cmos, ABOVE_4G, 3, Math.min(0xff_ffff, map.highBytes() / CHUNK));
    }

    private static void put(byte[] cmos, int at, int bytes, long value) {
        for (int i = 0; i < bytes; i++) {
            cmos[at + i] = (byte) (value >>> i * 8);
        }
    }

    private static void floppies(byte[] cmos, Platform platform) {
        int first = floppyType(platform, "floppy0");
        int second = floppyType(platform, "floppy1");
        int drives = (first != 0 ? 1 : 0) + (second != 0 ? 1 : 0);
        cmos[FLOPPY_TYPES] = (byte) (first << 4 | second);
        int equipment = EQUIPMENT_FPU | EQUIPMENT_MOUSE;
        if (drives > 0) {
            equipment |= 1 | drives - 1 << 6;
        }
        cmos[EQUIPMENT] = (byte) equipment;
    }

    /** The drive that suits its first medium: 1 is 360 KB, 2 1.2 MB, 3 720 KB, 4 1.44, 5 2.88. */
    private static int floppyType(Platform platform, String slot) {
        return platform.drive(slot).map(CmosMemory::floppyType).orElse(0);
    }

    private static int floppyType(BlockBackend medium) {
        return switch ((int) Math.min(Integer.MAX_VALUE, medium.sizeBytes() >> 10)) {
            case 160, 180, 320, 360 -> 1;
            case 1200 -> 2;
            case 720 -> 3;
            case 2880 -> 5;
            default -> 4;
        };
    }

    private static void disks(byte[] cmos, Platform platform) {
        for (int i = 0; i < 4; i++) {
            long size = diskBytes(platform, i);
            if (size == 0) {
                continue;
            }
            if (i < 2) {
                cmos[DISK_TYPES] |= (byte) (0xf0 >>> i * 4);
                cmos[DISK_TYPES + 7 + i] = 47; // 19h, 1Ah: "user-defined type"
            }
            boolean small = size / 512 / 63 / 16 <= 1024;
            cmos[TRANSLATION] |= (byte) ((small ? 0 : 1) << i * 2); // none, or LBA-assisted
        }
    }

    private static long diskBytes(Platform platform, int i) {
        return platform.drive("ide" + i)
                .filter(d -> d.media() == BlockBackend.Media.DISK)
                .map(BlockBackend::sizeBytes)
                .orElse(0L);
    }

    /** Three nibbles: 1 floppy, 2 disk, 3 CD, 4 network; bit 0 of 38h skips the floppy's check. */
    private static void bootOrder(byte[] cmos, String order) {
        int[] codes = new int[3];
        int n = 0;
        List<String> words =
                List.of((order.isBlank() ? "disk,cdrom,floppy" : order).split("[, ]+"));
        for (String word : words) {
            int code = 1 + List.of("floppy", "disk", "cdrom", "network").indexOf(word.trim());
            if (code > 0 && n < codes.length) {
                codes[n++] = code;
            }
        }
        cmos[BOOT_FIRST] = (byte) (codes[1] << 4 | codes[0]);
        cmos[BOOT_THIRD] = (byte) (codes[2] << 4 | 1);
    }

    /** IBM AT: the sum of 10h to 2Dh, high byte first. */
    private static void checksum(byte[] cmos) {
        int sum = 0;
        for (int i = FLOPPY_TYPES; i < CHECKSUM; i++) {
            sum += cmos[i] & 0xff;
        }
        cmos[CHECKSUM] = (byte) (sum >>> 8);
        cmos[CHECKSUM + 1] = (byte) sum;
    }
}
