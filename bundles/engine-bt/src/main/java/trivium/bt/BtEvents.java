package trivium.bt;

import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import jdk.jfr.FlightRecorder;

/**
 * The engine's events for JDK Flight Recorder. Until somebody starts the recorder no event class is
 * loaded, since the first one costs a JVM much of a second, and what remains is the test of a
 * field.
 */
final class BtEvents {
    /** What is asked for its counters each second. */
    private record Source(String vcpu, Supplier<Map<String, Long>> counters) {}

    private static final Set<Source> SOURCES = ConcurrentHashMap.newKeySet();

    /** Racy: a vCPU may miss the recorder's start by one look. */
    private static boolean on;

    /** What happens once, when the recorder was seen first. */
    private static final class Periodic {
        static {
            FlightRecorder.addPeriodicEvent(CounterEvent.class, BtEvents::counters);
        }

        private Periodic() {}

        static void start() {}
    }

    private BtEvents() {}

    /** Looks whether there is a recorder by now: at each translation and each start of a run. */
    static boolean look() {
        if (!on && FlightRecorder.isInitialized()) {
            Periodic.start();
            on = true;
        }
        return on;
    }

    /** Has counters recorded. @return ends that */
    static Runnable register(String vcpu, Supplier<Map<String, Long>> counters) {
        Source source = new Source(vcpu, counters);
        SOURCES.add(source);
        return () -> SOURCES.remove(source);
    }

    private static void counters() {
        for (Source source : SOURCES) {
            source.counters.get().forEach((name, value) -> counter(source.vcpu, name, value));
        }
    }

    private static void counter(String vcpu, String name, long value) {
        CounterEvent event = new CounterEvent();
        event.vcpu = vcpu;
        event.counter = name;
        event.value = value;
        event.commit();
    }

    /** Starts the clock of a translation; null if nothing records. */
    static TranslationEvent translating() {
        if (!look()) {
            return null;
        }
        TranslationEvent event = new TranslationEvent();
        event.begin();
        return event;
    }

    /**
     * @param event from {@link #translating}; may be null
     */
    static void translated(
            TranslationEvent event,
            long rip,
            int guestBytes,
            int instructions,
            long hostHva,
            int hostBytes) {
        if (event == null || !event.shouldCommit()) {
            return;
        }
        event.rip = rip;
        event.guestBytes = guestBytes;
        event.instructions = instructions;
        event.hostHva = hostHva;
        event.hostBytes = hostBytes;
        event.commit();
    }

    static void flushed(String reason, long bytes, long translations) {
        if (look()) {
            FlushEvent event = new FlushEvent();
            event.reason = reason;
            event.bytes = bytes;
            event.translations = translations;
            event.commit();
        }
    }

    /** On the way back from host code: small, for the JIT to inline the test alone. */
    static void exited(int kind, long[] ips, int index) {
        if (on) {
            exitedSlow(kind, ips, index);
        }
    }

    private static void exitedSlow(int kind, long[] ips, int index) {
        ExitEvent event = new ExitEvent();
        if (event.shouldCommit()) {
            event.cause = Exit.name(kind);
            event.rip =
                    switch (kind) {
                        case Exit.LINK -> ips[ips.length - 1]; // index of a jump
                        case Exit.ENTRY -> ips[0];
                        default -> ips[Math.min(index, ips.length - 1)];
                    };
            event.commit();
        }
    }
}
