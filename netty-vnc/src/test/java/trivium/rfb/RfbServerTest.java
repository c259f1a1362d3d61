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
import trivium.rfb.testing.ClientFormat;
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

    @Test
    void logsInByteByByteAndWithEverythingAtOnce() throws Exception {
        try (var open = new RfbServer(RfbConfig.withoutPassword(), target)) {
            int openPort = open.bind("127.0.0.1", 0);
            String hex = "524642203030332e3030380a" + "01" + "01" + "03000000000002800190";
            byte[] all = java.util.HexFormat.of().parseHex(hex);
            for (int step : new int[] {1, all.length}) {
                try (var client = new RfbClient("127.0.0.1", openPort)) {
                    for (int i = 0; i < all.length; i += step) {
                        client.out.write(all, i, step);
                        client.out.flush();
                    }
                    client.in.readNBytes(12 + 2 + 4);
                    client.readInit();
                    client.readUpdate();
                    assertThat(shows(client)).isTrue();
                }
            }
        }
    }

    @Test
    void closesOnGarbageAndServesTheOthers() throws Exception {
        var random = new Random(11);
        try (var witness = login()) {
            for (int i = 0; i < 8; i++) {
                try (var client = i % 2 == 0 ? new RfbClient("127.0.0.1", port) : login()) {
                    byte[] garbage = new byte[1000];
                    random.nextBytes(garbage);
                    garbage[0] = 77; // neither a version nor a message
                    client.out.write(garbage);
                    client.out.flush();
                    assertThat(closedByPeer(client)).isTrue();
                }
            }
            witness.request(false);
            witness.readUpdate();
            assertThat(shows(witness)).isTrue();
        }
        eventually(() -> server.clients() == 0);
    }

    /** Reads to the end; a reset is one, too. */
    private static boolean closedByPeer(RfbClient client) throws IOException {
        try {
            client.in.readAllBytes();
            return true;
        } catch (java.net.SocketTimeoutException e) {
            return false;
        } catch (java.net.SocketException e) {
            return true;
        }
    }

    @Test
    void closesOnWhatWasNotOffered() throws Exception {
        byte[][] messages = {
            {(byte) 150, 1, 0, 0, 0, 0, 1, 0, 1, 0}, // continuous updates
            {(byte) 248, 0, 0, 0, 0, 0, 0, 0, 0}, // fence
            {(byte) 250, 0, 1, 4}, // power
        };
        for (byte[] message : messages) {
            try (var client = login()) {
                client.out.write(message);
                client.out.flush();
                assertThat(closedByPeer(client)).isTrue();
            }
        }
    }

    @Test
    void showsEachViewerTheSamePictureInItsOwnFormat() throws Exception {
        var formats =
                List.of(
                        ClientFormat.RGB888,
                        ClientFormat.RGB565_BE,
                        ClientFormat.BGR233,
                        ClientFormat.MAPPED);
        var clients = new java.util.ArrayList<RfbClient>();
        int[] encodings = {16, 5, 7, 6};
        for (int i = 0; i < 4; i++) {
            var client = login();
            client.setFormat(formats.get(i));
            client.setEncodings(encodings[i], 1);
            clients.add(client);
        }
        assertThat(server.clients()).isEqualTo(4);
        var random = new Random(2);
        for (int round = 0; round < 20; round++) {
            screen.fill(
                    random.nextInt(540), random.nextInt(300), 100, 100, random.nextInt(1 << 24));
            for (int i = 0; i < 4; i++) {
                var format = formats.get(i);
                var client = clients.get(i);
                int[] expected = java.util.Arrays.stream(screen.pixels()).map(format::of).toArray();
                client.request(round == 0);
                assertThat(client.await(SOON, c -> java.util.Arrays.equals(c.pixels(), expected)))
                        .isTrue();
            }
        }
        assertThat(clients.get(0).colourMapEntries).isZero();
        assertThat(clients.get(3).colourMapEntries).isEqualTo(256);
        for (var client : clients) {
            client.close();
        }
    }

    @Test
    void scrollsByCopying() throws Exception {
        var random = new Random(4);
        int[] noise = random.ints(640 * 400, 0, 1 << 24).toArray();
        screen.set(noise);
        try (var client = login()) {
            client.setEncodings(16, 1);
            client.request(false);
            client.readUpdate();
            for (int i = 0; i < 10; i++) {
                screen.scrollUp(16, random.nextInt(1 << 24));
                client.request(true);
                var rects = client.readUpdate();
                assertThat(rects.getFirst()).isEqualTo(new RfbClient.Received(0, 0, 640, 384, 1));
                assertThat(shows(client)).isTrue();
            }
        }
    }

    @Test
    void aSlowViewerSlowsNobodyAndCostsNoMemory() throws Exception {
        var random = new Random(6);
        try (var slow = login();
                var quick = login()) {
            slow.setEncodings(0);
            for (int i = 0; i < 20_000; i++) {
                slow.out.write(new byte[] {3, 0, 0, 0, 0, 0, 2, (byte) 128, 1, (byte) 144});
            }
            slow.out.flush();
            int refreshes = screen.refreshes();
            for (int i = 0; i < 50; i++) {
                screen.set(random.ints(640 * 400, 0, 1 << 24).toArray());
                quick.request(true);
                quick.readUpdate();
                assertThat(shows(quick)).isTrue();
            }
            // The slow one had a few megabytes in the sockets' buffers, and then nothing more.
            assertThat(screen.refreshes() - refreshes).isLessThan(400);
            assertThat(slow.await(SOON, this::shows)).isTrue();
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, -223, -308})
    void survivesAStormOfModeChanges(int resize) throws Exception {
        var random = new Random(resize);
        int[][] sizes = {{640, 400}, {720, 400}, {1024, 768}, {320, 200}, {1, 1}, {800, 601}};
        try (var client = login()) {
            client.setEncodings(16, 1, resize);
            client.request(false);
            for (int i = 0; i < 60; i++) {
                int[] size = sizes[random.nextInt(sizes.length)];
                screen.resize(size[0], size[1]);
                screen.fill(0, 0, size[0], size[1], random.nextInt(1 << 24));
                if (i % 3 == 0) {
                    client.readUpdate();
                    client.request(true);
                }
            }
            screen.resize(640, 400);
            screen.fill(9, 9, 99, 99, 0xabcdef);
            assertThat(client.await(SOON, this::shows)).isTrue();
        }
    }

    @Test
    void sendsTheNewSizeAlone() throws Exception {
        try (var client = login()) {
            client.setEncodings(16, -308, -223);
            client.request(false);
            client.readUpdate();
            screen.resize(800, 600);
            client.request(true);
            assertThat(client.readUpdate())
                    .containsExactly(new RfbClient.Received(0, 0, 800, 600, -308));
            client.request(true);
            client.readUpdate();
            assertThat(shows(client)).isTrue();
        }
    }

    @Test
    void refusesToBeResized() throws Exception {
        try (var client = login()) {
            client.setEncodings(0, -308);
            client.request(false);
            client.readUpdate();
            assertThat(client.lastSizeStatus).isZero();
            client.out.write(new byte[] {(byte) 251, 0, 4, 0, 3, 0, 1, 0});
            client.out.write(new byte[16]);
            client.request(true);
            client.readUpdate();
            assertThat(client.lastSizeStatus).isEqualTo(1);
            assertThat(client.width()).isEqualTo(640);
        }
    }

    @Test
    void tellsLightsPointerModeNameAndCursor() throws Exception {
        target.leds = 2;
        target.absolute = false;
        try (var client = login()) {
            client.setEncodings(0, -239, -257, -258, -261, -307, -316);
            client.request(false);
            var encodings = client.readUpdate().stream().map(RfbClient.Received::encoding).toList();
            assertThat(encodings).contains(-239, -257, -258, -261, -307, -316, 0);
            assertThat(client.leds).isEqualTo(2);
            assertThat(client.pointerMode).isZero();
            client.pointer(0, 0x7fff + 5, 0x7fff);
            eventually(() -> target.moves().contains("by 5,0 b0 w0"));
            target.leds = 6;
            client.request(true);
            assertThat(client.readUpdate())
                    .containsExactly(new RfbClient.Received(0, 0, 1, 1, -261));
            assertThat(client.leds).isEqualTo(6);
        }
    }

    @Test
    void pushesUpdatesWhileItIsContinuous() throws Exception {
        try (var client = login()) {
            client.setEncodings(16, -312, -313);
            while (client.endsOfContinuousUpdates == 0) {
                client.readMessage();
            }
            client.continuousUpdates(true);
            for (int i = 0; i < 20; i++) {
                screen.fill(i * 10, i * 10, 50, 50, 0x10203 * (i + 1));
                client.readUpdate();
            }
            client.continuousUpdates(false);
            while (client.endsOfContinuousUpdates == 1) {
                client.readMessage();
            }
            assertThat(client.await(SOON, this::shows)).isTrue();
        }
    }

    @Test
    void doesNotPushToAViewerThatDoesNotAnswer() throws Exception {
        try (var client = login()) {
            client.answerFences = false;
            client.setEncodings(16, -312, -313);
            while (client.endsOfContinuousUpdates == 0) {
                client.readMessage();
            }
            client.continuousUpdates(true);
            int updates = 0;
            client.socket().setSoTimeout(300);
            try {
                for (int i = 1; i < 50; i++) {
                    screen.fill(0, 0, 50, 50, i);
                    client.readUpdate();
                    updates++;
                }
            } catch (java.net.SocketTimeoutException e) {
                assertThat(updates).isEqualTo(3);
            }
            assertThat(updates).isLessThan(49);
        }
    }

    @Test
    void answersFences() throws Exception {
        try (var client = login()) {
            client.setEncodings(0, -312);
            client.readMessage();
            assertThat(client.fences).isEqualTo(1);
            client.fence(0x8000_0000 | 0x70 | 3, (byte) 1, (byte) 2, (byte) 3);
            byte[] answer = client.in.readNBytes(12);
            assertThat(java.util.HexFormat.of().formatHex(answer))
                    .isEqualTo("f8000000" + "00000003" + "03" + "010203");
        }
    }

    @Test
    void showsBlackWhileTheMachineIsOff() throws Exception {
        screen.fill(0, 0, 640, 400, 0xffffff);
        try (var client = login()) {
            client.setEncodings(16);
            client.request(false);
            client.readUpdate();
            target.powered = false;
            assertThat(client.await(SOON, c -> c.pixels()[0] == 0)).isTrue();
            target.powered = true;
            assertThat(client.await(SOON, this::shows)).isTrue();
        }
    }

    @Test
    void switchesPowerOnlyIfAllowed() throws Exception {
        var done = new java.util.concurrent.CopyOnWriteArrayList<String>();
        target.power =
                new ConsoleTarget.Power() {
                    @Override
                    public void shutdown() throws VmException {
                        throw new VmException("no");
                    }

                    @Override
                    public void reset() {
                        done.add("reset");
                    }
                };
        try (var client = login()) {
            client.setEncodings(0, -309);
            client.readMessage();
            assertThat(client.xvp).isEqualTo(1);
            client.out.write(new byte[] {(byte) 250, 0, 1, 4});
            client.out.write(new byte[] {(byte) 250, 0, 1, 2});
            client.out.flush();
            client.readMessage();
            assertThat(client.xvp).isZero();
            eventually(() -> done.contains("reset"));
        }
    }

    @Test
    void refusesMoreViewersThanItMayHave() throws Exception {
        try (var small = new RfbServer(RfbConfig.withPassword("x").maxClients(2), target)) {
            int smallPort = small.bind("127.0.0.1", 0);
            try (var a = RfbClient.login("127.0.0.1", smallPort, "x");
                    var b = RfbClient.login("127.0.0.1", smallPort, "x")) {
                assertThat(a.width()).isEqualTo(b.width());
                assertThatThrownBy(() -> RfbClient.login("127.0.0.1", smallPort, "x"))
                        .hasMessageContaining("Too many viewers");
            }
        }
    }

    @Test
    void strangersCannotKeepOthersOut() throws Exception {
        var strangers = new java.util.ArrayList<RfbClient>();
        for (int i = 0; i < 20; i++) {
            strangers.add(new RfbClient("127.0.0.1", port));
        }
        try (var client = login()) {
            assertThat(client.width()).isEqualTo(640);
        }
        for (var stranger : strangers) {
            stranger.close();
        }
    }

    @Test
    void closesWhoDoesNotLogIn() throws Exception {
        var hasty = RfbConfig.withPassword("x").loginTimeout(Duration.ofMillis(200));
        try (var server2 = new RfbServer(hasty, target)) {
            int port2 = server2.bind("127.0.0.1", 0);
            try (var client = new RfbClient("127.0.0.1", port2)) {
                assertThat(closedByPeer(client)).isTrue();
            }
        }
    }

    @Test
    void letsAViewerBeAloneWhereThatIsAllowed() throws Exception {
        var alone = RfbConfig.withoutPassword().sharing(RfbConfig.Sharing.ALLOW_EXCLUSIVE);
        try (var server2 = new RfbServer(alone, target)) {
            int port2 = server2.bind("127.0.0.1", 0);
            try (var first = RfbClient.login("127.0.0.1", port2, "");
                    var second = new RfbClient("127.0.0.1", port2)) {
                second.login(8, "", false);
                assertThat(closedByPeer(first)).isTrue();
                eventually(() -> server2.clients() == 1);
            }
        }
    }

    @Test
    void survivesViewersThatLeaveInTheMiddle() throws Exception {
        var random = new Random(9);
        for (int i = 0; i < 50; i++) {
            screen.set(random.ints(640 * 400, 0, 1 << 24).toArray());
            try (var client = login()) {
                client.setEncodings(List.of(0, 5, 6, 7, 16).get(i % 5), 1, -312, -313);
                client.request(false);
                client.in.readNBytes(random.nextInt(1000));
            }
        }
        eventually(() -> server.clients() == 0);
        try (var client = login()) {
            client.request(false);
            client.readUpdate();
            assertThat(shows(client)).isTrue();
        }
    }

    @Test
    void looksLessOftenAtAScreenThatDoesNotChange() throws Exception {
        try (var client = login()) {
            client.request(false);
            client.readUpdate();
            client.request(true);
            Thread.sleep(1000);
            int before = screen.refreshes();
            Thread.sleep(1000);
            assertThat(screen.refreshes() - before).isBetween(1, 15);
        }
    }

    @Test
    void typesCutTextOnlyIfToldTo() throws Exception {
        byte[] cut = {6, 0, 0, 0, 0, 0, 0, 2, 'h', 'i'};
        try (var typing = new RfbServer(RfbConfig.withoutPassword().typeClipboard(true), target)) {
            int port2 = typing.bind("127.0.0.1", 0);
            try (var client = login();
                    var typist = RfbClient.login("127.0.0.1", port2, "")) {
                client.out.write(cut);
                client.key(true, 'x');
                eventually(() -> target.keys().equals("2d"));
                typist.out.write(cut);
                typist.out.flush();
                eventually(() -> target.keys().equals("2d 23 a3 17 97"));
            }
        }
    }
}
