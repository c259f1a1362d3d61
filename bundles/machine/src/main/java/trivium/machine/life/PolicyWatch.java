package trivium.machine.life;

import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Looks at what VMs do, at regular times, and lets their policy choose. */
public final class PolicyWatch implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(PolicyWatch.class);

    /** Milliseconds between two looks at what a VM does, and between two decisions. */
    private static final long SAMPLE = 100, DECIDE = 1000;

    private final Supplier<Stream<VirtualMachine>> vms;
    private final ScheduledExecutorService thread =
            Executors.newSingleThreadScheduledExecutor(
                    Thread.ofPlatform().daemon().name("trivium-policy").factory());

    public PolicyWatch(Supplier<Stream<VirtualMachine>> vms) {
        this.vms = vms;
        every(SAMPLE, VirtualMachine::sample);
        every(DECIDE, VirtualMachine::decide);
    }

    private void every(long millis, Consumer<VirtualMachine> action) {
        thread.scheduleWithFixedDelay(() -> each(action), millis, millis, TimeUnit.MILLISECONDS);
    }

    /** What fails for one VM is no reason to leave out another, or to end it. */
    private void each(Consumer<VirtualMachine> action) {
        vms.get()
                .forEach(vm -> {
                    try {
                        action.accept(vm);
                    } catch (RuntimeException e) {
                        LOG.error("vm {}: policy failed", vm.id(), e);
                    }
                });
    }

    @Override
    public void close() {
        thread.shutdownNow();
    }
}
