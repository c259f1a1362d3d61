package trivium.machine.life;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import trivium.cpu.CodeKind;
import trivium.cpu.Estimate;
import trivium.vm.Vm;
import trivium.vm.VmException;

/**
 * Which engine and MMU strategy a VM is to have and has, and how its vCPUs change from one to
 * another: all stand still at an instruction boundary, each changes on its own thread, all go on;
 * the clock does not stop for that. If one vCPU is refused, those that had changed go back. A VM
 * for which there is no engine stands still without one until it comes.
 *
 * <p>Whoever calls holds the VM's control, but for what only tells.
 */
final class Modes {
    private static final Logger LOG = LoggerFactory.getLogger(Modes.class);
    private static final int PATIENCE_SECONDS = 10;
    private static final double LEAST_SHARE = 0.005;

    /** Whether "auto" takes engines of which guests see more than they should. */
    private static final boolean CAVEATS = Boolean.getBoolean("trivium.auto.caveats");

    static final String GOES_ON = "goes on with another one", WAITS = "waits until it is back";

    /** The VM, as far as it is concerned. */
    interface Owner {
        String id();

        /** Empty while it is off. */
        List<VcpuLoop> loops();

        boolean running();

        /**
         * Brings the vCPUs to rest; guest time goes on.
         *
         * @return false if one does not come to rest
         */
        boolean holdVcpus();

        /** Lets them go on, if it runs. */
        void releaseVcpus();

        /** {@link Modes#waitsFor} changed. */
        void reconsider();

        void changed(String fromEngine, EngineMode to);

        void crash(String reason, Throwable cause);
    }

    private final Owner owner;
    private final Catalog catalog;
    private final SwapTimes times = new SwapTimes();

    // Written with control held.
    private volatile String wantedEngine, wantedMmu;
    private volatile String engine, mmu;
    private volatile String why = "it is off";
    private volatile String waitsFor;

    private final Samples samples = new Samples();
    private volatile Policy policy = new Policy(CAVEATS);

    /** What policy decided last; null if nothing yet. */
    private volatile String decided;

    /** Engine and strategy before the last change, and after it. */
    private volatile String before = "", after = "";

    /** Null while the VM is off or waits. */
    private volatile EngineMode used;

    Modes(Owner owner, Catalog catalog, String engine, String mmu) {
        this.owner = owner;
        this.catalog = catalog;
        configure(engine, mmu);
    }

    /** What it is to have when the power comes on. */
    void configure(String engineName, String mmuName) {
        wantedEngine = engine = engineName;
        wantedMmu = mmu = mmuName;
    }

    String engine() {
        return engine;
    }

    String mmu() {
        return mmu;
    }

    /**
     * @param waits why the VM stands still; null if it does not
     */
    Vm.Mode describe(String waits) {
        return new Vm.Mode(wantedEngine, wantedMmu, why, Optional.ofNullable(waits), times.get());
    }

    /** Why it has no engine; null if it has one. */
    String waitsFor() {
        return waitsFor;
    }

    Optional<EngineMode> used() {
        return Optional.ofNullable(used);
    }

    /** A vCPU stood still for the last change; on its thread. */
    void paused(int vcpu, long nanos) {
        times.paused(nanos);
        SwapTimes.record(owner.id(), vcpu, before, after, nanos);
        LOG.debug("vm {}, vCPU {}: stood still for {} us", owner.id(), vcpu, nanos / 1000);
    }

    /**
     * @throws VmException if there is no such engine or strategy now
     */
    private EngineMode find(String engineName, String mmuName) throws VmException {
        return new EngineMode(catalog.engine(engineName), catalog.strategy(mmuName));
    }

    /**
     * What to run on: as asked for, or what policy decided last, if that is there.
     *
     * @throws VmException if there is none such now
     */
    EngineMode choose() throws VmException {
        if (decided != null && wantedEngine.equals(Catalog.AUTO)) {
            try {
                return find(decided, wantedMmu);
            } catch (VmException e) {
                LOG.debug("vm {}: {}", owner.id(), e.getMessage());
            }
        }
        return find(wantedEngine, wantedMmu);
    }

    // --- policy

    /** To be called some ten times a second: has looked at what the vCPUs do. */
    void sample() {
        if (used != null && owner.running()) {
            owner.loops().forEach(loop -> loop.sample(samples));
        }
    }

    /** To be called each second or so: changes the engine if that is to be. */
    void decide() {
        EngineMode now = used;
        if (now == null || !owner.running() || !wantedEngine.equals(Catalog.AUTO)) {
            samples.age();
            return;
        }
        Optional<String> better =
                policy.decide(catalog.estimates(), engine, samples, System.nanoTime());
        better.ifPresent(this::follow);
        samples.age();
    }

    private void follow(String better) {
        String doing = doing();
        try {
            EngineMode to = find(better, wantedMmu);
            change(to);
            decided = better;
            take(to, "policy: %s, for which %s is the best".formatted(doing, better));
            LOG.info("vm {}: {}", owner.id(), why);
        } catch (VmException e) {
            LOG.info("vm {}: {} would be better, but: {}", owner.id(), better, e.getMessage());
        }
    }

    /** "70% 64-bit user, 30% 64-bit kernel" of the time in which it ran. */
    private String doing() {
        return samples.kinds().entrySet().stream()
                .filter(kind -> kind.getValue() >= LEAST_SHARE)
                .sorted(Map.Entry.comparingByValue(Comparator.reverseOrder()))
                .map(kind -> "%.0f%% %s".formatted(100 * kind.getValue(), kind.getKey()))
                .collect(Collectors.joining(", "));
    }

    /**
     * @param rates events a second
     */
    Vm.Advice advise(Map<String, Double> rates) {
        Map<String, Double> shares = samples.shares();
        List<String> reasons = new ArrayList<>();
        reasons.add("it is on %s with %s: %s".formatted(engine, mmu, why));
        Map<String, Estimate> estimates = catalog.estimates();
        Map<CodeKind, Double> kinds = samples.kinds();
        if (kinds.isEmpty()) {
            reasons.add(
                    used == null
                            ? "it does not run"
                            : "it did next to nothing lately: every engine is as good");
            return new Vm.Advice(engine, mmu, shares, rates, reasons);
        }
        reasons.add("while it ran: " + doing());
        Policy.rank(estimates, engine, kinds)
                .forEach((name, speed) ->
                        reasons.add(
                                "%s would do that at some %.0f%% of the host's own speed%s"
                                        .formatted(
                                                name,
                                                100 * speed,
                                                estimates
                                                        .get(name)
                                                        .caveat()
                                                        .map(" (but "::concat)
                                                        .map(c -> c + ")")
                                                        .orElse(""))));
        String best = policy.best(estimates, engine, kinds);
        reasons.add(
                best.equals(engine)
                        ? "so it is best where it is"
                        : "so %s is the better choice".formatted(best));
        if (!wantedEngine.equals(Catalog.AUTO)) {
            reasons.add("policy does nothing, since %s was asked for".formatted(wantedEngine));
        }
        return new Vm.Advice(best, mmu, shares, rates, reasons);
    }

    /** The VM starts with what {@link #choose} gave. */
    void started(EngineMode mode) {
        samples.clear();
        policy = new Policy(CAVEATS);
        decided = null;
        times.clear();
        waitsFor = null;
        take(mode, "at power-on, %s".formatted(wish()));
    }

    /** The power is off. */
    void ended() {
        used = null;
        waitsFor = null;
    }

    private void take(EngineMode mode, String because) {
        used = mode;
        engine = mode.engine().name();
        mmu = mode.strategy().name();
        why = because;
    }

    private String wish() {
        return "engine %s, MMU strategy %s".formatted(wished(wantedEngine), wished(wantedMmu));
    }

    private static String wished(String name) {
        return name.equals(Catalog.AUTO) ? "chosen by policy" : name + " asked for";
    }

    // --- what people ask for

    /**
     * @throws VmException if it cannot be: all stays as it was
     */
    void want(String engineName, String mmuName) throws VmException {
        EngineMode to = find(engineName, mmuName);
        change(to);
        wantedEngine = engineName;
        wantedMmu = mmuName;
        decided = null;
        take(to, wish());
        goOn();
    }

    String wantedEngine() {
        return wantedEngine;
    }

    String wantedMmu() {
        return wantedMmu;
    }

    /** Has every vCPU forget what it cached. The vCPUs stand still. */
    void refresh() throws VmException {
        if (used != null) {
            swapAll(used, used, false);
        }
    }

    // --- what bundles do

    /** Whether a part that is about to go, or went, is in use. */
    boolean uses(Object part) {
        return owner.loops().stream().anyMatch(loop -> loop.uses(part));
    }

    /** A part in use, and what the VM does without it. */
    record Use(String part, Object service, String without) {}

    /** Of a VM that is on. */
    List<Use> uses() {
        List<Use> uses = new ArrayList<>();
        EngineMode now = used;
        if (now == null) {
            return uses;
        }
        uses.add(
                new Use(
                        "engine " + engine,
                        now.engine(),
                        without(wantedEngine, catalog.another(now.engine()))));
        uses.add(
                new Use(
                        "MMU strategy " + mmu,
                        now.strategy(),
                        without(wantedMmu, catalog.another(now.strategy()))));
        owner.loops().stream()
                .map(loop -> loop.vcpu().software())
                .filter(software -> software != null && software != now.engine())
                .distinct()
                .forEach(software ->
                        uses.add(
                                new Use(
                                        "engine " + software.name() + " beneath " + engine,
                                        software,
                                        GOES_ON)));
        return uses;
    }

    private static String without(String wanted, boolean another) {
        return another && wanted.equals(Catalog.AUTO) ? GOES_ON : WAITS;
    }

    /** What was in use is there no more: when this returns, no vCPU has to do with it. */
    void withdrawn(String what) {
        try {
            EngineMode to = choose();
            change(to);
            take(to, "%s is gone; %s".formatted(what, wish()));
        } catch (VmException e) {
            park("%s is gone: %s".formatted(what, e.getMessage()));
        }
    }

    /** Services came: perhaps what it waits for, another version of what it uses, or better. */
    void arrived(String what) {
        try {
            EngineMode to = choose();
            if (to.same(used) && !softwareIsOld()) {
                return;
            }
            change(to);
            take(to, "%s came; %s".formatted(what, wish()));
            goOn();
        } catch (VmException e) {
            LOG.info("vm {}: stays as it is: {}", owner.id(), e.getMessage());
        }
    }

    private void goOn() {
        if (waitsFor != null) {
            waitsFor = null;
            owner.reconsider();
        }
    }

    /** Takes the engine from every vCPU. */
    private void park(String reason) {
        if (!owner.holdVcpus()) {
            owner.crash(reason + ", and a vCPU does not come to rest", null);
            return;
        }
        try {
            used = null;
            waitsFor = why = reason;
            await(null, false);
            owner.reconsider();
        } catch (VmException e) {
            owner.crash(reason + ", and it cannot stand still: " + e.getMessage(), e);
        }
    }

    /** Whether an engine works with a software engine that is not the best any more. */
    private boolean softwareIsOld() {
        var best = catalog.software().orElse(null);
        return owner.loops().stream()
                .map(loop -> loop.vcpu().software())
                .anyMatch(software -> software != null && software != best);
    }

    // --- the change

    private void change(EngineMode to) throws VmException {
        EngineMode from = used;
        if (to.same(from) && !softwareIsOld()) {
            return;
        }
        String fromEngine = engine;
        before = engine + "/" + mmu;
        after = to.toString();
        boolean still = owner.holdVcpus();
        try {
            if (!still) {
                throw new VmException("vm %s: a vCPU does not come to rest".formatted(owner.id()));
            }
            swapAll(to, from, owner.running());
        } finally {
            owner.releaseVcpus();
        }
        times.changed();
        owner.changed(fromEngine, to);
    }

    /** Moves all, or none. */
    private void swapAll(EngineMode to, EngineMode from, boolean timed) throws VmException {
        try {
            await(to, timed);
        } catch (VmException e) {
            goBack(from, e);
            throw new VmException(
                    "vm %s: engine %s with MMU strategy %s cannot take over: %s"
                            .formatted(
                                    owner.id(),
                                    to.engine().name(),
                                    to.strategy().name(),
                                    e.getMessage()),
                    e);
        }
    }

    private void goBack(EngineMode from, VmException cause) {
        try {
            await(from, false);
        } catch (VmException e) {
            e.addSuppressed(cause);
            owner.crash("no engine takes over: " + e.getMessage(), e);
        }
    }

    private void await(EngineMode to, boolean timed) throws VmException {
        List<CompletableFuture<Void>> all = new ArrayList<>();
        List<VcpuLoop> loops = owner.loops();
        loops.forEach(loop -> all.add(loop.swap(to, timed)));
        try {
            CompletableFuture.allOf(all.toArray(CompletableFuture[]::new))
                    .get(PATIENCE_SECONDS, TimeUnit.SECONDS);
        } catch (ExecutionException e) {
            throw new VmException(String.valueOf(e.getCause().getMessage()), e.getCause());
        } catch (TimeoutException e) {
            loops.forEach(VcpuLoop::forgetSwap);
            throw new VmException(
                    "a vCPU does not change within %d s".formatted(PATIENCE_SECONDS), e);
        } catch (InterruptedException e) {
            loops.forEach(VcpuLoop::forgetSwap);
            Thread.currentThread().interrupt();
            throw new VmException("interrupted", e);
        }
    }
}
