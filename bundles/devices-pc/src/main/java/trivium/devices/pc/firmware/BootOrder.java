package trivium.devices.pc.firmware;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import trivium.bus.PciBus;
import trivium.device.BlockBackend.Media;
import trivium.device.Platform;

/**
 * The file "bootorder": OpenFirmware paths of bootable devices, best first, as SeaBIOS's boot.c
 * compares them with what it finds.
 */
final class BootOrder {
    private static final String DEFAULT_ORDER = "disk,cdrom,floppy,network";
    private static final int VIRTIO = 0x1af4;
    private static final int VIRTIO_BLOCK = 0x1001, VIRTIO_BLOCK_1 = 0x1042;
    private static final int CLASS_NETWORK = 2;

    private final Platform platform;

    BootOrder(Platform platform) {
        this.platform = platform;
    }

    /** The file's bytes for what is plugged in now. */
    byte[] file() {
        var paths = new StringBuilder();
        String order = platform.property("boot-order").filter(s -> !s.isBlank()).orElse("");
        for (String kind : (order + "," + DEFAULT_ORDER).split("[,\\s]+")) {
            switch (kind.toLowerCase(Locale.ROOT)) {
                case "kernel" -> add("/rom@genroms/linuxboot.bin", paths);
                case "disk" -> {
                    addIde(Media.DISK, paths);
                    addVirtioDisks(paths);
                }
                case "cdrom" -> addIde(Media.CDROM, paths);
                case "floppy" -> add("/pci@i0cf8/isa@1/fdc@03f0/floppy@0", paths);
                case "network" -> addNetwork(paths);
                default -> {} // checked where configurations are
            }
        }
        // SeaBIOS takes the file as one zero-terminated string.
        return paths.append('\0').toString().getBytes(StandardCharsets.US_ASCII);
    }

    private void addIde(Media media, StringBuilder paths) {
        for (int i = 0; i < 4; i++) {
            if (platform.drive("ide" + i).filter(d -> d.media() == media).isPresent()) {
                add("/pci@i0cf8/ide@1,1/drive@%x/disk@%x".formatted(i / 2, i % 2), paths);
            }
        }
    }

    private void addVirtioDisks(StringBuilder paths) {
        PciBus pci = platform.pci();
        for (int device = 0; device < 32; device++) {
            int id = pci.readConfig(device, 0, 2, 2);
            if (pci.readConfig(device, 0, 0, 2) == VIRTIO
                    && List.of(VIRTIO_BLOCK, VIRTIO_BLOCK_1).contains(id)) {
                add("/pci@i0cf8/scsi@%x/disk@0,0".formatted(device), paths);
            }
        }
    }

    private void addNetwork(StringBuilder paths) {
        for (int device = 0; device < 32; device++) {
            if (platform.pci().readConfig(device, 0, 0x0b, 1) == CLASS_NETWORK) {
                add("/pci@i0cf8/ethernet@%x/ethernet-phy@0".formatted(device), paths);
            }
        }
    }

    private static void add(String path, StringBuilder paths) {
        if (paths.indexOf(path + "\n") < 0) {
            paths.append(path).append('\n');
        }
    }
}
