package trivium.console;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import trivium.vm.VmConfig.BlockKind;
import trivium.vm.VmConfig.DeviceSpec;
import trivium.vm.VmConfig.Drive;
import trivium.vm.VmException;

/**
 * Reads the values of {@code vm:create}'s options. Whether they make sense is for machine to say.
 */
final class Specs {
    private static final List<String> DISK_SLOTS = List.of("ide0", "ide1", "ide3", "ide2");
    private static final List<String> CDROM_SLOTS = List.of("ide2", "ide3", "ide1", "ide0");
    private static final List<String> FLOPPY_SLOTS = List.of("floppy0", "floppy1");

    private final Path directory;
    private final Set<String> taken = new HashSet<>();
    private final List<Drive> drives = new ArrayList<>();

    /**
     * @param directory where relative paths start
     */
    Specs(Path directory) {
        this.directory = directory.toAbsolutePath();
    }

    Optional<Path> path(String file) {
        return file == null ? Optional.empty() : Optional.of(resolve(file));
    }

    private Path resolve(String file) {
        return directory.resolve(file).normalize();
    }

    /** Disks first get ide0, CDs ide2, as on the PCs of the time. */
    List<Drive> drives(List<String> disks, List<String> cdroms, List<String> floppies)
            throws VmException {
        add(BlockKind.DISK, disks, DISK_SLOTS);
        add(BlockKind.CDROM, cdroms, CDROM_SLOTS);
        add(BlockKind.FLOPPY, floppies, FLOPPY_SLOTS);
        return drives;
    }

    private void add(BlockKind kind, List<String> images, List<String> slots) throws VmException {
        for (String image : images == null ? List.<String>of() : images) {
            drives.add(drive(kind, image, slots));
        }
    }

    private Drive drive(BlockKind kind, String text, List<String> slots) throws VmException {
        String[] parts = text.split(",");
        boolean readOnly = kind == BlockKind.CDROM;
        String slot = null;
        for (int i = 1; i < parts.length; i++) {
            if (parts[i].equals("ro")) {
                readOnly = true;
            } else if (parts[i].startsWith("slot=")) {
                slot = parts[i].substring("slot=".length());
            } else {
                throw new VmException(
                        "unknown drive option '%s' in '%s'; there are ro and slot=NAME"
                                .formatted(parts[i], text));
            }
        }
        if (slot == null) {
            slot = free(slots, text);
        }
        if (!taken.add(slot)) {
            throw new VmException(
                    "slot %s is taken; name slots in the first drives, or leave them all out"
                            .formatted(slot));
        }
        boolean none = parts[0].equals("none") && kind != BlockKind.DISK;
        return new Drive(slot, kind, none ? Path.of("") : resolve(parts[0]), readOnly);
    }

    private String free(List<String> slots, String text) throws VmException {
        return slots.stream()
                .filter(s -> !taken.contains(s))
                .findFirst()
                .orElseThrow(() ->
                        new VmException(
                                "no slot is free for '%s': %s are taken"
                                        .formatted(text, String.join(", ", slots))));
    }

    /** {@code NAME[,key=value]…} */
    static List<DeviceSpec> devices(List<String> specs) throws VmException {
        var devices = new ArrayList<DeviceSpec>();
        for (String spec : specs == null ? List.<String>of() : specs) {
            String[] parts = spec.split(",");
            var options = new LinkedHashMap<String, String>();
            for (int i = 1; i < parts.length; i++) {
                String[] pair = pair(parts[i], spec, "NAME[,key=value]");
                options.put(pair[0], pair[1]);
            }
            devices.add(new DeviceSpec(parts[0], options));
        }
        return devices;
    }

    /** {@code PORT=FILE}, the port decimal or 0x… */
    Map<Integer, Path> logPorts(List<String> specs) throws VmException {
        var ports = new TreeMap<Integer, Path>();
        for (String spec : specs == null ? List.<String>of() : specs) {
            String[] pair = pair(spec, spec, "PORT=FILE");
            try {
                ports.put(Integer.decode(pair[0]), resolve(pair[1]));
            } catch (NumberFormatException _) {
                throw new VmException("'%s' is no port, as in 0x402=FILE".formatted(pair[0]));
            }
        }
        return ports;
    }

    private static String[] pair(String text, String whole, String form) throws VmException {
        int equals = text.indexOf('=');
        if (equals < 1) {
            throw new VmException(
                    "'%s' in '%s' is not of the form %s".formatted(text, whole, form));
        }
        return new String[] {text.substring(0, equals), text.substring(equals + 1)};
    }

    /** MiB: "256", "256M" or "2G". */
    static int memoryMiB(String text) throws VmException {
        if (!text.matches("[0-9]{1,7}[MmGg]?")) {
            throw new VmException("'%s' is no memory size; write MiB, or as in 2G".formatted(text));
        }
        boolean gib = text.matches(".*[Gg]");
        long mib = Long.parseLong(text.replaceAll("[^0-9]", "")) * (gib ? 1024 : 1);
        return (int) Math.min(mib, Integer.MAX_VALUE);
    }
}
