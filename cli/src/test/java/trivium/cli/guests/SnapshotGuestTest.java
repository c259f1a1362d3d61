package trivium.cli.guests;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Dictionary;
import java.util.Hashtable;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import trivium.machine.config.ConfigCodec;
import trivium.vm.Vm;
import trivium.vm.Vm.Outcome;

/** VMs that go on from a snapshot end as the one does of which it was taken. */
@Timeout(value = 10, unit = TimeUnit.MINUTES)
class SnapshotGuestTest {
    private final LinuxVms all = new LinuxVms();

    @AfterEach
    void cutThePower() {
        all.close();
    }

    /** A vCPU goes on for a moment behind the OUT that ends its VM. */
    private static final long STOPPING = 2_000_000;

    private Vm start(String kernel, String engine) throws Exception {
        Dictionary<String, Object> c = new Hashtable<>();
        c.put("kernel", Guests.bench("bench64.bin").toString());
        c.put("append", kernel);
        c.put("memory", "64");
        c.put("debug-exit", "true");
        c.put("icount", "true");
        c.put("engine", engine);
        Vm vm = all.vms.create(ConfigCodec.decode("parent", c));
        vm.start();
        LinuxVms.awaitText(vm, 100, "BEGIN");
        return vm;
    }

    /** With interrupts to come, in loops, while page tables change. */
    @ParameterizedTest
    @CsvSource({"tick tick tick,interpreter", "sha256 tick,bt", "paging paging,bt"})
    void forksOfCountedTimeDoTheSame(String kernel, String engine) throws Exception {
        Vm parent = start(kernel, engine);
        parent.pause();
        long before = parent.statistics().instructions();

        List<Vm> forks =
                List.of(
                        all.vms.fork("parent", Optional.empty()),
                        all.vms.fork("parent", Optional.empty()));
        parent.resume();

        Outcome outcome = parent.outcome().get(300, TimeUnit.SECONDS);
        assertThat(outcome).isInstanceOf(Outcome.DebugExit.class);
        long after = parent.statistics().instructions() - before;
        assertThat(after).isPositive();
        for (Vm fork : forks) {
            assertThat(fork.outcome().get(300, TimeUnit.SECONDS)).isEqualTo(outcome);
            assertThat(fork.statistics().instructions()).isCloseTo(after, within(STOPPING));
            assertThat(LinuxVms.said(fork)).isEqualTo(LinuxVms.said(parent));
        }
        System.out.printf(
                "%s on %s: forked after %d instructions, %d more to the end%n",
                kernel, engine, before, after);
    }
}
