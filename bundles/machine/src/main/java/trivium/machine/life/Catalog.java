package trivium.machine.life;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.stream.Stream;
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

    private static final List<String> MMU_PREFERENCE = List.of("softtlb");

    private final Host host;
    private final Map<String, ExecutionEngine> engines = new ConcurrentSkipListMap<>();
    private final Map<String, MmuStrategy> strategies = new ConcurrentSkipListMap<>();
    private final Map<String, DeviceFactory> factories = new ConcurrentSkipListMap<>();

    public Catalog(Host host) {
        this.host = host;
    }

    public void add(ExecutionEngine engine) {
        engines.put(engine.name(), engine);
        changed();
    }

    /**
     * @return false if another one of that name had taken its place
     */
    public boolean remove(ExecutionEngine engine) {
        return engines.remove(engine.name(), engine);
    }

    public void add(MmuStrategy strategy) {
        strategies.put(strategy.name(), strategy);
        changed();
    }

    public boolean remove(MmuStrategy strategy) {
        return strategies.remove(strategy.name(), strategy);
    }

    public void add(DeviceFactory factory) {
        factories.put(factory.model(), factory);
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
            for (ExecutionEngine engine : engines.values()) {
                if (engine.supportOn(host) instanceof Support.Yes && engine.preferredOn(host)) {
                    return engine;
                }
            }
        }
        return choose("engine", name, engines, ENGINE_PREFERENCE, e -> e.supportOn(host));
    }

    /** An engine that runs everything on this host, for what another one cannot run. */
    public Optional<ExecutionEngine> software() {
        return SOFTWARE.stream()
                .map(engines::get)
                .filter(e -> e != null && e.supportOn(host) instanceof Support.Yes)
                .findFirst();
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

    private static <S> S choose(
            String kind,
            String name,
            Map<String, S> all,
            List<String> preference,
            Function<S, Support> support)
            throws VmException {
        if (name.equals(AUTO)) {
            return Stream.concat(preference.stream(), all.keySet().stream())
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

    private static String thereIs(Map<String, ?> all) {
        return all.isEmpty() ? "there is none" : "there are " + String.join(", ", all.keySet());
    }

    public List<StrategyInfo> engineInfos() {
        return engines.values().stream()
                .map(e -> new StrategyInfo(e.name(), e.description(), reason(e.supportOn(host))))
                .toList();
    }

    public List<StrategyInfo> strategyInfos() {
        return strategies.values().stream()
                .map(s -> new StrategyInfo(s.name(), s.description(), reason(s.supportOn(host))))
                .toList();
    }

    public List<DeviceInfo> deviceInfos() {
        return factories.values().stream()
                .map(f -> new DeviceInfo(f.model(), f.description(), f.options()))
                .toList();
    }

    private static Optional<String> reason(Support support) {
        return support instanceof Support.No(String why) ? Optional.of(why) : Optional.empty();
    }
}
