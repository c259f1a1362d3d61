package trivium.rfb.osgi;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.lang.annotation.Annotation;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import trivium.rfb.testing.RfbClient;
import trivium.vm.VmState;

class VncComponentTest {
    @TempDir Path etc;
    private final FakeVms vms = new FakeVms();

    @BeforeEach
    void setEtc() {
        System.setProperty("karaf.etc", etc.toString());
    }

    @AfterEach
    void clear() {
        System.clearProperty("karaf.etc");
        System.clearProperty("trivium.vnc.password");
    }

    @SuppressWarnings("BadAnnotationImplementation")
    private record Settings(String password, boolean open, int port, int webPort)
            implements VncComponent.Config {
        @Override
        public String host() {
            return "127.0.0.1";
        }

        @Override
        public int maxClients() {
            return 2;
        }

        @Override
        public boolean powerControl() {
            return false;
        }

        @Override
        public boolean typeClipboard() {
            return false;
        }

        @Override
        public Class<? extends Annotation> annotationType() {
            return VncComponent.Config.class;
        }
    }

    private String password(String configured, boolean open) throws IOException {
        var component = new VncComponent(vms.registry(), new Settings(configured, open, 46900, 0));
        try {
            return component.password();
        } finally {
            component.deactivate();
        }
    }

    @Test
    void takesThePasswordFromConfigurationThenPropertyThenFile() throws Exception {
        String generated = password("", false);
        assertThat(generated).hasSize(8);
        assertThat(Files.readString(etc.resolve("trivium.vnc.password"))).startsWith(generated);
        assertThat(password("", false)).isEqualTo(generated);
        System.setProperty("trivium.vnc.password", "property");
        assertThat(password("", false)).isEqualTo("property");
        assertThat(password("config", false)).isEqualTo("config");
        assertThat(password("config", true)).isEmpty();
    }

    @Test
    void showsAVmToAViewer() throws Exception {
        vms.add("a", null, VmState.RUNNING);
        var component =
                new VncComponent(vms.registry(), new Settings("secret", false, 46900, 46700));
        component.open("a", "", 0);
        int port = component.endpoint("a").orElseThrow().port();
        try (var client = RfbClient.login("127.0.0.1", port, "secret")) {
            client.request(false);
            client.readUpdate();
            assertThat(client.pixels()).hasSize(64 * 48).containsOnly(0);
        }
        assertThat(component.browserLink("a").orElseThrow()).startsWith("http://127.0.0.1:467");
        component.close("a");
        assertThat(component.endpoint("a")).isEmpty();
        component.deactivate();
    }
}
