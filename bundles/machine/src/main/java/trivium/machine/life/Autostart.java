package trivium.machine.life;

import java.time.Duration;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import trivium.vm.VmException;
import trivium.vm.VmState;

/**
 * Starts a VM when everything it needs has come: while the appliance starts, engines and devices
 * appear one by one in no order.
 */
public final class Autostart {
    private static final Logger LOG = LoggerFactory.getLogger(Autostart.class);

    private final Catalog catalog;
    private final Duration patience;

    /**
     * @param patience how long to wait for missing parts before saying what is missing
     */
    public Autostart(Catalog catalog, Duration patience) {
        this.catalog = catalog;
        this.patience = patience;
    }

    /** Returns at once. */
    public void start(VirtualMachine vm) {
        Thread.ofPlatform()
                .daemon()
                .name("trivium-autostart-" + vm.id())
                .start(() -> startWhenReady(vm));
    }

    private void startWhenReady(VirtualMachine vm) {
        try {
            catalog.await(() -> vm.checkParts(), patience);
            if (vm.state() == VmState.OFF) {
                vm.start();
            }
        } catch (VmException e) {
            LOG.error("vm {} is not started: {}", vm.id(), e.getMessage());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
