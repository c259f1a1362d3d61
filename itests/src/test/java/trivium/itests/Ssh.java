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
        try (SshClient client = SshClient.setUpDefaultClient()) {
            client.setServerKeyVerifier(AcceptAllServerKeyVerifier.INSTANCE);
            client.setKeyIdentityProvider(KeyIdentityProvider.EMPTY_KEYS_PROVIDER);
            client.start();
            try (ClientSession session =
                    client.connect(user, "127.0.0.1", port).verify(TIMEOUT).getSession()) {
                session.addPasswordIdentity(user.equals(ADMIN) ? adminPassword : "rightstolook");
                session.auth().verify(TIMEOUT);
                execute(session, line, out);
            }
        }
        return out.toString(StandardCharsets.UTF_8).replaceAll("\u001b\\[[0-9;]*m", "");
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
