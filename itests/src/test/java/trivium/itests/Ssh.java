package trivium.itests;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.EnumSet;
import org.apache.sshd.client.SshClient;
import org.apache.sshd.client.channel.ClientChannelEvent;
import org.apache.sshd.client.keyverifier.AcceptAllServerKeyVerifier;
import org.apache.sshd.client.session.ClientSession;
import org.apache.sshd.common.keyprovider.KeyIdentityProvider;

/** Logs in to the appliance's shell as a user does. */
final class Ssh {
    static final String ADMIN = "admin", GUEST = "guest";
    private static final Duration TIMEOUT = Duration.ofSeconds(60);

    private final int port;
    private final String adminPassword;

    Ssh(int port) {
        this(port, "rightsofall");
    }

    Ssh(int port, String adminPassword) {
        this.port = port;
        this.adminPassword = adminPassword;
    }

    /** What a command line printed, without styles. */
    String run(String user, String line) throws IOException {
        var out = new ByteArrayOutputStream();
        with(user, session -> execute(session, line, out));
        return plain(out);
    }

    /**
     * Types line after line at a terminal, each when what is before it was shown.
     *
     * @return what the terminal showed
     */
    String type(String user, String... shownAndTyped) throws IOException {
        var out = new ByteArrayOutputStream();
        with(user, session -> type(session, shownAndTyped, out));
        return plain(out);
    }

    private interface Work {
        void with(ClientSession session) throws IOException;
    }

    private void with(String user, Work work) throws IOException {
        try (SshClient client = SshClient.setUpDefaultClient()) {
            client.setServerKeyVerifier(AcceptAllServerKeyVerifier.INSTANCE);
            client.setKeyIdentityProvider(KeyIdentityProvider.EMPTY_KEYS_PROVIDER);
            client.start();
            try (ClientSession session =
                    client.connect(user, "127.0.0.1", port).verify(TIMEOUT).getSession()) {
                session.addPasswordIdentity(user.equals(ADMIN) ? adminPassword : "rightstolook");
                session.auth().verify(TIMEOUT);
                work.with(session);
            }
        }
    }

    private static String plain(ByteArrayOutputStream out) {
        return out.toString(StandardCharsets.UTF_8).replaceAll("\u001b\\[[0-9;]*m", "");
    }

    private static void type(ClientSession session, String[] words, ByteArrayOutputStream out)
            throws IOException {
        try (var channel = session.createShellChannel()) {
            channel.setOut(out);
            channel.setErr(out);
            channel.open().verify(TIMEOUT);
            for (int i = 0; i < words.length; i += 2) {
                await(words[i], out);
                channel.getInvertedIn()
                        .write((words[i + 1] + "\r").getBytes(StandardCharsets.UTF_8));
                channel.getInvertedIn().flush();
            }
            channel.waitFor(EnumSet.of(ClientChannelEvent.CLOSED), TIMEOUT);
        }
    }

    private static void await(String text, ByteArrayOutputStream out) throws IOException {
        long end = System.nanoTime() + TIMEOUT.toNanos();
        while (!plain(out).contains(text)) {
            if (System.nanoTime() - end > 0) {
                throw new IOException("no " + text + " in: " + plain(out));
            }
            try {
                Thread.sleep(50);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new IOException(e);
            }
        }
    }

    private static void execute(ClientSession session, String line, ByteArrayOutputStream out)
            throws IOException {
        try (var channel = session.createExecChannel(line)) {
            channel.setOut(out);
            channel.setErr(out);
            channel.open().verify(TIMEOUT);
            channel.waitFor(EnumSet.of(ClientChannelEvent.CLOSED), TIMEOUT);
        }
    }
}
