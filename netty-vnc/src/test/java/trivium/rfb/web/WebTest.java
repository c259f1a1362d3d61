package trivium.rfb.web;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PipedInputStream;
import java.io.PipedOutputStream;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.WebSocket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import trivium.rfb.RfbConfig;
import trivium.rfb.RfbServer;
import trivium.rfb.testing.FakeScreen;
import trivium.rfb.testing.FakeTarget;
import trivium.rfb.testing.RfbClient;
import trivium.vm.VmException;

/** The page, and RFB over a WebSocket, as a browser meets them. */
class WebTest {
    private final FakeScreen screen = new FakeScreen(320, 200);
    private final FakeTarget target = new FakeTarget(screen);
    private final RfbServer server = new RfbServer(RfbConfig.withPassword("secret"), target);
    private final HttpClient http = HttpClient.newHttpClient();
    private String origin;
    private int port;

    @BeforeEach
    void bind() throws VmException {
        port = server.bindWeb(0);
        origin = "http://127.0.0.1:" + port;
    }

    @AfterEach
    void close() {
        server.close();
        http.close();
    }

    private String token() {
        String link = server.webLink().orElseThrow();
        return link.substring(link.indexOf('#') + 1);
    }

    private WebSocket connect(String token, String from, WebSocket.Listener listener) {
        return http.newWebSocketBuilder()
                .header("Origin", from)
                .buildAsync(URI.create("ws://127.0.0.1:" + port + "/rfb/" + token), listener)
                .join();
    }

    @ParameterizedTest
    @CsvSource({
        "/, text/html",
        "/viewer.js, text/javascript",
        "/rfb.js, text/javascript",
        "/scancodes.js, text/javascript"
    })
    void servesThePage(String path, String type) throws Exception {
        var request = HttpRequest.newBuilder(URI.create(origin + path)).build();
        var response = http.send(request, HttpResponse.BodyHandlers.ofString());
        assertThat(response.statusCode()).isEqualTo(200);
        assertThat(response.headers().firstValue("content-type").orElse("")).startsWith(type);
        assertThat(response.headers().firstValue("content-security-policy").orElse(""))
                .contains("default-src 'none'");
        assertThat(response.body()).isNotEmpty();
    }

    @ParameterizedTest
    @CsvSource({
        "GET /etc/passwd, good, 404",
        "GET /../rfb.js, good, 404",
        "GET /web/WebPages.class, good, 404",
        "POST /, good, 405",
        "GET /, evil.example:80, 403",
        "GET /, '', 403",
        "GET /rfb/00000000000000000000000000000000, good, 403"
    })
    void refusesEverythingElse(String line, String host, int status) throws IOException {
        String name = host.equals("good") ? "127.0.0.1:" + port : host;
        String request =
                "%s HTTP/1.1\r\nHost: %s\r\nOrigin: %s\r\nContent-Length: 0\r\n\r\n"
                        .formatted(line, name, origin);
        assertThat(exchange(request)).startsWith("HTTP/1.1 " + status);
    }

    @ParameterizedTest
    @ValueSource(ints = {5000, 100_000})
    void boundsWhatItReads(int length) throws IOException {
        assertThat(exchange("GET /" + "x".repeat(length) + " HTTP/1.1\r\n\r\n"))
                .startsWith("HTTP/1.1 400");
    }

    private String exchange(String request) throws IOException {
        try (var socket = new Socket("127.0.0.1", port)) {
            socket.setSoTimeout(10_000);
            socket.getOutputStream().write(request.getBytes(StandardCharsets.US_ASCII));
            var answer = new ByteArrayOutputStream();
            try {
                socket.getInputStream().transferTo(answer);
            } catch (java.net.SocketException e) {
                assertThat(answer.size()).isPositive(); // reset, after an answer
            }
            return answer.toString(StandardCharsets.US_ASCII);
        }
    }

    @Test
    void refusesPagesFromElsewhereAndKeepsTheToken() {
        String token = token();
        assertThatThrownBy(() -> connect(token, "http://evil.example", new Pipe()))
                .isInstanceOf(CompletionException.class);
        assertThatThrownBy(() -> connect(token, "null", new Pipe()))
                .isInstanceOf(CompletionException.class);
        connect(token, origin, new Pipe()).abort();
    }

    @Test
    void letsATokenInOnce() {
        String token = token();
        connect(token, origin, new Pipe()).abort();
        assertThatThrownBy(() -> connect(token, origin, new Pipe()))
                .isInstanceOf(CompletionException.class);
    }

    @Test
    void tokensEndAfterTenMinutes() {
        var now = new AtomicLong();
        var tokens = new WebTokens(now::get);
        String token = tokens.issue();
        now.set(Duration.ofMinutes(10).toNanos());
        assertThat(tokens.redeem(token)).isFalse();
        assertThat(tokens.redeem(tokens.issue())).isTrue();
    }

    /** Bytes from the server, readable as a stream. */
    private static final class Pipe implements WebSocket.Listener {
        private final PipedOutputStream out = new PipedOutputStream();
        private final PipedInputStream in = new PipedInputStream(1 << 20);

        Pipe() {
            try {
                in.connect(out);
            } catch (IOException e) {
                throw new AssertionError(e);
            }
        }

        @Override
        public CompletionStage<?> onBinary(WebSocket socket, ByteBuffer data, boolean last) {
            byte[] bytes = new byte[data.remaining()];
            data.get(bytes);
            try {
                out.write(bytes);
                out.flush();
            } catch (IOException e) {
                socket.abort();
            }
            socket.request(1);
            return null;
        }
    }

    /** Sends each byte in a frame of its own: boundaries mean nothing. */
    private static OutputStream bytewise(WebSocket socket) {
        return new OutputStream() {
            @Override
            public void write(int b) {
                socket.sendBinary(ByteBuffer.wrap(new byte[] {(byte) b}), true).join();
            }
        };
    }

    @Test
    void speaksRfbWithoutAskingForThePassword() throws Exception {
        var pipe = new Pipe();
        WebSocket socket = connect(token(), origin, pipe);
        screen.fill(10, 10, 100, 100, 0x123456);
        try (var client = new RfbClient(pipe.in, bytewise(socket))) {
            client.login(8, "");
            assertThat(client.name()).isEqualTo("fake");
            client.setEncodings(6, 1, -258);
            client.request(false);
            client.readUpdate();
            assertThat(client.pixels()).isEqualTo(screen.pixels());
            client.qemuKey(true, 0, 0x1e);
            screen.fill(20, 20, 10, 10, 0xffffff);
            client.request(true);
            client.readUpdate();
            assertThat(client.pixels()).isEqualTo(screen.pixels());
            assertThat(target.keys()).isEqualTo("1e");
            assertThat(server.clients()).isEqualTo(1);
        }
        socket.abort();
        for (int i = 0; i < 1000 && server.clients() > 0; i++) {
            Thread.sleep(5);
        }
        assertThat(server.clients()).isZero();
        assertThat(target.keys()).isEqualTo("1e 9e");
    }
}
