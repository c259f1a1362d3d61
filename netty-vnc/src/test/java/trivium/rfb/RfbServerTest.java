package trivium.rfb;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import trivium.rfb.testing.FakeScreen;
import trivium.rfb.testing.FakeTarget;
import trivium.rfb.testing.RfbClient;
import trivium.vm.VmException;

/** The server as viewers meet it: over a socket. */
class RfbServerTest {
    private static final Duration SOON = Duration.ofSeconds(10);

    private final FakeScreen screen = new FakeScreen(640, 400);
    private final FakeTarget target = new FakeTarget(screen);
    private final RfbServer server = new RfbServer(RfbConfig.withPassword("secret"), target);
    private int port;

    @BeforeEach
    void bind() throws VmException {
        port = server.bind("127.0.0.1", 0);
    }

    @AfterEach
    void close() {
        server.close();
    }

    private RfbClient login() throws IOException {
        return RfbClient.login("127.0.0.1", port, "secret");
    }

    private boolean shows(RfbClient client) {
        return client.pixels().length == screen.pixels().length
                && java.util.Arrays.equals(client.pixels(), screen.pixels());
    }

    private static void eventually(BooleanSupplier condition) throws InterruptedException {
        long end = System.nanoTime() + SOON.toNanos();
        while (!condition.getAsBoolean() && System.nanoTime() < end) {
            Thread.sleep(5);
        }
        assertThat(condition.getAsBoolean()).isTrue();
    }

    @ParameterizedTest
    @ValueSource(ints = {3, 7, 8})
    void logsInWithEveryVersion(int minor) throws IOException {
        try (var client = new RfbClient("127.0.0.1", port)) {
            client.login(minor, "secret");
            assertThat(client.name()).isEqualTo("fake");
            assertThat(client.width()).isEqualTo(640);
            client.request(false);
            client.readUpdate();
            assertThat(shows(client)).isTrue();
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {3, 7, 8})
    void refusesAWrongPassword(int minor) {
        assertThatThrownBy(() -> new RfbClient("127.0.0.1", port).login(minor, "guess"))
                .isInstanceOf(IOException.class)
                .hasMessageStartingWith("failed")
                .hasMessageContaining(minor == 8 ? "Authentication failed" : "");
    }

    @Test
    void doesNotOfferToForgetThePassword() {
        assertThatThrownBy(() -> RfbClient.login("127.0.0.1", port, ""))
                .hasMessageContaining("not offered");
    }

    @Test
    void locksOutWhoGuesses() {
        for (int i = 0; i < 5; i++) {
            assertThatThrownBy(() -> RfbClient.login("127.0.0.1", port, "guess"))
                    .hasMessageContaining("failed");
        }
        assertThatThrownBy(this::login).hasMessageContaining("Too many failed logins");
    }

    @Test
    void sendsOnlyWhatChanged() throws IOException {
        try (var client = login()) {
            client.setEncodings(16);
            client.request(false);
            client.readUpdate();
            screen.fill(100, 50, 10, 10, 0xff0000);
            client.request(true);
            List<RfbClient.Received> update = client.readUpdate();
            assertThat(update).containsExactly(new RfbClient.Received(100, 50, 10, 10, 16));
            assertThat(shows(client)).isTrue();
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 2, 5, 6, 7, 16})
    void followsAnimationInEveryEncoding(int encoding) throws IOException {
        var random = new Random(encoding);
        try (var client = login()) {
            client.setEncodings(encoding, 1);
            for (int i = 0; i < 30; i++) {
                int w = 1 + random.nextInt(300);
                int h = 1 + random.nextInt(200);
                screen.fill(
                        random.nextInt(640 - w),
                        random.nextInt(400 - h),
                        w,
                        h,
                        random.nextInt(1 << 24));
                client.request(i == 0);
                client.readUpdate();
            }
            assertThat(client.await(SOON, this::shows)).isTrue();
        }
    }

    @Test
    void passesKeysAndReleasesThemWhenTheViewerLeaves() throws Exception {
        try (var client = login()) {
            client.type("aB\n");
            client.key(true, 0xffe3);
            client.qemuKey(true, 0, 0xcd);
            eventually(() -> target.keys().endsWith("e04d"));
            assertThat(target.keys()).isEqualTo("1e 9e 2a 30 aa b0 1c 9c 1d e04d");
        }
        eventually(() -> target.keys().endsWith("1d e04d 9d e0cd"));
    }

    @Test
    void namesHostAndPortInUse() {
        try (var second = new RfbServer(RfbConfig.withPassword("x"), target)) {
            assertThatThrownBy(() -> second.bind("127.0.0.1", port))
                    .isInstanceOf(VmException.class)
                    .hasMessageContaining("127.0.0.1:" + port)
                    .hasMessageContaining("in use");
        }
    }

    @Test
    void isOpenWithoutPasswordOnLoopbackOnly() throws Exception {
        try (var open = new RfbServer(RfbConfig.withoutPassword(), target)) {
            assertThatThrownBy(() -> open.bind("0.0.0.0", 0)).hasMessageContaining("password");
            int openPort = open.bind("127.0.0.1", 0);
            for (int minor : new int[] {3, 7, 8}) {
                try (var client = new RfbClient("127.0.0.1", openPort)) {
                    client.login(minor, "");
                    assertThat(client.width()).isEqualTo(640);
                }
            }
        }
    }
}
