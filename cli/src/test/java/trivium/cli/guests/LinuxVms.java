package trivium.cli.guests;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.Dictionary;
import java.util.Hashtable;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import trivium.cli.GuestVm;
import trivium.machine.boot.Firmware;
import trivium.machine.config.ConfigCodec;
import trivium.machine.life.VmStore;
import trivium.machine.life.Vms;
import trivium.vm.Vm;
import trivium.vm.VmState;

/** Several VMs with Debian's kernel, as the appliance has them. */
final class LinuxVms implements AutoCloseable {
    static final int ANSWER = 120;
    private static final String PROMPT = "trivium#";

    final Vms vms =
            new Vms(
                    GuestVm.catalog(),
                    new Firmware(List.of(Guests.file("bios-256k.bin").getParent())),
                    VmStore.NONE);

    /**
     * Boots to a prompt on the serial line.
     *
     * @param more keys and values of its configuration
     */
    Vm boot(String name, String... more) throws Exception {
        Dictionary<String, Object> c = new Hashtable<>();
        c.put("kernel", Guests.file("vmlinuz-amd64").toString());
        c.put("initrd", Guests.file("initrd-amd64.gz").toString());
        c.put("append", "console=ttyS0 cryptomgr.notests");
        c.put("memory", "256");
        for (int i = 0; i < more.length; i += 2) {
            c.put(more[i], more[i + 1]);
        }
        Vm vm = vms.create(ConfigCodec.decode(name, c));
        vm.start();
        awaitText(vm, 400, PROMPT);
        return vm;
    }

    static String said(Vm vm) {
        return new String(vm.console().recent(), StandardCharsets.UTF_8);
    }

    static void awaitText(Vm vm, int seconds, String text) throws Exception {
        await(vm, seconds, () -> said(vm).contains(text));
    }

    static void await(Vm vm, int seconds, BooleanSupplier condition) throws Exception {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(seconds);
        while (!condition.getAsBoolean()) {
            assertThat(vm.state()).as(said(vm)).isEqualTo(VmState.RUNNING);
            assertThat(System.nanoTime() - end).as(said(vm)).isNegative();
            Thread.sleep(20);
        }
    }

    static void type(Vm vm, String text) {
        vm.console().send(text.getBytes(StandardCharsets.UTF_8));
    }

    @Override
    public void close() {
        vms.close();
    }
}
