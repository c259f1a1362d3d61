package trivium.machine.life;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.stream.Stream;
import trivium.cpu.Estimate;
import trivium.cpu.ExecutionEngine;
import trivium.cpu.Host;
import trivium.cpu.Support;
import trivium.device.DeviceFactory;
import trivium.mmu.MmuStrategy;
import trivium.vm.VmException;
import trivium.vm.VmRegistry.DeviceInfo;
import trivium.vm.VmRegistry.StrategyInfo;

/**
 * The engines, MMU strategies and device models there are now, by name. They come and go on any
 * thread; of two with one name the later counts.
 */
public final class Catalog {
    public static final String AUTO = "auto";

    /** What "auto" takes where no engine is preferred; others follow by name. */
    private static final List<String> ENGINE_PREFERENCE = List.of("bt", "interpreter");

    private static final List<String> SOFTWARE = List.of("bt", "interpreter");

    private static final List<String> MMU_PREFERENCE = List.of("shadow", "softtlb");

    private final Host host;
    private final Parts<ExecutionEngine> engines = new Parts<>();
    private final Parts<MmuStrategy> strategies = new Parts<>();
    private final Parts<DeviceFactory> factories = new Parts<>();

    public Catalog(Host host) {
        this.host = host;
    }

    public void add(ExecutionEngine engine) {
        engines.add(engine.name(), engine);
        changed();
    }

    public void remove(ExecutionEngine engine) {
        engines.remove(engine.name(), engine);
    }

    public void add(MmuStrategy strategy) {
        strategies.add(strategy.name(), strategy);
        changed();
    }

    public void remove(MmuStrategy strategy) {
        strategies.remove(strategy.name(), strategy);
    }

    public void add(DeviceFactory factory) {
        factories.add(factory.model(), factory);
        changed();
    }

    public void remove(DeviceFactory factory) {
        factories.remove(factory.model(), factory);
    }

    private synchronized void changed() {
        notifyAll();
    }

    /** Something that may fail for want of a part. */
    @FunctionalInterface
    interface Check {
        void check() throws VmException;
    }

    /**
     * Waits until a check passes, trying anew whenever something was added.
     *
     * @throws VmException the last failure, when time is up
     */
    synchronized void await(Check check, Duration patience)
            throws VmException, InterruptedException {
        long end = System.nanoTime() + patience.toNanos();
        while (true) {
            try {
                check.check();
                return;
            } catch (VmException e) {
                long left = TimeUnit.NANOSECONDS.toMillis(end - System.nanoTime());
                if (left <= 0) {
                    throw e;
                }
                wait(left);
            }
        }
    }

    /**
     * @param name an engine's name or "auto"
     * @throws VmException if there is none such that this host supports
     */
    public ExecutionEngine engine(String name) throws VmException {
        if (name.equals(AUTO)) {
            Optional<ExecutionEngine> preferred =
                    engines.stream().filter(this::supported).filter(this::preferred).findFirst();
            if (preferred.isPresent()) {
                return preferred.get();
            }
        }
        return choose("engine", name, engines, ENGINE_PREFERENCE, e -> e.supportOn(host));
    }

    private boolean supported(ExecutionEngine engine) {
        return engine != null && engine.supportOn(host) instanceof Support.Yes;
    }

    private boolean preferred(ExecutionEngine engine) {
        return engine.preferredOn(host);
    }

    /** An engine that runs everything on this host, for what another one cannot run. */
    public Optional<ExecutionEngine> software() {
        return SOFTWARE.stream().map(engines::get).filter(this::supported).findFirst();
    }

    public MmuStrategy strategy(String name) throws VmException {
        return choose("MMU strategy", name, strategies, MMU_PREFERENCE, s -> s.supportOn(host));
    }

    public DeviceFactory device(String model) throws VmException {
        DeviceFactory factory = factories.get(model);
        if (factory == null) {
            throw new VmException("no device '%s'; %s".formatted(model, thereIs(factories)));
        }
        return factory;
    }

    /** What engines for this host expect of themselves, by name. */
    Map<String, Estimate> estimates() {
        Map<String, Estimate> all = new TreeMap<>();
        engines.stream()
                .filter(this::supported)
                .forEach(engine -> all.put(engine.name(), engine.estimateOn(host)));
        return all;
    }

    /** Whether there is another engine for this host. */
    boolean another(ExecutionEngine than) {
        return engines.stream().anyMatch(e -> e != than && supported(e));
    }

    boolean another(MmuStrategy than) {
        return strategies.stream()
                .anyMatch(s -> s != than && s.supportOn(host) instanceof Support.Yes);
    }

    /** Whether this is the maker of its model now. */
    boolean has(DeviceFactory factory) {
        return factories.get(factory.model()) == factory;
    }

    private static <S> S choose(
            String kind,
            String name,
            Parts<S> all,
            List<String> preference,
            Function<S, Support> support)
            throws VmException {
        if (name.equals(AUTO)) {
            return Stream.concat(preference.stream(), all.names().stream())
                    .map(all::get)
                    .filter(s -> s != null && support.apply(s) instanceof Support.Yes)
                    .findFirst()
                    .orElseThrow(() -> new VmException("no %s is there".formatted(kind)));
        }
        S chosen = all.get(name);
        if (chosen == null) {
            throw new VmException("no %s '%s'; %s".formatted(kind, name, thereIs(all)));
        }
        if (support.apply(chosen) instanceof Support.No(String reason)) {
            throw new VmException("%s '%s' is not for this host: %s".formatted(kind, name, reason));
        }
        return chosen;
    }

    private static String thereIs(Parts<?> all) {
        String names = String.join(", ", all.names());
        return names.isEmpty() ? "there is none" : "there are " + names;
    }

    public List<StrategyInfo> engineInfos() {
        return engines.stream()
                .map(e -> new StrategyInfo(e.name(), e.description(), reason(e.supportOn(host))))
                .toList();
    }

    public List<StrategyInfo> strategyInfos() {
        return strategies.stream()
                .map(s -> new StrategyInfo(s.name(), s.description(), reason(s.supportOn(host))))
                .toList();
    }

    public List<DeviceInfo> deviceInfos() {
        return factories.stream()
                .map(f -> new DeviceInfo(f.model(), f.description(), f.options()))
                .toList();
    }

    private static Optional<String> reason(Support support) {
        return support instanceof Support.No(String why) ? Optional.of(why) : Optional.empty();
    }
}
