package trivium.cli.guests;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import trivium.vm.MemoryReport;
import trivium.vm.Vm;
import trivium.vm.VmException;

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
        LinuxVms.await(one, LinuxVms.ANSWER, () -> shared("one") > 0.5 && shared("two") > 0.5);
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

    /** In the order in which they need each other. */
    private static final String[] BALLOON = {
        "virtio",
        "virtio_ring",
        "virtio_pci_legacy_dev",
        "virtio_pci_modern_dev",
        "virtio_pci",
        "virtio_balloon"
    };

    @ParameterizedTest
    @ValueSource(strings = {"0", "1"})
    void aBalloonTakesMemoryFromTheGuestAndGivesItBack(String legacy, @TempDir Path folder)
            throws Exception {
        String[] modules =
                Stream.of(BALLOON).map(m -> "virtio/" + m + ".ko").toArray(String[]::new);
        Path initrd = BootMedia.initrdWith(folder, "amd64", modules);
        Vm vm = linux.boot("vm", "devices", "virtio-balloon", "initrd", initrd.toString());
        LinuxVms.type(
                vm,
                "for m in virtio_balloon virtio_pci; do rmmod $m; done; for m in "
                        + String.join(" ", BALLOON)
                        + "; do insmod /lib/modules/$m.ko $(echo $m |"
                        + " sed -n s/^virtio_pci$/force_legacy="
                        + legacy
                        + "/p); done; echo loaded:$((6 * 7))\n");
        LinuxVms.awaitText(vm, LinuxVms.ANSWER, "loaded:42");
        LinuxVms.type(vm, "busybox dd if=/dev/zero of=/tmp/x bs=1M count=80; rm /tmp/x\n");
        LinuxVms.type(vm, "echo filled:$((6 * 7))\n");
        LinuxVms.awaitText(vm, LinuxVms.ANSWER, "filled:42");
        long before = vms().residentBytes();
        long free = free(vm, 1);

        vm.balloon(256 - 64);

        LinuxVms.await(vm, LinuxVms.ANSWER, () -> vms().balloonBytes() == 64 << 20);
        assertThat(free(vm, 2)).isLessThan(free - (60 << 10));
        assertThat(vms().residentBytes()).isLessThan(before - (40L << 20));
        vm.balloon(256);
        LinuxVms.await(vm, LinuxVms.ANSWER, () -> vms().balloonBytes() == 0);
        assertThat(free(vm, 3)).isGreaterThan(free - (10 << 10));
        assertThatThrownBy(() -> vm.balloon(257)).isInstanceOf(VmException.class);
    }

    /** What the guest has free, in KiB. */
    private static long free(Vm vm, int question) throws Exception {
        LinuxVms.type(vm, "echo free" + question + ":$(sed -n 's/MemFree: *//p' /proc/meminfo)\n");
        Pattern answer = Pattern.compile("free" + question + ":(\\d+) kB");
        LinuxVms.await(vm, LinuxVms.ANSWER, () -> answer.matcher(LinuxVms.said(vm)).find());
        var found = answer.matcher(LinuxVms.said(vm));
        assertThat(found.find()).isTrue();
        return Long.parseLong(found.group(1));
    }

    private MemoryReport.OfVm vms() {
        try {
            return linux.vms.memory().vms().getFirst();
        } catch (VmException e) {
            throw new AssertionError(e);
        }
    }

    private double shared(String name) {
        try {
            for (MemoryReport.OfVm vm : linux.vms.memory().vms()) {
                if (vm.vm().equals(name)) {
                    return (double) vm.sharedBytes() / vm.residentBytes();
                }
            }
            throw new AssertionError("no VM " + name);
        } catch (VmException e) {
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
