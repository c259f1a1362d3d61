package trivium.console;

import java.nio.charset.StandardCharsets;
import org.apache.karaf.shell.api.action.Argument;
import org.apache.karaf.shell.api.action.Command;
import org.apache.karaf.shell.api.action.Completion;
import org.apache.karaf.shell.api.action.Option;
import org.apache.karaf.shell.api.action.lifecycle.Reference;
import org.apache.karaf.shell.api.action.lifecycle.Service;
import trivium.vm.LockStep;
import trivium.vm.VmException;

@Service
@Command(
        scope = "vm",
        name = "lockstep",
        description = "Runs copies of a VM on two engines side by side until they differ.",
        detailedDescription = "classpath:lockstep.txt")
public final class LockStepCommand extends VmCommand {
    private static final long EVERY = 100_000_000;

    @Reference LockStep lockStep;

    @Argument(name = "name", description = "The VM to copy", required = true)
    @Completion(VmNames.Any.class)
    String name;

    @Option(name = "--engine", description = "The engine under test")
    @Completion(Choices.Engines.class)
    String engine = "auto";

    @Option(name = "--reference", description = "What it is compared with")
    @Completion(Choices.Engines.class)
    String reference = LockStep.REFERENCE;

    @Option(name = "--instructions", description = "How many to run; without it, to the end")
    long instructions = Long.MAX_VALUE;

    @Option(name = "--chunk", description = "Instructions between two comparisons")
    long chunk = LockStep.CHUNK;

    @Option(name = "--serial", description = "Print what the guest writes to COM1")
    boolean serial;

    private long told;

    @Override
    void run() throws VmException {
        if (instructions < 1 || chunk < 1) {
            throw new VmException("--instructions and --chunk are at least 1");
        }
        var options =
                new LockStep.Options(
                        engine, reference, instructions, chunk, this::print, this::goOn);
        LockStep.Result result = lockStep.compare(vm(name).id(), options);
        out.printf("%,d instructions were equal; %s%n", result.instructions(), result.end());
        if (result.tolerated() > 0) {
            out.printf("undefined status flags differed %,d times%n", result.tolerated());
        }
        result.difference().ifPresent(out::println);
        if (result.difference().isPresent()) {
            throw new VmException("%s and %s differ".formatted(engine, reference));
        }
    }

    private void print(byte[] octets) {
        if (serial) {
            out.print(new String(octets, StandardCharsets.UTF_8));
            out.flush();
        }
    }

    /** Until Ctrl-C. */
    private boolean goOn(long equal) {
        if (equal - told >= EVERY) {
            told = equal;
            out.printf("%,d instructions%n", equal);
        }
        return !Thread.currentThread().isInterrupted();
    }
}
