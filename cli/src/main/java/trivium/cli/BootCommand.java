package trivium.cli;

import java.io.IOException;
import java.io.PrintStream;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Stream;
import trivium.machine.boot.Firmware;
import trivium.machine.life.Catalog;
import trivium.machine.life.PolicyWatch;
import trivium.machine.life.VirtualMachine;
import trivium.vm.Vm.Outcome;
import trivium.vm.VmException;

/** {@code trivium boot}: one VM from power-on to its end. */
final class BootCommand {
    private static final int FAILED = 70, TRIPLE_FAULT = 100, TIMEOUT = 124;
    private final PrintStream out, err;
    private final Catalog catalog;

    BootCommand(PrintStream out, PrintStream err) {
        this(out, err, Wiring.catalog());
    }

    BootCommand(PrintStream out, PrintStream err, Catalog catalog) {
        this.out = out;
        this.err = err;
        this.catalog = catalog;
    }

    int run(List<String> args) {
        try {
            BootOptions options = BootOptions.parse(args);
            if (options.help) {
                out.print(BootOptions.USAGE);
                return 0;
            }
            return options.lockstep.isPresent()
                    ? new LockStepCommand(out, err, catalog).run(options)
                    : boot(options);
        } catch (VmException e) {
            err.println("trivium boot: " + e.getMessage());
            return Main.WRONG_USAGE;
        }
    }

    private int boot(BootOptions options) throws VmException {
        var firmware = Firmware.usual();
        try (var vm = new VirtualMachine(options.config(), catalog, firmware, _ -> {});
                PolicyWatch _ = new PolicyWatch(() -> Stream.of(vm));
                Display _ = Display.open(options.vnc, vm, err);
                Terminal _ = Terminal.open(options.serialOnStdio(), vm.console())) {
            Thread interrupted = new Thread(vm::close); // Ctrl-C: what was written is kept
            Runtime.getRuntime().addShutdownHook(interrupted);
            vm.start();
            int status = await(vm, options.timeoutSeconds);
            finish(options, vm);
            Runtime.getRuntime().removeShutdownHook(interrupted);
            return status;
        }
    }

    private int await(VirtualMachine vm, int timeoutSeconds) {
        var outcome = vm.outcome();
        try {
            return status(
                    timeoutSeconds == 0
                            ? outcome.get()
                            : outcome.get(timeoutSeconds, TimeUnit.SECONDS));
        } catch (TimeoutException _) {
            err.printf("trivium boot: timeout after %d s%n", timeoutSeconds);
            vm.close();
            return TIMEOUT;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return FAILED;
        } catch (ExecutionException e) {
            throw new IllegalStateException(e);
        }
    }

    private int status(Outcome outcome) {
        return switch (outcome) {
            case Outcome.PoweredOff _ -> 0;
            case Outcome.DebugExit(int value) -> value << 1 | 1;
            case Outcome.TripleFault _ -> {
                err.println("trivium boot: triple fault");
                yield TRIPLE_FAULT;
            }
            case Outcome.Crashed(String reason) -> {
                err.println("trivium boot: the VM crashed: " + reason);
                yield FAILED;
            }
        };
    }

    private void finish(BootOptions options, VirtualMachine vm) throws VmException {
        if (options.screenshot.isPresent()) {
            try {
                Screenshot.write(vm.lastFrame(), options.screenshot.get());
            } catch (IOException e) {
                throw new VmException(
                        "screenshot %s cannot be written: %s"
                                .formatted(options.screenshot.get(), e.getMessage()),
                        e);
            }
        }
        if (options.stats) {
            err.println(StatisticsJson.of(vm.statistics()));
        }
    }
}
