package trivium.hostos;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class HostInfoTest {
    @Test
    void theCpuHasANameOfOneLine() {
        assertThat(HostInfo.cpuName()).isNotBlank().doesNotContain("\n", ":");
    }
}
