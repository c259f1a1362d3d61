package trivium.console;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import trivium.display.DisplayServer;
import trivium.vm.Vm;
import trivium.vm.VmConfig;

/** VMs as text and as JSON members. */
final class Describe {
    private Describe() {}

    static Map<String, Object> brief(Vm vm, DisplayServer displays) {
        VmConfig config = vm.config();
        return Json.object(
                "name", vm.id(),
                "state", vm.state(),
                "engine", vm.engine(),
                "mmu", vm.mmu(),
                "cpu", config.cpu(),
                "cpus", config.cpus(),
                "memoryMiB", config.memoryMiB(),
                "uptimeMillis", vm.uptimeMillis(),
                "vnc", viewer(vm, displays));
    }

    /** All that {@link #brief} has and the rest of the configuration. */
    static Map<String, Object> full(Vm vm, DisplayServer displays) {
        VmConfig config = vm.config();
        VmConfig.Boot boot = config.boot();
        var map = brief(vm, displays);
        map.put("failure", vm.failure());
        Vm.Mode mode = vm.mode();
        map.put("waitsFor", mode.waitsFor());
        map.put("mode", mode.why());
        map.put(
                "pinned",
                Json.object("engine", pin(mode.wantedEngine()), "mmu", pin(mode.wantedMmu())));
        map.put(
                "swaps",
                Json.object(
                        "count", mode.swaps().count(),
                        "lastMicros", mode.swaps().lastNanos() / 1000,
                        "medianMicros", mode.swaps().medianNanos() / 1000,
                        "longestMicros", mode.swaps().longestNanos() / 1000));
        map.put(
                "configured",
                Json.object(
                        "engine",
                        config.engine(),
                        "mmu",
                        config.mmu(),
                        "vnc",
                        config.vnc(),
                        "serial",
                        config.serial(),
                        "autostart",
                        config.autostart(),
                        "icount",
                        config.icount(),
                        "debugExit",
                        config.debugExit(),
                        "onTripleFault",
                        config.resetOnTripleFault() ? "reset" : "stop",
                        "pageSharingGroup",
                        config.pageSharingGroup()));
        map.put(
                "boot",
                Json.object(
                        "bios",
                        boot.bios(),
                        "kernel",
                        boot.kernel(),
                        "initrd",
                        boot.initrd(),
                        "append",
                        boot.append(),
                        "order",
                        boot.order()));
        map.put("drives", boot.drives().stream().map(d -> drive(d, vm.media())).toList());
        map.put("devices", config.devices().stream().map(Describe::device).toList());
        map.put("logPorts", config.logPorts());
        return map;
    }

    private static Optional<String> pin(String wanted) {
        return Optional.of(wanted).filter(w -> !w.equals("auto"));
    }

    static Map<String, Object> drive(VmConfig.Drive drive, Map<String, Optional<Path>> media) {
        return Json.object(
                "slot", drive.slot(),
                "kind", kind(drive),
                "image", medium(drive, media),
                "readOnly", drive.readOnly());
    }

    /** The file, or an empty text for no medium. */
    private static Object medium(VmConfig.Drive drive, Map<String, Optional<Path>> media) {
        return media.getOrDefault(drive.slot(), Optional.empty()).<Object>map(p -> p).orElse("");
    }

    static String kind(VmConfig.Drive drive) {
        return drive.kind().name().toLowerCase(Locale.ROOT);
    }

    private static Map<String, Object> device(VmConfig.DeviceSpec device) {
        return Json.object("model", device.model(), "options", device.options());
    }

    /** Where a viewer finds the screen now; empty: nowhere. */
    static Optional<DisplayServer.Endpoint> viewer(Vm vm, DisplayServer displays) {
        return displays == null ? Optional.empty() : displays.endpoint(vm.id());
    }

    /** {@code full} as lines of "key: value"; what is empty is left out. */
    static List<String> lines(Map<?, ?> map) {
        var lines = new ArrayList<String>();
        map.forEach((key, value) -> line(lines, String.valueOf(key), value));
        return lines;
    }

    private static void line(List<String> lines, String key, Object value) {
        switch (value) {
            case null -> {}
            case Optional<?> optional -> optional.ifPresent(v -> line(lines, key, v));
            case Map<?, ?> map -> map.forEach((k, v) -> line(lines, key + "." + k, v));
            case List<?> list ->
                    list.forEach(v -> line(lines, key, v instanceof Map<?, ?> m ? inline(m) : v));
            default -> {
                if (!value.toString().isEmpty()) {
                    lines.add("%-22s %s".formatted(key + ":", value));
                }
            }
        }
    }

    private static String inline(Map<?, ?> map) {
        return map.entrySet().stream()
                .filter(e -> !(e.getValue() instanceof Map<?, ?> m && m.isEmpty()))
                .map(e -> e.getKey() + "=" + e.getValue())
                .collect(Collectors.joining(", "));
    }

    /** "1:02:03", or "12.3 s" below a minute. */
    static String duration(long millis) {
        long seconds = millis / 1000;
        return seconds < 60
                ? "%d.%d s".formatted(seconds, millis % 1000 / 100)
                : "%d:%02d:%02d".formatted(seconds / 3600, seconds / 60 % 60, seconds % 60);
    }
}
