package trivium.bench;

import java.lang.reflect.Proxy;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import java.util.function.IntConsumer;
import trivium.vm.Vm;
import trivium.vm.VmConfig;
import trivium.vm.VmException;
import trivium.vm.VmRegistry;
import trivium.vm.VmRegistry.StrategyInfo;
import trivium.vm.VmRegistry.TemporaryVm;

/** VMs whose guests only say something. */
final class FakeVms {
    final List<VmConfig> made = new ArrayList<>();
    int open;

    private final Function<VmConfig, String> guest;

    /**
     * @param guest what it says; "end" ends the VM, null refuses it
     */
    FakeVms(Function<VmConfig, String> guest) {
        this.guest = guest;
    }

    VmRegistry registry() {
        return fake(
                VmRegistry.class,
                (name, arguments) ->
                        switch (name) {
                            case "engines" ->
                                    List.of(
                                            new StrategyInfo("bt", "", Optional.empty()),
                                            new StrategyInfo("vt", "", Optional.of("no /dev/kvm")));
                            case "mmuStrategies" ->
                                    List.of(
                                            new StrategyInfo("softtlb", "", Optional.empty()),
                                            new StrategyInfo("verify", "", Optional.empty()));
                            case "temporary" ->
                                    temporary((VmConfig) arguments[0], (IntConsumer) arguments[1]);
                            default -> throw new AssertionError(name);
                        });
    }

    private TemporaryVm temporary(VmConfig config, IntConsumer com1) {
        made.add(config);
        open++;
        var outcome = new CompletableFuture<Vm.Outcome>();
        Vm vm =
                fake(
                        Vm.class,
                        (name, _) -> {
                            if (name.equals("start")) {
                                start(guest.apply(config), com1, outcome);
                            }
                            return outcome;
                        });
        return fake(
                TemporaryVm.class,
                (name, _) -> {
                    open -= name.equals("close") ? 1 : 0;
                    return vm;
                });
    }

    private static void start(String says, IntConsumer com1, CompletableFuture<Vm.Outcome> outcome)
            throws VmException {
        if (says == null) {
            throw new VmException("vm bench: it does not fit");
        }
        if (says.equals("end")) {
            outcome.complete(new Vm.Outcome.TripleFault("shot down"));
        }
        for (byte octet : says.getBytes(StandardCharsets.US_ASCII)) {
            com1.accept(octet);
        }
    }

    private interface Answer {
        Object to(String method, Object[] arguments) throws VmException;
    }

    private static <T> T fake(Class<T> type, Answer answer) {
        return type.cast(
                Proxy.newProxyInstance(
                        type.getClassLoader(),
                        new Class<?>[] {type},
                        (_, method, arguments) -> answer.to(method.getName(), arguments)));
    }
}
