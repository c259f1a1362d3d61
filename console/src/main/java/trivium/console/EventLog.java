package trivium.console;

import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import org.osgi.service.component.annotations.Component;
import trivium.vm.VmEvent;
import trivium.vm.VmListener;

/** Remembers the last events of all VMs, for {@code vm:log}. Any thread. */
@Component(service = {EventLog.class, VmListener.class})
public final class EventLog implements VmListener {
    static final int CAPACITY = 1000;

    private final Deque<Entry> entries = new ArrayDeque<>();

    record Entry(Instant at, VmEvent event) {}

    @Override
    public void onEvent(VmEvent event) {
        synchronized (entries) {
            if (entries.size() == CAPACITY) {
                entries.removeFirst();
            }
            entries.addLast(new Entry(Instant.now(), event));
        }
    }

    /** Oldest first. */
    List<Entry> entries() {
        synchronized (entries) {
            return List.copyOf(entries);
        }
    }

    /** An event in words. */
    static String text(VmEvent event) {
        return switch (event) {
            case VmEvent.Created _ -> "created";
            case VmEvent.Deleted _ -> "deleted";
            case VmEvent.StateChanged(_, var from, var to, String why) ->
                    why == null || why.isEmpty()
                            ? "%s, was %s".formatted(to, from)
                            : "%s, was %s: %s".formatted(to, from, why);
            case VmEvent.EngineChanged(_, String from, String to) ->
                    "engine %s, was %s".formatted(to, from);
        };
    }
}
