package trivium.vt;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;
import trivium.cpu.CpuCheck.Finding;

/**
 * What the kernel tells of the host's CPU: {@code /proc/cpuinfo} and parameters of KVM's modules.
 */
final class HostCpu {
    private static final Path CPUINFO = Path.of("/proc/cpuinfo"), MODULES = Path.of("/sys/module");

    /** Of the first CPU, by name. */
    private final Map<String, String> info;

    private final Set<String> flags;
    private final Path modules;

    HostCpu() {
        this(lines(CPUINFO), MODULES);
    }

    /**
     * @param cpuinfo lines of {@code /proc/cpuinfo}
     * @param modules {@code /sys/module}
     */
    HostCpu(List<String> cpuinfo, Path modules) {
        Map<String, String> first = new TreeMap<>();
        for (String line : cpuinfo) {
            int colon = line.indexOf(':');
            if (colon > 0) {
                first.putIfAbsent(
                        line.substring(0, colon).strip(), line.substring(colon + 1).strip());
            }
        }
        info = first;
        flags = Set.copyOf(List.of(info.getOrDefault("flags", "").split("\\s+")));
        this.modules = modules;
    }

    private static List<String> lines(Path file) {
        try (Stream<String> lines = Files.lines(file)) {
            return lines.toList();
        } catch (IOException | UncheckedIOException _) {
            return List.of(); // another system than Linux
        }
    }

    List<Finding> findings() {
        List<Finding> all = new ArrayList<>();
        String vendor = info.getOrDefault("vendor_id", "unknown");
        all.add(cpu("vendor", "Vendor", vendor, ""));
        all.add(cpu("model", "Model", info.getOrDefault("model name", "unknown"), ""));
        all.add(cpu("longMode", "64-bit", flags.contains("lm"), ""));
        boolean vmx = flags.contains("vmx"), svm = flags.contains("svm");
        all.add(
                cpu(
                        "hardwareAssist",
                        "Hardware assist",
                        vmx ? "VT-x" : svm ? "AMD-V" : "not shown",
                        vmx || svm ? "" : hidden()));
        all.add(cpu("modules", "KVM modules", String.join(", ", kvmModules()), ""));
        all.add(cpu("nestedPaging", "EPT or NPT", nestedPaging(), ""));
        all.add(
                cpu(
                        "unrestrictedGuest",
                        "Unrestricted guest",
                        svm ? "always with AMD-V" : parameter("kvm_intel", "unrestricted_guest"),
                        "real mode and unpaged code without emulation"));
        all.add(
                cpu(
                        "apicVirtualization",
                        "APIC virtualization",
                        svm ? parameter("kvm_amd", "avic") : parameter("kvm_intel", "enable_apicv"),
                        ""));
        all.add(
                cpu(
                        "nested",
                        "In a virtual machine",
                        flags.contains("hypervisor"),
                        flags.contains("hypervisor") ? "this host is a guest itself" : ""));
        return all;
    }

    private String hidden() {
        return flags.contains("hypervisor")
                ? "whoever runs this host does not pass it on"
                : "the CPU has none, or the firmware disables it (\"Intel Virtualization"
                        + " Technology\", \"SVM mode\")";
    }

    private static Finding cpu(String key, String title, Object value, String note) {
        return new Finding("cpu", key, title, value, "", note);
    }

    private Object nestedPaging() {
        if (flags.contains("ept")) {
            return parameter("kvm_intel", "ept");
        }
        return flags.contains("npt") ? parameter("kvm_amd", "npt") : (Object) false;
    }

    private List<String> kvmModules() {
        try (Stream<Path> all = Files.list(modules)) {
            List<String> names =
                    all.map(p -> p.getFileName().toString())
                            .filter(n -> n.equals("kvm") || n.startsWith("kvm_"))
                            .sorted()
                            .toList();
            return names.isEmpty() ? List.of("none") : names;
        } catch (IOException | UncheckedIOException _) {
            return List.of("unknown");
        }
    }

    /** A module's switch: true, false or what else is written there. */
    private Object parameter(String module, String name) {
        try {
            String text =
                    Files.readString(modules.resolve(module).resolve("parameters").resolve(name))
                            .strip();
            return switch (text) {
                case "Y", "1" -> true;
                case "N", "0" -> false;
                default -> text;
            };
        } catch (IOException _) {
            return "unknown";
        }
    }
}
