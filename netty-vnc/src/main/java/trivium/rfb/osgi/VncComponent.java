package trivium.rfb.osgi;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Deactivate;
import org.osgi.service.component.annotations.Reference;
import org.osgi.service.metatype.annotations.AttributeDefinition;
import org.osgi.service.metatype.annotations.Designate;
import org.osgi.service.metatype.annotations.ObjectClassDefinition;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import trivium.display.DisplayServer;
import trivium.rfb.RfbConfig;
import trivium.rfb.VncPassword;
import trivium.rfb.osgi.VmDisplays.Settings;
import trivium.vm.VmException;
import trivium.vm.VmRegistry;

/** Publishes the displays of VMs; a change of configuration opens them anew. */
@Component(service = DisplayServer.class, configurationPid = "trivium.vnc")
@Designate(ocd = VncComponent.Config.class)
public final class VncComponent implements DisplayServer {
    private static final Logger LOG = LoggerFactory.getLogger(VncComponent.class);
    private static final String PASSWORD_FILE = "trivium.vnc.password";

    /** etc/trivium.vnc.cfg. */
    @ObjectClassDefinition(name = "Trivium VNC", description = "How the screens of VMs are seen.")
    public @interface Config {
        @AttributeDefinition(
                description =
                        "What viewers must know; eight characters count. Empty: the one in"
                                + " etc/trivium.vnc.password, which is generated.")
        String password() default "";

        @AttributeDefinition(description = "No password, for viewers on this host only.")
        boolean open() default false;

        @AttributeDefinition(description = "Address to listen on where a VM names none.")
        String host() default "127.0.0.1";

        @AttributeDefinition(description = "Where looking for a free port starts.")
        int port() default 5900;

        @AttributeDefinition(
                description =
                        "Where ports for browsers start, on this host only: the display at port + n"
                                + " is at this + n. 0: none.")
        int webPort() default 5700;

        @AttributeDefinition(description = "Viewers of one VM at once.")
        int maxClients() default 32;

        @AttributeDefinition(description = "Whether viewers may shut down and reset VMs.")
        boolean powerControl() default false;

        @AttributeDefinition(description = "Whether text cut in a viewer is typed to the guest.")
        boolean typeClipboard() default false;
    }

    private final VmDisplays displays;

    @Activate
    public VncComponent(@Reference VmRegistry vms, Config config) throws IOException {
        RfbConfig rfb =
                (config.open()
                                ? RfbConfig.withoutPassword()
                                : RfbConfig.withPassword(password(config)))
                        .maxClients(config.maxClients())
                        .typeClipboard(config.typeClipboard());
        displays =
                new VmDisplays(
                        vms,
                        new Settings(
                                rfb,
                                config.host(),
                                config.port(),
                                config.webPort(),
                                config.powerControl()));
    }

    private static String password(Config config) throws IOException {
        if (!config.password().isEmpty()) {
            return config.password();
        }
        String property = System.getProperty("trivium.vnc.password", "");
        if (!property.isEmpty()) {
            return property;
        }
        Path file = Path.of(System.getProperty("karaf.etc", "."), PASSWORD_FILE);
        LOG.info("The password for viewers is in {}", file);
        return VncPassword.load(file);
    }

    @Deactivate
    void deactivate() {
        displays.close();
    }

    @Override
    public Optional<Endpoint> endpoint(String vm) {
        return displays.endpoint(vm);
    }

    @Override
    public Optional<String> browserLink(String vm) {
        return displays.browserLink(vm);
    }

    @Override
    public void open(String vm, String host, int port) throws VmException {
        displays.open(vm, host, port);
    }

    @Override
    public void close(String vm) {
        displays.close(vm);
    }

    @Override
    public String password() {
        return displays.password();
    }
}
