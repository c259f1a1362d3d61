package trivium.rfb.osgi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import trivium.rfb.RfbConfig;
import trivium.rfb.VncPassword;
import trivium.rfb.testing.RfbClient;
import trivium.vm.VmException;
import trivium.vm.VmState;

class VmDisplaysTest {
    private static final int FIRST_PORT = 45900;

    private final FakeVms vms = new FakeVms();
    private VmDisplays displays;

    @AfterEach
    void close() {
        displays.close();
    }

    private void start() {
        var settings =
                new VmDisplays.Settings(
                        RfbConfig.withPassword("secret"), "127.0.0.1", FIRST_PORT, 45700, false);
        displays = new VmDisplays(vms.registry(), settings);
    }

    private static void eventually(BooleanSupplier condition) throws InterruptedException {
        for (int i = 0; i < 1000 && !condition.getAsBoolean(); i++) {
            Thread.sleep(5);
        }
        assertThat(condition.getAsBoolean()).isTrue();
    }

    private boolean seen(String vm) {
        return displays.endpoint(vm).isPresent();
    }

    @Test
    void showsVmsThatAreOnFromTheFirstFreePort() throws Exception {
        try (var taken = new ServerSocket(FIRST_PORT, 1, InetAddress.getByName("127.0.0.1"))) {
            assertThat(taken.isBound()).isTrue();
            vms.add("a", "127.0.0.1:0", VmState.RUNNING);
            vms.add("b", ":0", VmState.OFF);
            vms.add("c", null, VmState.RUNNING);
            start();
            eventually(() -> seen("a"));
            int port = displays.endpoint("a").orElseThrow().port();
            assertThat(port).isGreaterThan(FIRST_PORT);
            try (var client = RfbClient.login("127.0.0.1", port, "secret")) {
                assertThat(client.name()).isEqualTo("a");
                assertThat(client.width()).isEqualTo(64);
                assertThat(displays.endpoint("a").orElseThrow().clients()).isEqualTo(1);
            }
            assertThat(seen("b")).isFalse();
            assertThat(seen("c")).isFalse();
        }
    }

    @Test
    void followsVmsAsTheyAreSwitchedOnAndOff() throws Exception {
        vms.add("a", ":0", VmState.OFF);
        start();
        vms.change("a", VmState.RUNNING);
        eventually(() -> seen("a"));
        vms.change("a", VmState.PAUSED);
        vms.change("a", VmState.RUNNING);
        assertThat(seen("a")).isTrue();
        vms.change("a", VmState.OFF);
        eventually(() -> !seen("a"));
        vms.change("a", VmState.RUNNING);
        eventually(() -> seen("a"));
        vms.change("a", VmState.CRASHED);
        eventually(() -> !seen("a"));
    }

    @Test
    void keepsWhatWasOpenedByHandUntilTheVmIsDeleted() throws Exception {
        vms.add("a", null, VmState.RUNNING);
        start();
        displays.open("a", "", 0);
        vms.change("a", VmState.OFF);
        vms.add("other", ":0", VmState.OFF);
        vms.change("other", VmState.RUNNING);
        eventually(() -> seen("other"));
        assertThat(seen("a")).isTrue();
        vms.delete("a");
        eventually(() -> !seen("a"));
    }

    @Test
    void movesAndClosesByHand() throws Exception {
        vms.add("a", null, VmState.RUNNING);
        start();
        displays.open("a", "127.0.0.1", 0);
        int first = displays.endpoint("a").orElseThrow().port();
        displays.open("a", "127.0.0.1", 0);
        int second = displays.endpoint("a").orElseThrow().port();
        assertThat(second).isNotEqualTo(first);
        displays.close("a");
        assertThat(seen("a")).isFalse();
        new ServerSocket(second, 1, InetAddress.getByName("127.0.0.1")).close();
    }

    @Test
    void saysWhatCannotBe() throws Exception {
        vms.add("a", null, VmState.RUNNING);
        start();
        assertThatThrownBy(() -> displays.open("nobody", "", 0))
                .isInstanceOf(VmException.class)
                .hasMessageContaining("nobody");
        try (var taken = new ServerSocket(0, 1, InetAddress.getByName("127.0.0.1"))) {
            assertThatThrownBy(() -> displays.open("a", "127.0.0.1", taken.getLocalPort()))
                    .isInstanceOf(VmException.class)
                    .hasMessageContaining("127.0.0.1:" + taken.getLocalPort());
        }
        assertThatThrownBy(() -> displays.open("a", "no.such.host.invalid", 0))
                .isInstanceOf(VmException.class);
        assertThat(seen("a")).isFalse();
    }

    @Test
    void givesBrowsersALinkThatIsNewEachTime() throws Exception {
        vms.add("a", null, VmState.RUNNING);
        start();
        assertThat(displays.browserLink("a")).isEmpty();
        displays.open("a", "", 0);
        String link = displays.browserLink("a").orElseThrow();
        int number = displays.endpoint("a").orElseThrow().port() - FIRST_PORT;
        assertThat(link)
                .matches("http://127\\.0\\.0\\.1:%d/#[0-9a-f]{32}".formatted(45700 + number));
        assertThat(displays.browserLink("a").orElseThrow()).isNotEqualTo(link);
    }

    @Test
    void leavesNothingBehind() throws Exception {
        vms.add("a", ":0", VmState.RUNNING);
        start();
        eventually(() -> seen("a"));
        int port = displays.endpoint("a").orElseThrow().port();
        displays.close();
        assertThat(vms.listeners()).isZero();
        new ServerSocket(port, 1, InetAddress.getByName("127.0.0.1")).close();
    }

    @ParameterizedTest
    @CsvSource({
        "127.0.0.1:5901, 127.0.0.1, 5901",
        "localhost:0, localhost, 0",
        ":5900, '', 5900",
        "5900, '', 5900",
        "[::1]:5900, ::1, 5900"
    })
    void readsPlaces(String text, String host, int port) throws Exception {
        start();
        assertThat(HostPort.parse(text)).isEqualTo(new HostPort(host, port));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "host", "host:", "host:65536", "::1:5900", "a:b:1", "host:-1"})
    void refusesWhatIsNoPlace(String text) {
        start();
        assertThatThrownBy(() -> HostPort.parse(text))
                .isInstanceOf(VmException.class)
                .hasMessageContaining("'" + text + "'");
    }

    @Test
    void generatesAPasswordOnceForItsOwnerOnly(@TempDir Path etc) throws Exception {
        start();
        Path file = etc.resolve("trivium.vnc.password");
        String password = VncPassword.load(file);
        assertThat(password).hasSize(8).isNotEqualTo(VncPassword.generate());
        assertThat(VncPassword.load(file)).isEqualTo(password);
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
                .isEqualTo("rw-------");
    }
}
