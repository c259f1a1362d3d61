package trivium.vm;

import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.LongPredicate;
import org.osgi.annotation.versioning.ProviderType;

/** Runs one machine twice, side by side, each time on another engine, and compares. A service. */
@ProviderType
public interface LockStep {
    /** What is compared with if nothing else is said: the engine that is right by definition. */
    String REFERENCE = "interpreter";

    /** Instructions between two comparisons if nothing else is said. */
    long CHUNK = 500_000;

    /**
     * Returns when the guest ends, after the given number of instructions, or at the first
     * difference. Two machines are made for this from a VM's configuration; the VM itself is left
     * alone. They begin at power-on or, while the VM is paused, with its present state. Time is
     * counted in instructions, disks are read and never written, nobody types.
     *
     * @throws VmException if there is no such VM, or it cannot be run in this way
     */
    Result compare(String vm, Options options) throws VmException;

    /**
     * @param engine the engine under test
     * @param reference what it is compared with
     * @param instructions how many to run at most
     * @param chunk instructions between two comparisons
     * @param serial gets what the guest writes to COM1
     * @param goOn asked now and then with the number of instructions that were equal; false ends
     */
    record Options(
            String engine,
            String reference,
            long instructions,
            long chunk,
            Consumer<byte[]> serial,
            LongPredicate goOn) {}

    /**
     * @param instructions how many were equal
     * @param tolerated how often status flags differed that the last instructions leave undefined
     * @param end why it ended, in words
     * @param difference the first difference with registers and code; empty if there is none
     */
    record Result(long instructions, long tolerated, String end, Optional<String> difference) {}
}
