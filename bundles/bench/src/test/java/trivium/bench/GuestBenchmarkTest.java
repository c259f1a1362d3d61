package trivium.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import trivium.vm.Benchmark.Look;
import trivium.vm.Benchmark.Plan;
import trivium.vm.Benchmark.Report;
import trivium.vm.VmConfig;
import trivium.vm.VmException;

@Timeout(60)
class GuestBenchmarkTest {
    private static final Look LOOK = new Look(80, false, false);
    private static final String RIGHT = "BEGIN pio\r\nEND pio 42d2d573\r\nDONE\r\n";

    private FakeVms vms = new FakeVms(_ -> RIGHT);
    private final List<String> steps = new ArrayList<>();

    private static Plan plan(List<String> engines, String kernel, int repeat) {
        return new Plan(engines, List.of(), List.of(64), List.of(kernel), repeat, 1);
    }

    private Report run(Plan plan) throws Exception {
        return new GuestBenchmark(vms.registry()).run(plan, step -> steps.add(step.toString()));
    }

    private String chart(String guest) throws Exception {
        vms = new FakeVms(_ -> guest);
        Report report = run(plan(List.of(), "pio", 2));
        assertThat(vms.open).isZero();
        return report.text(LOOK);
    }

    @Test
    void runsEachWayThatThisHostCanUseInAVmOfItsOwn() throws Exception {
        Report report = run(plan(List.of(), "pio", 2));

        assertThat(report.right()).isTrue();
        assertThat(vms.made).hasSize(2).allMatch(c -> c.engine().equals("bt"));
        assertThat(vms.made).extracting(VmConfig::mmu).containsOnly("softtlb"); // not verify
        assertThat(vms.made.getFirst().boot().append()).isEqualTo("pio");
        assertThat(steps)
                .containsExactly(
                        "Step[done=0, of=2, what=pio, 64-bit, bt softtlb]",
                        "Step[done=1, of=2, what=pio, 64-bit, bt softtlb]");
    }

    @Test
    void computeKernelsRunInRing3() throws Exception {
        run(plan(List.of(), "mem", 1));

        assertThat(vms.made.getFirst().boot().append()).isEqualTo("user mem");
    }

    @Test
    void aWrongChecksumIsShownAsWrongAndNotRepeated() throws Exception {
        assertThat(chart("BEGIN pio\r\nEND pio 42d2d574\r\n"))
                .contains("bt softtlb WRONG checksum 42d2d574")
                .doesNotContain(" s\n", "#");
        assertThat(vms.made).hasSize(1);
    }

    @Test
    void saysWhyThereIsNoResult() throws Exception {
        assertThat(chart("end")).contains("the VM ended without a result: TripleFault");
        assertThat(chart("BEGIN pio\r\n")).contains("bt softtlb no result within 1 s");
        assertThat(chart("FAIL pio vec=06\r\n")).contains("the guest says: FAIL pio vec=06");
        assertThat(chart(null)).contains("bt softtlb vm bench: it does not fit");
    }

    @Test
    void whatIsNotThereIsNamed() {
        assertRefused(plan(List.of("qemu"), "pio", 1), "no engine 'qemu'; there are bt, vt");
        assertRefused(
                plan(List.of("vt"), "pio", 1), "engine 'vt' is not for this host: no /dev/kvm");
        assertRefused(plan(List.of(), "pi", 1), "no kernel 'pi'; there are sieve");
        assertRefused(plan(List.of(), "pio", -1), "repeat -1 is not from 1 to 1000");
        var plan = new Plan(List.of(), List.of("shade"), List.of(), List.of(), 1, 1);
        assertRefused(plan, "no MMU strategy 'shade'; there are softtlb, verify");
        plan = new Plan(List.of(), List.of(), List.of(16), List.of(), 1, 1);
        assertRefused(plan, "16 bits are neither 32 nor 64");
        plan = new Plan(List.of(), List.of(), List.of(), List.of(), 1, 0);
        assertRefused(plan, "limit 0 is not a number of seconds");
        assertThat(vms.made).isEmpty();
    }

    private void assertRefused(Plan plan, String why) {
        assertThatThrownBy(() -> run(plan))
                .isInstanceOf(VmException.class)
                .hasMessageStartingWith(why);
    }

    @Test
    void anInterruptLeavesNoVmAndNoFile() {
        List<Path> kernels = new ArrayList<>();
        vms =
                new FakeVms(config -> {
                    kernels.add(config.boot().kernel().orElseThrow());
                    assertThat(kernels.getFirst()).exists();
                    Thread.currentThread().interrupt();
                    return "";
                });

        assertThatThrownBy(() -> run(plan(List.of(), "pio", 2)))
                .isInstanceOf(InterruptedException.class);
        assertThat(vms.open).isZero();
        assertThat(Files.exists(kernels.getFirst().getParent())).isFalse();
    }
}
