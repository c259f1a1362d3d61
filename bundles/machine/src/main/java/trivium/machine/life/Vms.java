package trivium.machine.life;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.IntConsumer;
import java.util.function.ToLongFunction;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import trivium.cpu.ExecutionEngine;
import trivium.device.DeviceFactory;
import trivium.hostos.SharedMemory;
import trivium.machine.boot.Firmware;
import trivium.machine.config.ConfigCheck;
import trivium.machine.sharing.PageSharing;
import trivium.mmu.MmuStrategy;
import trivium.vm.MemoryReport;
import trivium.vm.Vm;
import trivium.vm.VmConfig;
import trivium.vm.VmEvent;
import trivium.vm.VmException;
import trivium.vm.VmListener;
import trivium.vm.VmRegistry;
import trivium.vm.VmState;

/** The VMs, by name. Thread-safe. */
public final class Vms implements VmRegistry, AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Vms.class);

    private final Catalog catalog;
    private final Firmware firmware;
    private final VmStore store;
    private final Map<String, VirtualMachine> vms = new ConcurrentSkipListMap<>();

    /** VMs in no list, which parts come and go under all the same. */
    private final Set<VirtualMachine> temporary = ConcurrentHashMap.newKeySet();

    private final PageSharing sharing = new PageSharing();
    private final List<VmListener> listeners = new CopyOnWriteArrayList<>();

    /** What came is taken up here, so that nobody who brings it waits. */
    private final ExecutorService arrivals =
            Executors.newSingleThreadExecutor(
                    Thread.ofPlatform().daemon().name("trivium-arrivals").factory());

    private final PolicyWatch policy = new PolicyWatch(this::all);

    public Vms(Catalog catalog, Firmware firmware, VmStore store) {
        this.catalog = catalog;
        this.firmware = firmware;
        this.store = store;
    }

    private Stream<VirtualMachine> all() {
        return Stream.concat(vms.values().stream(), temporary.stream());
    }

    @Override
    public List<Vm> list() {
        return List.copyOf(vms.values());
    }

    @Override
    public Optional<Vm> find(String id) {
        return Optional.ofNullable(vms.get(id));
    }

    /**
     * @throws VmException if there is no such VM
     */
    public VirtualMachine machine(String id) throws VmException {
        VirtualMachine vm = vms.get(id);
        if (vm == null) {
            throw new VmException("no VM '%s'".formatted(id));
        }
        return vm;
    }

    @Override
    public Vm create(VmConfig config) throws VmException {
        ConfigCheck.check(config);
        checkParts(config);
        synchronized (this) {
            if (vms.containsKey(config.name())) {
                throw new VmException("there is a VM '%s' already".formatted(config.name()));
            }
            store.save(config);
            return add(config);
        }
    }

    /** What is not there now may come with another bundle, but whoever asks now wants it now. */
    private void checkParts(VmConfig config) throws VmException {
        catalog.engine(config.engine());
        catalog.strategy(config.mmu());
        for (VmConfig.DeviceSpec device : config.devices()) {
            catalog.device(device.model());
        }
    }

    private VirtualMachine add(VmConfig config) {
        VirtualMachine vm = new VirtualMachine(config, catalog, firmware, this::publish);
        vms.put(config.name(), vm);
        publish(new VmEvent.Created(config.name()));
        return vm;
    }

    @Override
    public TemporaryVm temporary(VmConfig config, IntConsumer com1) throws VmException {
        ConfigCheck.check(config);
        checkParts(config);
        var vm = new VirtualMachine(config, catalog, firmware, _ -> {});
        vm.copySerial(com1);
        temporary.add(vm);
        return new Temporary(vm);
    }

    private final class Temporary implements TemporaryVm {
        private final VirtualMachine vm;

        Temporary(VirtualMachine vm) {
            this.vm = vm;
        }

        @Override
        public Vm vm() {
            return vm;
        }

        @Override
        public void close() {
            temporary.remove(vm);
            vm.close();
        }
    }

    @Override
    public Vm fork(String id, Optional<String> newName) throws VmException {
        VirtualMachine parent = machine(id);
        Forks.checkRoom(id);
        VirtualMachine child;
        try (VmSnapshot now = parent.capture()) {
            synchronized (this) {
                String name = Forks.name(id, newName, vms::containsKey);
                VmConfig config = Forks.config(now.config(), name);
                ConfigCheck.check(config);
                child = add(config);
            }
            start(child, now);
        }
        return child;
    }

    private void start(VirtualMachine child, VmSnapshot from) throws VmException {
        try {
            child.startFrom(from);
        } catch (VmException | RuntimeException e) {
            forget(child.id());
            throw e;
        }
    }

    /** Takes a configuration that is kept already: a new VM, or changes for its next start. */
    public synchronized VirtualMachine configure(VmConfig config) throws VmException {
        ConfigCheck.check(config);
        VirtualMachine vm = vms.get(config.name());
        if (vm == null) {
            return add(config);
        }
        vm.reconfigure(config);
        return vm;
    }

    @Override
    public synchronized void delete(String id) throws VmException {
        VirtualMachine vm = vms.get(id);
        if (vm == null) {
            throw new VmException("no VM '%s'".formatted(id));
        }
        if (vm.state() == VmState.RUNNING || vm.state() == VmState.PAUSED) {
            throw new VmException("vm %s is %s: stop it first".formatted(id, vm.state()));
        }
        store.delete(id);
        forget(id);
    }

    /** Its configuration is gone: ends it and forgets it. */
    public synchronized void forget(String id) {
        VirtualMachine vm = vms.remove(id);
        if (vm != null) {
            vm.close();
            publish(new VmEvent.Deleted(id));
        }
    }

    @Override
    public MemoryReport memory() throws VmException {
        return MemoryReports.of(vms.values(), sharing);
    }

    @Override
    public List<StrategyInfo> engines() {
        return catalog.engineInfos();
    }

    @Override
    public List<StrategyInfo> mmuStrategies() {
        return catalog.strategyInfos();
    }

    @Override
    public List<DeviceInfo> devices() {
        return catalog.deviceInfos();
    }

    @Override
    public List<PartUse> uses() {
        return uses(_ -> -1);
    }

    /**
     * @param bundleOf the id of the bundle that a service's object is of
     */
    public List<PartUse> uses(ToLongFunction<Object> bundleOf) {
        List<PartUse> all = new ArrayList<>();
        all().forEach(vm ->
                vm.uses()
                        .forEach(use ->
                                all.add(
                                        new PartUse(
                                                vm.id(),
                                                use.part(),
                                                bundleOf.applyAsLong(use.service()),
                                                use.without()))));
        return all;
    }

    @Override
    public AutoCloseable listen(VmListener listener) {
        listeners.add(listener);
        return () -> listeners.remove(listener);
    }

    public void removeListener(VmListener listener) {
        listeners.remove(listener);
    }

    /** How much is looked at to find equal pages: pages a second, in all groups together. */
    public void setPageScanRate(int pagesPerSecond) {
        sharing.setPagesPerSecond(pagesPerSecond);
    }

    /** A VM that comes on joins its group, and leaves it when its power is off. */
    private void share(VmEvent event) {
        if (event instanceof VmEvent.StateChanged(String id, VmState from, VmState to, _)) {
            VirtualMachine vm = vms.get(id);
            String group = vm == null ? null : vm.sharingGroup().orElse(null);
            boolean was = from == VmState.RUNNING || from == VmState.PAUSED;
            boolean is = to == VmState.RUNNING || to == VmState.PAUSED;
            if (is && !was && group != null) {
                join(vm, group);
            } else if (was && !is) {
                sharing.leave(id);
            }
        }
    }

    private void join(VirtualMachine vm, String group) {
        try {
            SharedMemory ram = vm.memory().orElseThrow().ram();
            sharing.join(group, vm.id(), ram, vm::whileStill);
        } catch (IOException e) {
            LOG.warn("vm {}: it shares no pages: {}", vm.id(), e.getMessage());
        }
    }

    private void publish(VmEvent event) {
        share(event);
        for (VmListener listener : listeners) {
            try {
                listener.onEvent(event);
            } catch (RuntimeException e) {
                LOG.warn("a listener failed at {}", event, e);
            }
        }
    }

    /** An engine is about to go: when this returns, no VM has to do with it. */
    public void withdrawn(ExecutionEngine engine) {
        all().forEach(vm -> vm.withdrawn(engine, "engine " + engine.name()));
    }

    public void withdrawn(MmuStrategy strategy) {
        all().forEach(vm -> vm.withdrawn(strategy, "MMU strategy " + strategy.name()));
    }

    /** A device model is about to go: when this returns, no VM has a device of that maker. */
    public void withdrawn(DeviceFactory factory) {
        all().forEach(vm -> vm.withdrawn(factory));
    }

    /** A device model came; returns at once. */
    public void arrived(DeviceFactory factory) {
        if (all().findAny().isPresent()) {
            arrivals.execute(() -> all().forEach(vm -> vm.arrived(factory)));
        }
    }

    /** An engine or strategy came; returns at once. */
    public void arrived(String what) {
        if (all().findAny().isPresent()) {
            arrivals.execute(() -> all().forEach(vm -> vm.arrived(what)));
        }
    }

    /** Cuts the power of all. */
    @Override
    public synchronized void close() {
        arrivals.shutdownNow();
        sharing.close();
        policy.close();
        all().forEach(VirtualMachine::close);
        vms.clear();
        temporary.clear();
    }
}
