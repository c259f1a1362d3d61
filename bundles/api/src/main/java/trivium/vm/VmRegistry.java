package trivium.vm;

import java.util.List;
import java.util.Optional;
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

    /** Forgets a VM that is off. Its disks stay. */
    void delete(String id) throws VmException;

    /** Every engine present, with whether and why not this host supports it. */
    List<StrategyInfo> engines();

    List<StrategyInfo> mmuStrategies();

    List<DeviceInfo> devices();

    AutoCloseable listen(VmListener listener);

    /**
     * @param unsupported empty, or why this host cannot use it
     */
    record StrategyInfo(String name, String description, Optional<String> unsupported) {}

    record DeviceInfo(String model, String description, java.util.Map<String, String> options) {}
}
