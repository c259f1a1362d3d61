package trivium.bt;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import trivium.cpu.Host;
import trivium.cpu.Support;
import trivium.hostos.GsBase;

class BtEngineTest {
    @ParameterizedTest
    @CsvSource({
        "aarch64, Linux, true, this host is Linux aarch64",
        "amd64, Windows 11, true, this host is Windows 11 amd64",
        "amd64, Linux, false, refuses executable memory",
    })
    void saysWhyAHostCannotRunIt(String architecture, String system, boolean memory, String why) {
        assumeTrue(GsBase.available());
        Support support = new BtEngine().supportOn(new Host(architecture, system, memory));

        assertThat(support).isInstanceOf(Support.No.class).asString().contains(why);
    }
}
