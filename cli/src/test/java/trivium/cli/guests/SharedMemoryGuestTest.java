package trivium.cli.guests;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import trivium.vm.MemoryReport;
import trivium.vm.Vm;

/** What Linux guests share: copies of a running one, and equal ones. */
@Timeout(value = 10, unit = TimeUnit.MINUTES)
class SharedMemoryGuestTest {
    private static final int FORKS = 50;
    private static final Pattern SUM = Pattern.compile("sum:([0-9a-f]{32})");

    private final LinuxVms linux = new LinuxVms();

    @AfterEach
    void cutThePower() {
        linux.close();
    }

    @Test
    void fiftyForksCostLessThanThreeVmsAndAllAnswer() throws Exception {
        Vm parent = linux.boot("parent");
        MemoryReport one = linux.vms.memory();
        LinuxVms.type(parent, "x=before\n");
        LinuxVms.awaitText(parent, LinuxVms.ANSWER, "x=before");
        List<Vm> forks = new ArrayList<>();
        List<Double> millis = new ArrayList<>();
        for (int i = 0; i < FORKS; i++) {
            long start = System.nanoTime();
            forks.add(linux.vms.fork("parent", Optional.empty()));
            millis.add((System.nanoTime() - start) / 1e6);
        }
        for (int i = 0; i < FORKS; i++) {
            LinuxVms.type(forks.get(i), "x=$x-%d; echo answer:$x\n".formatted(i));
        }
        for (int i = 0; i < FORKS; i++) {
            LinuxVms.awaitText(forks.get(i), LinuxVms.ANSWER, "answer:before-" + i + "\r\n");
        }
        LinuxVms.type(parent, "echo answer:$x\n");
        LinuxVms.awaitText(parent, LinuxVms.ANSWER, "answer:before\r\n");
        MemoryReport all = linux.vms.memory();

        millis.sort(null);
        System.out.printf(
                "one Linux %d MiB, with %d forks %d MiB; forks took %.0f to %.0f ms, median %.0f%n",
                one.vmBytes() >> 20,
                FORKS,
                all.vmBytes() >> 20,
                millis.getFirst(),
                millis.getLast(),
                millis.get(FORKS / 2));
        assertThat(all.vms()).hasSize(1 + FORKS);
        assertThat(all.vmBytes()).isLessThan(3 * one.vmBytes());
        MemoryReport.OfVm fork = all.vms().getLast();
        assertThat(fork.sharedBytes()).isGreaterThan(4 * fork.privateBytes());
    }

    @Test
    void twoEqualGuestsShareHalfOfTheirMemoryAndGoOn() throws Exception {
        linux.vms.setPageScanRate(200_000);
        Vm one = linux.boot("one", "page-sharing-group", "lab");
        Vm two = linux.boot("two", "page-sharing-group", "lab");
        Vm other = linux.boot("other");
        LinuxVms.await(
                one,
                LinuxVms.ANSWER,
                () -> shared("one") > 0.5 && shared("two") > 0.5);
        MemoryReport report = linux.vms.memory();
        System.out.println(report.vms() + " " + report.groups());

        for (Vm vm : List.of(one, two)) {
            LinuxVms.type(
                    vm,
                    "busybox dd if=/dev/urandom of=/tmp/x bs=1M count=20 2>/dev/null; echo"
                            + " sum:$(busybox md5sum /bin/busybox)\n");
        }
        LinuxVms.type(other, "echo sum:$(busybox md5sum /bin/busybox)\n");
        String sum = sum(other);
        assertThat(sum(one)).isEqualTo(sum);
        assertThat(sum(two)).isEqualTo(sum);
        assertThat(report.groups().getFirst().vms()).containsExactly("one", "two");
        assertThat(shared("other")).isZero();
        assertThat(report.vmBytes()).isLessThan(linux.vms.memory().vmBytes() - (30L << 20));
    }

    private double shared(String name) {
        try {
            for (MemoryReport.OfVm vm : linux.vms.memory().vms()) {
                if (vm.vm().equals(name)) {
                    return (double) vm.sharedBytes() / vm.residentBytes();
                }
            }
            throw new AssertionError("no VM " + name);
        } catch (trivium.vm.VmException e) {
            throw new AssertionError(e);
        }
    }

    private static String sum(Vm vm) throws Exception {
        LinuxVms.await(vm, LinuxVms.ANSWER, () -> SUM.matcher(LinuxVms.said(vm)).find());
        var found = SUM.matcher(LinuxVms.said(vm));
        assertThat(found.find()).isTrue();
        return found.group(1);
    }
}
