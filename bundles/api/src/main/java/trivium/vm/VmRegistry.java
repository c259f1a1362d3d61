package trivium.vm;

import java.util.List;
import java.util.Optional;
import java.util.function.IntConsumer;
import org.osgi.annotation.versioning.ProviderType;

/** The VMs of this appliance. A service. */
@ProviderType
public interface VmRegistry {
    List<Vm> list();

    Optional<Vm> find(String id);

    /**
     * Adds a VM, powered off, and keeps its configuration.
     *
     * @throws VmException if the name is taken or something in it cannot be
     */
    Vm create(VmConfig config) throws VmException;

    /**
     * A running copy of a VM that is running or paused; memory and drives are shared until one of
     * both writes. It has a console and a display of its own. It is not kept: its configuration is
     * gone when the appliance ends, and what it writes to its drives when its power goes off.
     *
     * @param name empty: the VM's with a number behind it
     * @throws VmException if it is off, the name is taken, or the host has no room for it
     */
    Vm fork(String id, Optional<String> name) throws VmException;

    /**
     * A VM for a measurement or a test, powered off: in no list, not kept, and gone when it is
     * closed.
     *
     * @param com1 gets each octet that the guest writes to COM1, on the thread of the vCPU that
     *     writes it; must neither block nor throw
     * @throws VmException if something in the configuration cannot be
     */
    TemporaryVm temporary(VmConfig config, IntConsumer com1) throws VmException;

    /** Forgets a VM that is off. Its disks stay. */
    void delete(String id) throws VmException;

    /**
     * What the VMs' memory costs.
     *
     * @throws VmException if this host does not tell
     */
    MemoryReport memory() throws VmException;

    /** Every engine present, with whether and why not this host supports it. */
    List<StrategyInfo> engines();

    List<StrategyInfo> mmuStrategies();

    List<DeviceInfo> devices();

    /** What VMs that are on have of the bundles that are installed. */
    List<PartUse> uses();

    AutoCloseable listen(VmListener listener);

    /** A VM that ends when this is closed. */
    interface TemporaryVm extends AutoCloseable {
        Vm vm();

        /** Cuts the power. */
        @Override
        void close();
    }

    /**
     * @param unsupported empty, or why this host cannot use it
     */
    record StrategyInfo(String name, String description, Optional<String> unsupported) {}

    record DeviceInfo(String model, String description, java.util.Map<String, String> options) {}

    /**
     * A VM uses a part of a bundle.
     *
     * @param part what it is, and its name
     * @param bundle its id; -1 outside a container
     * @param without what the VM does if the bundle is stopped, updated or removed
     */
    record PartUse(String vm, String part, long bundle, String without) {}
}
