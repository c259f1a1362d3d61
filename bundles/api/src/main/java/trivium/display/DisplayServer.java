package trivium.display;

import java.util.Optional;
import org.osgi.annotation.versioning.ProviderType;
import trivium.vm.VmException;

/** Shows the screens of VMs to viewers over the network. A service; thread-safe. */
@ProviderType
public interface DisplayServer {
    /** Where a VM's screen can be seen now. Empty: nowhere. */
    Optional<Endpoint> endpoint(String vm);

    /** An address that opens a VM's screen in one browser on this host, once. Empty: none. */
    Optional<String> browserLink(String vm);

    /**
     * Shows a VM's screen. A display that is already open moves to the new place and loses its
     * viewers.
     *
     * @param host address to listen on; empty means the configured one
     * @param port 0 means the first free one from the configured port on
     * @throws VmException if there is no such VM or the place cannot be had
     */
    void open(String vm, String host, int port) throws VmException;

    /** Closes a VM's display and disconnects its viewers. Nothing happens if there is none. */
    void close(String vm);

    /** The password viewers must give. Empty: none is asked for. */
    String password();

    /**
     * @param port TCP port, 5900 + display number by convention
     * @param clients viewers logged in now
     */
    record Endpoint(String host, int port, int clients) {
        @Override
        public String toString() {
            return (host.contains(":") ? "[" + host + "]" : host) + ":" + port;
        }
    }
}
