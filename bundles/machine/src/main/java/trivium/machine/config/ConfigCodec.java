package trivium.machine.config;

import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Dictionary;
import java.util.Hashtable;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import trivium.cpu.CpuModel;
import trivium.machine.block.RemovableDrive;
import trivium.vm.VmConfig;
import trivium.vm.VmConfig.BlockKind;
import trivium.vm.VmConfig.DeviceSpec;
import trivium.vm.VmConfig.Drive;
import trivium.vm.VmException;

/**
 * A VM's configuration as the key-value pairs of {@code etc/trivium.vm-NAME.cfg}. Every value is a
 * string; a missing key means its default. Drives are {@code drive.ide0 = disk:FILE} (or {@code
 * disk-ro}, {@code cdrom}, {@code floppy}, {@code floppy-ro}; without a FILE: a drive without a
 * medium), devices {@code devices = MODEL,key=value; MODEL}, logged ports {@code log-port.0x80 =
 * FILE}.
 */
public final class ConfigCodec {
    private static final String DRIVE = "drive.", LOG_PORT = "log-port.", READ_ONLY = "-ro";

    /** Each key with its default. */
    private static final Map<String, String> DEFAULTS =
            Map.ofEntries(
                    Map.entry("engine", "auto"),
                    Map.entry("mmu", "auto"),
                    Map.entry("cpu", "x86-64"),
                    Map.entry("cpus", "1"),
                    Map.entry("memory", "256"),
                    Map.entry("devices", ""),
                    Map.entry("bios", ""),
                    Map.entry("kernel", ""),
                    Map.entry("initrd", ""),
                    Map.entry("append", ""),
                    Map.entry("boot-order", ""),
                    Map.entry("serial", "console"),
                    Map.entry("vnc", ""),
                    Map.entry("debug-exit", "false"),
                    Map.entry("autostart", "false"),
                    Map.entry("icount", "false"),
                    Map.entry("on-triple-fault", "stop"),
                    Map.entry("page-sharing-group", ""));

    /** What the container adds to every configuration. */
    private static final List<String> FOREIGN =
            List.of("service.", "felix.", "component.", "org.apache.karaf.", ".");

    private final String name;
    private final Map<String, String> values;

    private ConfigCodec(String name, Map<String, String> values) {
        this.name = name;
        this.values = values;
    }

    /**
     * @throws VmException naming the VM, the key, the value and what is valid
     */
    public static VmConfig decode(String name, Dictionary<String, ?> dictionary)
            throws VmException {
        Map<String, String> values = new TreeMap<>();
        for (String key : Collections.list(dictionary.keys())) {
            if (FOREIGN.stream().noneMatch(key::startsWith)) {
                values.put(key, String.valueOf(dictionary.get(key)).strip());
            }
        }
        VmConfig config = new ConfigCodec(name, values).decode();
        ConfigCheck.check(config);
        return config;
    }

    private VmConfig decode() throws VmException {
        checkKeys();
        var boot =
                new VmConfig.Boot(
                        path("bios"),
                        path("kernel"),
                        path("initrd"),
                        text("append"),
                        drives(),
                        text("boot-order"));
        return new VmConfig(
                name,
                text("engine"),
                text("mmu"),
                cpu(),
                number("cpus", 1, ConfigCheck.MAX_CPUS),
                number("memory", 1, ConfigCheck.MAX_MEMORY_MIB),
                devices(),
                boot,
                text("serial"),
                flag("debug-exit"),
                logPorts(),
                Optional.of(text("vnc")).filter(s -> !s.isEmpty()),
                flag("autostart"),
                flag("icount"),
                resetOnTripleFault(),
                Optional.of(text("page-sharing-group")).filter(s -> !s.isEmpty()));
    }

    private void checkKeys() throws VmException {
        for (String key : values.keySet()) {
            boolean known = DEFAULTS.containsKey(key);
            if (!known && !key.startsWith(DRIVE) && !key.startsWith(LOG_PORT)) {
                Set<String> keys = new TreeSet<>(DEFAULTS.keySet());
                throw new VmException(
                        "vm %s: no key '%s'; there are %s, drive.SLOT, log-port.PORT"
                                .formatted(name, key, String.join(", ", keys)));
            }
        }
    }

    private String text(String key) {
        return values.getOrDefault(key, DEFAULTS.get(key));
    }

    private VmException bad(String key, String value, String why) {
        return new VmException("vm %s: %s=%s %s".formatted(name, key, value, why));
    }

    private int number(String key, int min, int max) throws VmException {
        try {
            int value = Integer.decode(text(key));
            if (value >= min && value <= max) {
                return value;
            }
        } catch (NumberFormatException _) {
            // told below, as for a number out of range
        }
        throw bad(key, text(key), "is not a number from %d to %d".formatted(min, max));
    }

    private boolean flag(String key) throws VmException {
        return switch (text(key)) {
            case "true" -> true;
            case "false" -> false;
            default -> throw bad(key, text(key), "is neither true nor false");
        };
    }

    private boolean resetOnTripleFault() throws VmException {
        String key = "on-triple-fault";
        return switch (text(key)) {
            case "reset" -> true;
            case "stop" -> false;
            default -> throw bad(key, text(key), "is neither stop nor reset");
        };
    }

    private CpuModel cpu() throws VmException {
        try {
            return CpuModel.of(text("cpu"));
        } catch (IllegalArgumentException e) {
            throw new VmException("vm %s: cpu: %s".formatted(name, e.getMessage()), e);
        }
    }

    private Optional<Path> path(String key) throws VmException {
        String text = text(key);
        return text.isEmpty() ? Optional.empty() : Optional.of(toPath(key, text));
    }

    private Path toPath(String key, String text) throws VmException {
        if (text.isEmpty()) {
            throw bad(key, text, "names no file");
        }
        try {
            return Path.of(text);
        } catch (InvalidPathException e) {
            throw bad(key, text, "is no path: " + e.getReason());
        }
    }

    private List<Drive> drives() throws VmException {
        List<Drive> drives = new ArrayList<>();
        for (Map.Entry<String, String> entry : values.entrySet()) {
            if (entry.getKey().startsWith(DRIVE)) {
                drives.add(drive(entry.getKey(), entry.getValue()));
            }
        }
        return drives;
    }

    private Drive drive(String key, String value) throws VmException {
        int colon = value.indexOf(':');
        String kind = colon < 0 ? value : value.substring(0, colon);
        boolean readOnly = kind.endsWith(READ_ONLY) || kind.equals("cdrom");
        BlockKind block =
                switch (kind) {
                    case "disk", "disk-ro" -> BlockKind.DISK;
                    case "cdrom" -> BlockKind.CDROM;
                    case "floppy", "floppy-ro" -> BlockKind.FLOPPY;
                    default ->
                            throw bad(
                                    key,
                                    value,
                                    "is none of disk:FILE, disk-ro:FILE, cdrom:FILE, floppy:FILE,"
                                            + " floppy-ro:FILE");
                };
        String file = value.substring(colon + 1).strip();
        boolean none = colon > 0 && file.isEmpty() && RemovableDrive.removable(block);
        Path image = none ? Path.of("") : toPath(key, file);
        return new Drive(key.substring(DRIVE.length()), block, image, readOnly);
    }

    private List<DeviceSpec> devices() throws VmException {
        List<DeviceSpec> devices = new ArrayList<>();
        for (String device : text("devices").split(";")) {
            if (!device.isBlank()) {
                devices.add(device(device.strip()));
            }
        }
        return devices;
    }

    private DeviceSpec device(String text) throws VmException {
        String[] parts = text.split(",");
        Map<String, String> options = new LinkedHashMap<>();
        for (int i = 1; i < parts.length; i++) {
            int equals = parts[i].indexOf('=');
            if (equals < 1) {
                throw bad("devices", text, "is not MODEL,key=value");
            }
            options.put(parts[i].substring(0, equals).strip(), parts[i].substring(equals + 1));
        }
        return new DeviceSpec(parts[0].strip(), options);
    }

    private Map<Integer, Path> logPorts() throws VmException {
        Map<Integer, Path> ports = new TreeMap<>();
        for (Map.Entry<String, String> entry : values.entrySet()) {
            String key = entry.getKey();
            if (key.startsWith(LOG_PORT)) {
                ports.put(port(key), toPath(key, entry.getValue()));
            }
        }
        return ports;
    }

    private int port(String key) throws VmException {
        try {
            int port = Integer.decode(key.substring(LOG_PORT.length()));
            if (port >= 0 && port <= 0xffff) {
                return port;
            }
        } catch (NumberFormatException _) {
            // told below, as for a number out of range
        }
        throw bad(key, values.get(key), "names no port from 0 to 0xffff");
    }

    // --- the other way

    /** The keys whose values are not the defaults. */
    public static Dictionary<String, Object> encode(VmConfig c) {
        Map<String, String> all = new TreeMap<>();
        all.put("engine", c.engine());
        all.put("mmu", c.mmu());
        all.put("cpu", c.cpu().id());
        all.put("cpus", Integer.toString(c.cpus()));
        all.put("memory", Integer.toString(c.memoryMiB()));
        all.put("devices", encodeDevices(c.devices()));
        all.put("bios", text(c.boot().bios()));
        all.put("kernel", text(c.boot().kernel()));
        all.put("initrd", text(c.boot().initrd()));
        all.put("append", c.boot().append());
        all.put("boot-order", c.boot().order());
        all.put("serial", c.serial());
        all.put("vnc", c.vnc().orElse(""));
        all.put("debug-exit", Boolean.toString(c.debugExit()));
        all.put("autostart", Boolean.toString(c.autostart()));
        all.put("icount", Boolean.toString(c.icount()));
        all.put("on-triple-fault", c.resetOnTripleFault() ? "reset" : "stop");
        all.put("page-sharing-group", c.pageSharingGroup().orElse(""));
        all.entrySet().removeIf(e -> e.getValue().equals(DEFAULTS.get(e.getKey())));
        c.boot().drives().forEach(d -> all.put(DRIVE + d.slot(), encodeDrive(d)));
        c.logPorts().forEach((p, file) -> all.put(LOG_PORT + "%#x".formatted(p), file.toString()));
        return new Hashtable<>(all);
    }

    private static String text(Optional<Path> path) {
        return path.map(Path::toString).orElse("");
    }

    private static String encodeDevices(List<DeviceSpec> devices) {
        return devices.stream()
                .map(d ->
                        d.model()
                                + new TreeMap<>(d.options())
                                        .entrySet().stream()
                                                .map(e -> "," + e.getKey() + "=" + e.getValue())
                                                .collect(Collectors.joining()))
                .collect(Collectors.joining("; "));
    }

    private static String encodeDrive(Drive drive) {
        String kind = drive.kind().name().toLowerCase(Locale.ROOT);
        boolean marked = drive.readOnly() && drive.kind() != BlockKind.CDROM;
        return kind + (marked ? READ_ONLY : "") + ":" + drive.image();
    }
}
