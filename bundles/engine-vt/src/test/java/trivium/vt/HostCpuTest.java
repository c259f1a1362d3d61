package trivium.vt;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import trivium.cpu.CpuCheck.Finding;

class HostCpuTest {
    private static Map<String, Object> findings(Path modules, String... cpuinfo) {
        return new HostCpu(List.of(cpuinfo), modules)
                .findings().stream().collect(Collectors.toMap(Finding::key, Finding::value));
    }

    @Test
    void readsAnIntelHost(@TempDir Path modules) throws IOException {
        Path parameters = Files.createDirectories(modules.resolve("kvm_intel/parameters"));
        Files.createDirectories(modules.resolve("kvm"));
        Files.writeString(parameters.resolve("ept"), "Y\n");
        Files.writeString(parameters.resolve("unrestricted_guest"), "Y\n");
        Files.writeString(parameters.resolve("enable_apicv"), "N\n");

        assertThat(
                        findings(
                                modules,
                                "vendor_id\t: GenuineIntel",
                                "model name\t: A CPU",
                                "flags\t\t: fpu lm vmx ept fpu",
                                "vendor_id\t: Second"))
                .containsEntry("vendor", "GenuineIntel")
                .containsEntry("model", "A CPU")
                .containsEntry("longMode", true)
                .containsEntry("hardwareAssist", "VT-x")
                .containsEntry("modules", "kvm, kvm_intel")
                .containsEntry("nestedPaging", true)
                .containsEntry("unrestrictedGuest", true)
                .containsEntry("apicVirtualization", false)
                .containsEntry("nested", false);
    }

    @Test
    void readsAGuestWithoutHardwareAssist(@TempDir Path modules) {
        assertThat(findings(modules.resolve("none"), "flags : fpu lm hypervisor"))
                .containsEntry("hardwareAssist", "not shown")
                .containsEntry("nestedPaging", false)
                .containsEntry("nested", true)
                .containsEntry("vendor", "unknown");
    }
}
