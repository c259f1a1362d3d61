package trivium.machine.osgi;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Dictionary;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.IntConsumer;
import org.osgi.framework.Bundle;
import org.osgi.framework.FrameworkUtil;
import org.osgi.service.cm.ConfigurationAdmin;
import org.osgi.service.cm.ManagedServiceFactory;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Deactivate;
import org.osgi.service.component.annotations.Reference;
import org.osgi.service.component.annotations.ReferenceCardinality;
import org.osgi.service.component.annotations.ReferencePolicy;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import trivium.cpu.ExecutionEngine;
import trivium.device.DeviceFactory;
import trivium.hostos.HostInfo;
import trivium.machine.boot.Firmware;
import trivium.machine.config.ConfigCodec;
import trivium.machine.life.Autostart;
import trivium.machine.life.Catalog;
import trivium.machine.life.VirtualMachine;
import trivium.machine.life.Vms;
import trivium.machine.lockstep.LockStepRun;
import trivium.mmu.MmuStrategy;
import trivium.vm.LockStep;
import trivium.vm.MemoryReport;
import trivium.vm.Vm;
import trivium.vm.VmConfig;
import trivium.vm.VmException;
import trivium.vm.VmListener;
import trivium.vm.VmRegistry;

/**
 * The VMs as a service. Engines, strategies and devices come and go; configurations of the factory
 * {@code trivium.vm} are VMs. A malformed one is logged and harms no other.
 */
@Component(
        immediate = true,
        service = {VmRegistry.class, LockStep.class, PageScan.class, ManagedServiceFactory.class},
        property = "service.pid=" + ConfigurationStore.FACTORY_PID)
public final class VmRegistryComponent
        implements VmRegistry, LockStep, PageScan, ManagedServiceFactory {
    private static final Logger LOG = LoggerFactory.getLogger(VmRegistryComponent.class);
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    private final Catalog catalog = new Catalog(HostInfo.host());
    private final Firmware firmware = Firmware.usual();
    private final Vms vms;
    private final Map<String, String> names = new ConcurrentHashMap<>();

    /** Configurations that could not be used, by PID: said once, not at each look. */
    private final Map<String, String> refused = new ConcurrentHashMap<>();

    @Activate
    public VmRegistryComponent(@Reference ConfigurationAdmin configurations) {
        Optional<Path> etc = Optional.ofNullable(System.getProperty("karaf.etc")).map(Path::of);
        vms = new Vms(catalog, firmware, new ConfigurationStore(configurations, etc));
    }

    @Deactivate
    void deactivate() {
        vms.close();
    }

    // --- parts; bind runs before unbind of what it replaces

    @Reference(
            cardinality = ReferenceCardinality.MULTIPLE,
            policy = ReferencePolicy.DYNAMIC,
            unbind = "removeEngine")
    void addEngine(ExecutionEngine engine) {
        catalog.add(engine);
        vms.arrived("engine " + engine.name());
    }

    void removeEngine(ExecutionEngine engine) {
        catalog.remove(engine);
        vms.withdrawn(engine);
    }

    @Reference(
            cardinality = ReferenceCardinality.MULTIPLE,
            policy = ReferencePolicy.DYNAMIC,
            unbind = "removeStrategy")
    void addStrategy(MmuStrategy strategy) {
        catalog.add(strategy);
        vms.arrived("MMU strategy " + strategy.name());
    }

    void removeStrategy(MmuStrategy strategy) {
        catalog.remove(strategy);
        vms.withdrawn(strategy);
    }

    @Reference(
            cardinality = ReferenceCardinality.MULTIPLE,
            policy = ReferencePolicy.DYNAMIC,
            unbind = "removeDevice")
    void addDevice(DeviceFactory factory) {
        catalog.add(factory);
        vms.arrived(factory);
    }

    void removeDevice(DeviceFactory factory) {
        catalog.remove(factory);
        vms.withdrawn(factory);
    }

    @Reference(
            cardinality = ReferenceCardinality.MULTIPLE,
            policy = ReferencePolicy.DYNAMIC,
            unbind = "removeListener")
    void addListener(VmListener listener) {
        vms.listen(listener);
    }

    void removeListener(VmListener listener) {
        vms.removeListener(listener);
    }

    // --- configurations

    @Override
    public String getName() {
        return "virtual machines";
    }

    @Override
    public void updated(String pid, Dictionary<String, ?> properties) {
        String name = name(pid, properties);
        try {
            VmConfig config = ConfigCodec.decode(name, properties);
            boolean known = vms.find(name).isPresent();
            VirtualMachine vm = vms.configure(config);
            names.put(pid, name);
            refused.remove(pid);
            if (config.autostart() && !known) {
                new Autostart(catalog, PATIENCE).start(vm);
            }
        } catch (VmException e) {
            if (!e.getMessage().equals(refused.put(pid, e.getMessage()))) {
                LOG.error("configuration {} is not used: {}", pid, e.getMessage());
            }
        }
    }

    @Override
    public void deleted(String pid) {
        String name = names.remove(pid);
        refused.remove(pid);
        if (name != null) {
            vms.forget(name);
        }
    }

    /** The VM's name in a PID such as trivium.vm~NAME, or in the name of the file behind it. */
    static String name(String pid, Dictionary<String, ?> properties) {
        String source =
                ConfigurationStore.fileName(properties).map(ConfigurationStore::stem).orElse(pid);
        int prefix = ConfigurationStore.FACTORY_PID.length();
        boolean ours =
                source.startsWith(ConfigurationStore.FACTORY_PID) && source.length() > prefix + 1;
        return ours ? source.substring(prefix + 1) : source;
    }

    // --- engines compared

    @Override
    public Result compare(String name, Options options) throws VmException {
        VirtualMachine vm = vms.machine(name);
        try (var run = new LockStepRun(vm.config(), catalog, firmware, options)) {
            vm.whilePaused(run::startFrom);
            return run.run();
        }
    }

    @Override
    public void setRate(int pagesPerSecond) {
        vms.setPageScanRate(pagesPerSecond);
    }

    // --- the registry

    @Override
    public List<Vm> list() {
        return vms.list();
    }

    @Override
    public Optional<Vm> find(String id) {
        return vms.find(id);
    }

    @Override
    public Vm create(VmConfig config) throws VmException {
        return vms.create(config);
    }

    @Override
    public Vm fork(String id, Optional<String> name) throws VmException {
        return vms.fork(id, name);
    }

    @Override
    public TemporaryVm temporary(VmConfig config, IntConsumer com1) throws VmException {
        return vms.temporary(config, com1);
    }

    @Override
    public void delete(String id) throws VmException {
        vms.delete(id);
    }

    @Override
    public MemoryReport memory() throws VmException {
        return vms.memory();
    }

    @Override
    public List<StrategyInfo> engines() {
        return vms.engines();
    }

    @Override
    public List<StrategyInfo> mmuStrategies() {
        return vms.mmuStrategies();
    }

    @Override
    public List<DeviceInfo> devices() {
        return vms.devices();
    }

    @Override
    public List<PartUse> uses() {
        return vms.uses(VmRegistryComponent::bundleOf);
    }

    private static long bundleOf(Object service) {
        Bundle bundle = FrameworkUtil.getBundle(service.getClass());
        return bundle == null ? -1 : bundle.getBundleId();
    }

    @Override
    public AutoCloseable listen(VmListener listener) {
        return vms.listen(listener);
    }
}
