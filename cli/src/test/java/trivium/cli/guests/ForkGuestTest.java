package trivium.cli.guests;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Dictionary;
import java.util.Hashtable;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import trivium.cli.GuestVm;
import trivium.machine.boot.Firmware;
import trivium.machine.config.ConfigCodec;
import trivium.machine.life.VmStore;
import trivium.machine.life.Vms;
import trivium.vm.MemoryReport;
import trivium.vm.Vm;
import trivium.vm.VmState;

/** Copies of a running Linux. */
@Timeout(value = 10, unit = TimeUnit.MINUTES)
class ForkGuestTest {
    private static final int FORKS = 50;
    private static final String PROMPT = "trivium#";

    private final Vms vms =
            new Vms(
                    GuestVm.catalog(),
                    new Firmware(List.of(Guests.file("bios-256k.bin").getParent())),
                    VmStore.NONE);

    @AfterEach
    void cutThePower() {
        vms.close();
    }

    private Vm boot(String name) throws Exception {
        Dictionary<String, Object> c = new Hashtable<>();
        c.put("kernel", Guests.file("vmlinuz-amd64").toString());
        c.put("initrd", Guests.file("initrd-amd64.gz").toString());
        c.put("append", "console=ttyS0 cryptomgr.notests");
        c.put("memory", "256");
        Vm vm = vms.create(ConfigCodec.decode(name, c));
        vm.start();
        await(vm, 400, () -> said(vm).contains(PROMPT));
        return vm;
    }

    private static String said(Vm vm) {
        return new String(vm.console().recent(), StandardCharsets.UTF_8);
    }

    private static void await(Vm vm, int seconds, BooleanSupplier condition) throws Exception {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(seconds);
        while (!condition.getAsBoolean()) {
            assertThat(vm.state()).as(said(vm)).isEqualTo(VmState.RUNNING);
            assertThat(System.nanoTime() - end).as(said(vm)).isNegative();
            Thread.sleep(20);
        }
    }

    private static void type(Vm vm, String text) {
        vm.console().send(text.getBytes(StandardCharsets.UTF_8));
    }

    @Test
    void fiftyForksCostLessThanThreeVms() throws Exception {
        Vm parent = boot("parent");
        MemoryReport one = vms.memory();
        type(parent, "x=before\n");
        await(parent, 60, () -> said(parent).contains("x=before"));
        List<Vm> forks = new ArrayList<>();
        List<Double> millis = new ArrayList<>();
        for (int i = 0; i < FORKS; i++) {
            long start = System.nanoTime();
            forks.add(vms.fork("parent", Optional.empty()));
            millis.add((System.nanoTime() - start) / 1e6);
        }
        for (int i = 0; i < FORKS; i++) {
            type(forks.get(i), "x=$x-%d; echo answer:$x\n".formatted(i));
        }
        for (int i = 0; i < FORKS; i++) {
            String answer = "answer:before-" + i + "\r\n";
            Vm fork = forks.get(i);
            await(fork, 120, () -> said(fork).contains(answer));
        }
        type(parent, "echo answer:$x\n");
        await(parent, 60, () -> said(parent).contains("answer:before\r\n"));
        MemoryReport all = vms.memory();

        millis.sort(null);
        System.out.printf(
                "one Linux %d MiB, %d forks with it %d MiB; forks took %.0f to %.0f ms, median %.0f%n",
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
}
