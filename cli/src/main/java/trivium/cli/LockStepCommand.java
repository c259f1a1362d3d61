package trivium.cli;

import java.io.PrintStream;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import trivium.machine.boot.Firmware;
import trivium.machine.life.Catalog;
import trivium.machine.lockstep.LockStepRun;
import trivium.vm.LockStep;
import trivium.vm.VmException;

/** {@code trivium boot --lockstep}: two engines side by side until they differ. */
final class LockStepCommand {
    private static final int DIFFERENT = 3, TIMEOUT = 124;
    private final PrintStream out, err;
    private final Catalog catalog;

    LockStepCommand(PrintStream out, PrintStream err, Catalog catalog) {
        this.out = out;
        this.err = err;
        this.catalog = catalog;
    }

    int run(BootOptions options) throws VmException {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(options.timeoutSeconds);
        AtomicBoolean late = new AtomicBoolean();
        var asked =
                new LockStep.Options(
                        options.lockstep.orElseThrow(),
                        LockStep.REFERENCE,
                        Long.MAX_VALUE,
                        options.lockstepChunk,
                        octets -> print(options, octets),
                        _ -> {
                            late.set(options.timeoutSeconds > 0 && System.nanoTime() - end > 0);
                            return !late.get();
                        });
        try (var run = new LockStepRun(options.config(), catalog, Firmware.usual(), asked)) {
            return report(run.run(), late.get());
        }
    }

    private void print(BootOptions options, byte[] octets) {
        if (options.serialOnStdio()) {
            out.write(octets, 0, octets.length);
            out.flush();
        }
    }

    private int report(LockStep.Result result, boolean late) {
        err.printf(
                "trivium boot: %,d instructions were equal; %s%n",
                result.instructions(), late ? "timeout" : result.end());
        if (result.tolerated() > 0) {
            err.printf("undefined status flags differed %,d times%n", result.tolerated());
        }
        result.difference().ifPresent(err::println);
        if (result.difference().isPresent()) {
            return DIFFERENT;
        }
        return late ? TIMEOUT : 0;
    }
}
